"""Every example builds and takes a step; the paper's models are all there."""

import math
from contextlib import closing
from pathlib import Path

import pytest

from sbvae_cli.config.load import build_config
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.training.build import build_maker, build_updater
from sbvae_cli.training.rounds import Rounds

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.startswith("sweep-"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_builds_and_takes_a_step(path: Path) -> None:
    config, source = resolve(Request(config=path, options={"training": {"device": "cpu"}}))
    assert build_config(config.as_dict()) == config
    updater = build_updater(config)
    before = updater.learners[0].stack.weights.clone()
    with closing(build_maker(config, source, [0], updater.device)) as maker:
        Rounds(updater, maker, maker.block(0, 1)).run()
    assert updater.failures() == [None]
    assert math.isfinite(updater.read_totals()[0]["loss"])
    after = updater.learners[0].stack.weights
    assert (after != before).float().mean() > 0.5


def test_the_first_line_says_how_an_example_is_run() -> None:
    for path in EXAMPLES:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# ")
        assert f"sbvae train --config examples/{path.name}" in first


def test_every_model_of_the_paper_is_there() -> None:
    found = set()
    for path in EXAMPLES:
        config, _ = resolve(Request(config=path))
        coordinates = getattr(config.model.decoder, "coordinates", "linear")
        found.add((config.objective.kind, config.model.decoder.kind, coordinates))
    decoders = ("broadcast", "deconv")
    expected = {(m, d, "linear") for m in ("vae", "beta-vae", "factor-vae") for d in decoders}
    expected |= {("vae", "coordconv", "linear"), ("vae", "broadcast", "shuffled")}
    assert found >= expected
