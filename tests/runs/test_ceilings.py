"""Measured ceilings."""

import pytest
import torch

from sbvae_cli.runs import ceilings
from sbvae_cli.runs.ceilings import measure_ceilings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ceilings._SIDES, "cpu", 64)
    monkeypatch.setitem(ceilings._COPIED, "cpu", 1 << 16)


def test_rates_are_operations_and_bytes_over_the_fastest_of_the_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Calls of 0.1 s, which does not count, 2 s and 1 s, each between two looks at the clock; one
    # look tells how long to go on, and one that it is time to end.
    looks = [0.0, *(0.0, 0.1), *(1.0, 3.0), *(4.0, 5.0), 5.0]
    monkeypatch.setattr(ceilings, "resolve_precision", lambda name, device: "bf16")
    clock = iter(3 * looks)
    monkeypatch.setattr("sbvae_cli.runs.ceilings.time.perf_counter", lambda: next(clock))

    found = {each.name: each.rate for each in measure_ceilings(torch.device("cpu"), 1, seconds=0)}

    assert found == {"fp32": 2 * 64**3, "bf16": 2 * 64**3, "copy": 2 * (1 << 16)}


def test_a_precision_that_a_device_has_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "resolve_precision", lambda name, device: "fp32")
    found = {each.name: each for each in measure_ceilings(torch.device("cpu"), 1, seconds=0)}
    assert list(found) == ["fp32", "bf16", "copy"]  # tf32 is of CUDA
    assert found["bf16"].rate is None and "no native bf16" in found["bf16"].left_out
    assert found["fp32"].rate and not found["fp32"].left_out
    assert {each.threads for each in found.values()} == {1}
