"""Every figure, from made results: the same inputs give the same bytes, in any process."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.data.source import open_source
from sbvae_cli.evaluation.decoded import Interpolation, Reconstructions
from sbvae_cli.evaluation.factor_embedding import FactorEmbedding, embed_points
from sbvae_cli.evaluation.point_codes import FactorPoints, PointCodes
from sbvae_cli.evaluation.traversal import Traversal
from sbvae_cli.evaluation.unfolding import Unfolding
from sbvae_cli.figures import decoded
from sbvae_cli.figures.geometry import draw_geometry
from sbvae_cli.figures.losses import Curve, RunLog, draw_losses
from sbvae_cli.figures.mig import draw_mig
from sbvae_cli.figures.panel import ChosenReplica, Replicas, draw_panel
from sbvae_cli.figures.rate_distortion import BetaScores, BetaSweep, draw_rate_distortion
from sbvae_cli.figures.samples import draw_samples
from sbvae_cli.figures.scores import GroupScores, draw_scores
from sbvae_cli.figures.traversal import animate_traversal, draw_traversal
from sbvae_cli.figures.unfolding import draw_unfolding
from sbvae_cli.viz.animation import Animation
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.save import encode

LINE = np.linspace(0.2, 0.8, 6)
SQUARE = np.stack(np.meshgrid(LINE, LINE, indexing="ij"), axis=-1)
CIRCLES = open_source("circles:xy-hole", 16, 16)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def points() -> tuple[FactorPoints, PointCodes]:
    """A grid of x and y, and latents that are both, each in its own, with noise in a third."""
    rows = np.full((36, len(CIRCLES.space.names)), 0.5, np.float32)
    rows[:, :2] = SQUARE.reshape(-1, 2)
    held_out = CIRCLES.space.held_out_mask(rows).reshape(6, 6)
    codes = np.concatenate([0 * SQUARE[..., :1], SQUARE[..., ::-1]], axis=-1)
    stds = np.broadcast_to([0.9, 0.1, 0.1], codes.shape)
    return FactorPoints(("x", "y"), SQUARE, SQUARE, held_out), PointCodes(codes, stds)


def embedding() -> FactorEmbedding:
    return embed_points(*points(), np.eye(3, 2, -1))


def traversal() -> Traversal:
    sweeps = np.stack([IMAGES[:5], IMAGES[1:]])[None]
    told = ((("x", 0.9),), (("hue", 0.4), ("y", 0.3)), ())
    stds = np.array([0.1, 0.2, 0.99])
    codes, held_out = np.array([[0.3, -0.5, 3.0]]), np.arange(6) == 2
    values = np.tile(np.linspace(-2, 2, 5), (2, 1))
    return Traversal(
        ("7",), IMAGES, IMAGES, held_out, codes, stds, told, (0, 2), values, None, sweeps
    )


def unfolding() -> Animation:
    first, codes = points()
    moved = PointCodes(codes.means * 2, codes.stds)
    return draw_unfolding({"a": Unfolding(first).add(0, codes).add(9, moved)}, CIRCLES.space)


def panel() -> Canvas:
    chosen = [
        ChosenReplica("worst", 0, "seed 0", embedding()),
        ChosenReplica("best", 2, "seed 2", embedding()),
    ]
    groups = [Replicas(kind, [0.2, 0.5, 0.9], chosen, kind) for kind in ("broadcast", "deconv")]
    return draw_panel(groups, SQUARE.reshape(-1, 2), CIRCLES, "mig", "caption")


def losses() -> Canvas:
    steps = np.arange(1.0, 90.0)
    curves = {name: Curve(steps, 9 / steps) for name in ("loss", "nll", "kl")}
    return draw_losses([RunLog(f"run {n}", "a" * n, "xy", "deconv", 90, curves) for n in (1, 2)])


def scores() -> list[GroupScores]:
    values = {"mig": np.linspace(0.1, 0.7, 9)}
    return [GroupScores(kind, kind, values, {"mig": range(9)}) for kind in ("deconv", "broadcast")]


def rate_distortion() -> Canvas:
    spread = np.linspace(0, 0.1, 4)
    betas = [BetaScores(b, 9 + b + spread, 5 / b + spread, 0.1 * b + spread) for b in (0.5, 1, 4)]
    return draw_rate_distortion([BetaSweep("broadcast", "broadcast", betas)], "caption")


FIGURES: dict[str, Callable[[], Canvas | Animation]] = {
    "samples": lambda: draw_samples(CIRCLES, 3),
    "geometry": lambda: draw_geometry({"model": embedding()}, CIRCLES, "caption"),
    "several models": lambda: draw_geometry({"a": embedding(), "b": embedding()}, CIRCLES),
    "panel": panel,
    "traversal": lambda: draw_traversal(traversal(), "caption"),
    "moving traversal": lambda: animate_traversal({"a": traversal(), "b": traversal()}),
    "prior": lambda: decoded.draw_prior_samples({"model": IMAGES}),
    "moving prior": lambda: decoded.animate_samples({"model": np.stack([IMAGES, IMAGES[::-1]])}),
    "interpolation": lambda: decoded.draw_interpolations(
        {"": Interpolation(("3", "a.png"), IMAGES[:2], np.linspace(0, 1, 6), IMAGES)}
    ),
    "reconstructions": lambda: decoded.draw_reconstructions(
        {"": Reconstructions(IMAGES, IMAGES, np.arange(6) > 3)}
    ),
    "unfolding": unfolding,
    "losses": losses,
    "mig": lambda: draw_mig(scores(), "caption"),
    "strips of mig": lambda: draw_mig(scores(), "caption", "strip"),
    "scores": lambda: draw_scores(scores(), {"mig": "MIG"}, "caption"),
    "rate-distortion": rate_distortion,
}


def digests() -> dict[str, str]:
    """Of all that a figure has drawn and written, and of the pixels of two."""
    files = encode(panel(), ".png", scale=0.3), encode(unfolding(), ".gif", scale=0.3)
    found = {f"file {n}": hashlib.sha256(content).hexdigest() for n, content in enumerate(files)}
    for name, draw in FIGURES.items():
        picture = draw()
        frames = picture.frames if isinstance(picture, Animation) else [picture]
        drawn = "".join(frame.svg("dark") for frame in frames)
        found[name] = hashlib.sha256(drawn.encode()).hexdigest()
    return found


def test_another_process_draws_the_same_bytes() -> None:
    find = "import sys; sys.path.insert(0, sys.argv[1])"
    script = f"{find}; import test_same_bytes; print(test_same_bytes.digests())"
    done = subprocess.run(
        [sys.executable, "-c", script, Path(__file__).parent],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.strip() == str(digests())


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_made_results_can_be_read(legible: Callable[[Canvas], None], name: str) -> None:
    picture = FIGURES[name]()
    for canvas in picture.frames if isinstance(picture, Animation) else [picture]:
        legible(canvas)
