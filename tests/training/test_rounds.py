"""Rounds on their own: slots, the length of blocks, and what happens without a compiler."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import torch

from sbvae_cli.config.load import build_config
from sbvae_cli.data.source import open_source
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.inputs import InputMaker, Inputs
from sbvae_cli.training.rounds import Rounds, block_length
from sbvae_cli.training.update import Updater

CONFIG = build_config(
    {
        "data": {"height": 8, "width": 8},
        "model": {
            "latent_dim": 2,
            "encoder": {"hidden_channels": [4], "hidden_units": [8]},
            "decoder": {"kind": "broadcast", "hidden_channels": [4]},
        },
        "training": {"batch_size": 2, "device": "cpu"},
    }
)


@pytest.fixture
def maker() -> Iterator[InputMaker]:
    source = open_source("circles:xy", 8, 8)
    with closing(build_maker(CONFIG, source, [0], torch.device("cpu"))) as one:
        yield one


class Recorder(Updater):
    """An updater that notes the noise of each round instead."""

    def update(self, images: Any, noise: Any, weights: Any, decay: Any) -> Any:
        self.seen = [*getattr(self, "seen", []), noise.clone()]
        return {}


def recorder() -> Recorder:
    plain = build_updater(CONFIG)
    return Recorder(plain.vaes, lambda: {}, 1e-3)


def test_rounds_read_the_slots_in_order_and_a_new_block_from_its_start(maker: InputMaker) -> None:
    updater = recorder()
    rounds = Rounds(updater, maker, maker.block(0, 4))
    for _ in range(3):
        rounds.run()
    rounds.load(maker.block(10, 2))
    for _ in range(2):
        rounds.run()
    expected = [*maker.block(0, 3).noise, *maker.block(10, 2).noise]
    assert all(torch.equal(a, b) for a, b in zip(updater.seen, expected, strict=True))


def test_a_captured_round_begins_at_the_first_slot(maker: InputMaker) -> None:
    updater = recorder()

    def stand_in(step: Callable[[], None]) -> Callable[[], None]:
        for _ in range(3):
            step()
        updater.seen = []
        return step

    rounds = Rounds(updater, maker, maker.block(0, 4), capture=stand_in)
    rounds.run()
    assert torch.equal(updater.seen[0], maker.block(0, 1).noise[0])


def test_blocks_are_as_long_as_their_bytes_allow() -> None:
    updater = build_updater(CONFIG)

    def block(step_bytes: int) -> Inputs:
        images = torch.empty(1, step_bytes, dtype=torch.uint8)
        return Inputs(images, None, torch.empty(1, 0), torch.empty(1, 0))

    assert [block_length(updater, block(n)) for n in (1, 1 << 25, 1 << 29)] == [16, 8, 1]


def test_without_a_compiler_a_note_says_so_and_training_goes_on(
    maker: InputMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> None:
        raise RuntimeError("no compiler\nwas found")

    monkeypatch.setattr(torch, "compile", lambda function, **options: fails)
    updater, plain = build_updater(CONFIG), build_updater(CONFIG)
    rounds = Rounds(updater, maker, maker.block(0, 4), compiled=True)
    for each in (rounds, Rounds(plain, maker, maker.block(0, 4))):
        each.run()
    found = "torch.compile does not work here (no compiler)"
    assert rounds.note == f"{found}; training continues without it"
    assert updater.updates_made() == [1]
    weights = plain.weights(0)
    assert all(torch.equal(w, weights[n]) for n, w in updater.weights(0).items())


def test_a_device_without_memory_is_no_missing_compiler(
    maker: InputMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> None:
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(torch, "compile", lambda function, **options: fails)
    with pytest.raises(torch.OutOfMemoryError):
        Rounds(build_updater(CONFIG), maker, maker.block(0, 4), compiled=True)
