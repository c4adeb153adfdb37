"""Timed training, and operations counted."""

import pytest
from torch import Tensor

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.presets import paper_preset
from sbvae_cli.data.source import open_source
from sbvae_cli.runs.speed import count_flops, time_training
from sbvae_cli.training.update import Updater

KERNEL = 4 * 4  # pixels


def test_operations_of_a_step_are_those_counted_by_hand() -> None:
    # Table 1 on 64x64x3: side of the smaller plane, channels in, channels out.
    convolutions = [(32, 3, 64), (16, 64, 64), (8, 64, 64), (4, 64, 64)]
    deconvolutions = [(2, 64, 64), (4, 64, 64), (8, 64, 64), (16, 64, 64), (32, 64, 3)]
    spatial = [side**2 * a * b * KERNEL for side, a, b in convolutions + deconvolutions]
    dense = [4 * 4 * 64 * 256, 256 * 2 * 10, 10 * 256, 256 * 2 * 2 * 64]
    forward = sum(spatial) + sum(dense)
    # Backward, each layer has two products of the same size, but images need no gradient.
    multiply_adds = 16 * (3 * forward - spatial[0])

    counted = count_flops(build_config(paper_preset("vae", "circles", "deconv")))

    assert counted == pytest.approx(2 * multiply_adds, rel=0.005)


def test_operations_grow_with_the_batch_and_the_decoder() -> None:
    circles = build_config(paper_preset("vae", "circles", "broadcast"))
    half = build_config(merge(circles.as_dict(), {"training": {"batch_size": 8}}))
    assert count_flops(half) == pytest.approx(count_flops(circles) / 2, rel=0.01)
    # Rooms have three convolutions more, of 64 to 64 channels at 64x64.
    more = 3 * 2 * 16 * 3 * 64 * 64 * 64 * 64 * KERNEL
    rooms = build_config(paper_preset("vae", "room", "broadcast"))
    # same padding makes a row and a column more
    assert count_flops(rooms) - count_flops(circles) == pytest.approx(more, rel=0.04)


def test_training_is_timed_without_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    update = Updater.update

    def slow(self: Updater, *arguments: Tensor) -> dict[str, Tensor]:
        clock[0] += 10.0 if clock[0] == 0.0 else 2.0
        return update(self, *arguments)

    monkeypatch.setattr(Updater, "update", slow)
    monkeypatch.setattr("sbvae_cli.runs.speed.time.perf_counter", lambda: clock[0])
    tree = {"data": {"height": 8, "width": 8}, "training": {"device": "cpu", "batch_size": 2}}
    config = build_config(merge(paper_preset("vae", "circles", "broadcast"), tree))

    found = time_training(config, open_source("circles:xy", 8, 8), seconds=30.0)
    assert (found.seconds, found.steps, found.least) == (2.0, 10, 10.0)

    # There is no time for another step, which might take as long as the first.
    clock[0] = 0.0
    once = time_training(config, open_source("circles:xy", 8, 8), seconds=19.0)
    assert (once.seconds, once.steps, once.least) == (10.0, 1, 10.0)
