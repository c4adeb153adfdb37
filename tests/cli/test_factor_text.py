"""Factors in a line."""

import pytest

from sbvae_cli.cli.factor_text import factor_text
from sbvae_cli.config.space import FactorConfig


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        ({"levels": (0, 1), "level_names": ("cat", "dog")}, "2 levels: 0 cat, 1 dog"),
        ({"levels": (5.0,)}, "1 level: 5"),
        (
            {"levels": tuple(1.7e9 + i for i in range(9))},
            "9 levels: 1700000000, 1700000001, 1700000002, ..., 1700000008",
        ),
        ({"levels": (0.33333, 0.333331)}, "2 levels: 0.33333, 0.333331"),
        ({"levels": (1 / 3, 2 / 3)}, "2 levels: 0.3333, 0.6667"),
        ({"low": 0.5, "high": 0.5}, "0.5, constant"),
        ({"low": 1.7e9 + 0.25, "high": 1.7e9 + 0.5}, "1700000000.2 to 1700000000.5, continuous"),
        (
            {"low": 0, "high": 360, "unit": "degree", "period": 360},
            "0 to 360 degree, continuous, circular",
        ),
    ],
)
def test_a_factor_is_a_line(factor: dict[str, object], text: str) -> None:
    kind = "discrete" if "levels" in factor else "continuous"
    assert factor_text(FactorConfig(name="x", kind=kind, **factor).facts()) == text
