"""How the grid of two factors lies in two latents, as numbers."""

import pytest

from sbvae_cli.evaluation.pair_geometry import PairGeometry
from sbvae_cli.metrics.choose_latents import LatentChoice


@pytest.mark.parametrize(
    ("shape", "points", "layout"),
    [((32, 16), None, "32x16 grid"), (None, 1024, "1,024 points"), (None, 11, "11 points")],
)
def test_a_title_says_how_the_points_lie(
    shape: tuple[int, int] | None, points: int | None, layout: str
) -> None:
    choice = LatentChoice((0, 1), "given", (0, 1), (0, 1))
    assert PairGeometry(("x", "y"), shape, choice, {}, points=points).layout == layout


@pytest.mark.parametrize(
    ("shown", "found", "layout"), [(300, 300, "300 points"), (1024, 9000, "1,024 of 9,000 points")]
)
def test_held_out_points_count_and_a_share_says_of_how_many(
    shown: int, found: int, layout: str
) -> None:
    choice = LatentChoice((0, 1), "given", (0, 1), (0, 1))
    pair = PairGeometry(("x", "y"), None, choice, {}, points=218, shown=shown, found=found)
    assert pair.layout == layout
