"""Batches over threads: nothing lost, nothing reordered, nothing left changed."""

import pytest
import torch
from torch import nn

from sbvae_cli.evaluation.batching import fitting_batch, map_batches

CPU = torch.device("cpu")


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (1, 8), (0, 4)])
def test_every_row_comes_once_and_in_order(count: int, size: int) -> None:
    seen: list[int] = []
    found = map_batches(lambda b: list(range(count)[b]), count, size, CPU, seen.append)
    assert [row for rows in found for row in rows] == list(range(count))
    assert sum(seen) == count and all(0 < n <= size for n in seen)


def test_the_number_of_threads_comes_back_even_after_an_error() -> None:
    def fail(_: slice) -> None:
        raise RuntimeError("broken")

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        inside = map_batches(lambda _: torch.get_num_threads(), 6, 1, CPU)
        with pytest.raises(RuntimeError, match="broken"):
            map_batches(fail, 6, 1, CPU)
        assert torch.get_num_threads() == 3
        assert set(inside) == {1}
    finally:
        torch.set_num_threads(before)


def test_a_batch_is_bounded_by_the_largest_activation() -> None:
    wide = nn.Sequential(nn.Conv2d(3, 64, 1), nn.ReLU(), nn.Conv2d(64, 1, 1))
    assert fitting_batch(wide, torch.zeros(1, 3, 32, 32)) == (2 << 20) // (64 * 32 * 32 * 4)
    assert fitting_batch(wide, torch.zeros(1, 3, 256, 256)) == 1
    assert not any(module._forward_hooks for module in wide.modules())
