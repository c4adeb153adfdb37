"""Inputs of updates: pure functions of seed and step, however long the blocks are."""

from contextlib import closing

import pytest
import torch

from sbvae_cli.config.load import build_config
from sbvae_cli.data.source import open_source
from sbvae_cli.training.build import build_maker
from sbvae_cli.training.inputs import InputMaker, Inputs, draw_noise

CONFIG = build_config(
    {
        "data": {"height": 4, "width": 4},
        "objective": {
            "kind": "beta-vae",
            "beta": 9.0,
            "beta_schedule": {"kind": "linear", "start": 1.0, "steps": 4},
        },
        "training": {"batch_size": 3, "steps": 10, "learning_rate_schedule": "linear"},
    }
)


def maker(*seeds: int) -> InputMaker:
    source = open_source("circles:xy", 4, 4)
    return build_maker(CONFIG, source, seeds, torch.device("cpu"))


def noise(seed: int, step: int) -> torch.Tensor:
    return draw_noise(seed, step, torch.empty(400, 50))


def test_noise_depends_on_seed_and_step_alone() -> None:
    first = noise(1, 5)
    torch.manual_seed(3)
    assert torch.equal(first, noise(1, 5))
    for seed, step in ((1, 6), (2, 5), (5, 1)):
        assert not torch.equal(first, noise(seed, step))
    assert first.mean().item() == pytest.approx(0, abs=0.03)
    assert first.std().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("lengths", [(10,), (1,) * 10, (3, 4, 3)])
def test_the_length_of_blocks_changes_nothing(lengths: tuple[int, ...]) -> None:
    with closing(maker(0, 1)) as one:
        whole, parts, start = one.block(0, 10), [], 0
        for length in lengths:
            parts.append(one.block(start, length))
            start += length
    images, noises = (torch.cat([part[i] for part in parts]) for i in (0, 2))
    assert torch.equal(whole.images, images)
    assert torch.equal(whole.noise, noises)
    assert torch.equal(whole.settings, torch.cat([part.settings for part in parts]))


def test_a_replica_gets_what_it_gets_alone() -> None:
    with closing(maker(3, 8)) as both, closing(maker(8)) as one:
        together, alone = both.block(5, 2), one.block(5, 2)
    assert torch.equal(together.images[:, 1:], alone.images)
    assert torch.equal(together.noise[:, 1:], alone.noise)


def test_settings_follow_their_schedules() -> None:
    with closing(maker(0)) as one:
        assert one.weight_names == ["beta"]
        settings = one.block(0, 10).settings
    assert settings[:, 0].tolist() == pytest.approx([1 - step / 10 for step in range(10)])
    assert settings[:, 1].tolist() == [1, 3, 5, 7, 9, 9, 9, 9, 9, 9]


def test_bytes_of_a_step_are_those_of_its_parts() -> None:
    parts = Inputs(torch.zeros(5, 7, dtype=torch.uint8), None, torch.zeros(5, 3), torch.zeros(5, 2))
    assert (parts.steps, parts.step_bytes) == (5, 7 + 12 + 8)
