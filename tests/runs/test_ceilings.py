"""Measured ceilings."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sbvae_cli.runs import ceilings
from sbvae_cli.runs.ceilings import Ceiling, higher, measure_ceilings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ceilings._SIDES, "cpu", (32, 64))
    monkeypatch.setattr(ceilings, "_CONVOLVED", (2, 8, 10, 3))
    monkeypatch.setitem(ceilings._COPIED, "cpu", 1 << 16)


def test_rates_are_the_most_operations_and_bytes_of_any_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ceilings, "resolve_precision", lambda name, device: "bf16")
    products, convolution = (2 * 32**3, 2 * 64**3), 2 * 2 * (8 * 8 * 3) ** 2
    # Seconds of the fastest calls: two products in fp32, then a convolution, the same in bf16, and
    # a copy.
    fastest = iter([1.0, 16.0, 9.0, 3.0, 2.0, 0.01, 4.0])
    monkeypatch.setattr(ceilings, "_fastest", lambda call, device, seconds: next(fastest))

    found = {each.name: each.rate for each in measure_ceilings(torch.device("cpu"), 1, 1e3)}

    assert found == {"fp32": products[0], "bf16": convolution / 0.01, "copy": (1 << 16) / 2}


def test_larger_matrices_are_left_out_where_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def fastest(call: Callable[[], Tensor], device: torch.device, seconds: float) -> float:
        taken.append(tuple(call().shape))
        return 1.0

    monkeypatch.setattr(ceilings, "_fastest", fastest)
    monkeypatch.setattr(ceilings, "_copy_rate", lambda device, seconds: 1.0)
    monkeypatch.setattr(ceilings, "resolve_precision", lambda name, device: "fp32")
    measure_ceilings(torch.device("cpu"), 1, seconds=1.0)
    assert taken == [(32, 32), (2, 8, 8, 8)]


def test_the_fastest_call_counts_but_never_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    # Calls of 0.1 s, 2 s and 1 s, each between two looks at the clock; the first look tells how
    # long to go on, and the last that it is time to end.
    looks = iter([0.0, *(0.0, 0.1), *(1.0, 3.0), *(4.0, 5.0), 5.0])
    monkeypatch.setattr("sbvae_cli.runs.ceilings.time.perf_counter", lambda: next(looks))
    assert ceilings._fastest(lambda: None, torch.device("cpu"), 0.0) == 1.0


def test_of_two_measurements_the_higher_rate_counts() -> None:
    first = [Ceiling("fp32", 1, 2.0), Ceiling("bf16", 1, None, "why"), Ceiling("copy", 1, 5.0)]
    again = [Ceiling("fp32", 1, 3.0), Ceiling("bf16", 1, None, "why"), Ceiling("copy", 1, 4.0)]
    assert [each.rate for each in higher(first, again)] == [3.0, None, 5.0]


def test_a_precision_that_a_device_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "resolve_precision", lambda name, device: "fp32")
    found = {each.name: each for each in measure_ceilings(torch.device("cpu"), 1, seconds=0)}
    assert list(found) == ["fp32", "bf16", "copy"]  # tf32 is of CUDA
    assert found["bf16"].rate is None and "no native bf16" in found["bf16"].left_out
    assert found["fp32"].rate and not found["fp32"].left_out
    assert {each.threads for each in found.values()} == {1}
