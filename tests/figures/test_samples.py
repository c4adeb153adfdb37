"""The sheet of samples: what stands beneath each image."""

import numpy as np

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.source import open_source
from sbvae_cli.figures.samples import draw_samples, factor_notes


def test_notes_are_of_the_factors_that_vary() -> None:
    space = FactorSpace(
        SpaceConfig(
            factors=(
                FactorConfig(name="x", low=0.2, high=0.8),
                FactorConfig(name="size", low=0.3, high=0.3),
                FactorConfig(name="azimuth", low=-30, high=330),
                FactorConfig(name="shape", kind="discrete", levels=(1, 2.5, 3)),
                FactorConfig(
                    name="kind", kind="discrete", levels=(0, 1), level_names=("cat", "dog")
                ),
                FactorConfig(name="present", kind="discrete", levels=(0, 1)),
            ),
            blank=0.5,
        )
    )
    rows = np.array([[0.456, 0.3, 12.3, 2.5, 1, 1], [*[np.nan] * 5, 0]], np.float32)

    assert factor_notes(space, rows) == [["0.46", "12", "2.5", "dog"], ["blank"]]
    assert len(space.varying) == 4


def test_notes_tell_levels_apart_with_few_decimals() -> None:
    levels = {
        "x": [i / 31 for i in range(32)],
        "angle": [-30 + 60 * i / 14 for i in range(15)],
        "elevation": [20, 30],
        "tiny": [-1e-7, 1e-7],
        "huge": [0, 2e6],
    }
    space = FactorSpace(
        SpaceConfig(
            factors=tuple(
                FactorConfig(name=name, kind="discrete", levels=values)
                for name, values in levels.items()
            )
        )
    )

    for column, values in enumerate(levels.values()):
        rows = np.array([[v[0] for v in levels.values()]] * len(values), np.float32)
        rows[:, column] = values
        texts = [note[column] for note in factor_notes(space, rows)]
        assert len(set(texts)) == len(values)
        assert max(map(len, texts)) <= 6
        gap = min(np.diff(values))
        assert np.abs(np.array(texts, float) - values).max() <= 0.2 * gap + 1e-6 * max(values)
    assert factor_notes(space, np.array([[2 / 31, -30 + 60 / 14, 20, 0, 0]]))[0][:3] == [
        *("0.06", "-26", "20")
    ]


def test_a_seed_chooses_the_samples() -> None:
    source = open_source("circles:xy", 8, 8)
    first, again, other = (draw_samples(source, seed).raster().tobytes() for seed in (1, 1, 2))
    assert first == again != other


def test_notes_tell_time_stamps_apart() -> None:
    times = FactorConfig(name="t", kind="discrete", levels=(1.7e9, 1.7e9 + 1))
    space = FactorSpace(SpaceConfig(factors=(times,), dtype="float64"))
    assert factor_notes(space, np.array([[1.7e9 + 1]])) == [["1700000001"]]
