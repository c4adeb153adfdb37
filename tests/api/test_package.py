"""What is loaded when, and that type checkers see what there is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sbvae_cli as sbvae

PACKAGE = Path(__file__).parents[2] / "sbvae_cli"
LOADED = """
import json, sys
import sbvae_cli as sbvae
names = dir(sbvae)
heavy = ("torch", "numpy", "PIL", "pydantic", "sklearn", "scipy")
first = [name for name in heavy if name in sys.modules]
sbvae.scores.mig([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] * 9, [[0], [1], [1]] * 9)
print(json.dumps([names, first, "torch" in sys.modules]))
"""


def test_the_import_loads_nothing_and_scores_do_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, check=True)
    names, first, torch = json.loads(done.stdout)
    assert first == []
    assert not torch
    assert {"load", "train", "SpatialBroadcastDecoder", "scores", "draw"} <= set(names)


def test_every_public_name_is_there_and_an_unknown_one_is_an_attribute_error() -> None:
    for name in sbvae.__all__:
        assert getattr(sbvae, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        sbvae.lode  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_names(tmp_path: Path) -> None:
    """In a checkout of somebody else, with the marker that a wheel carries."""
    assert (PACKAGE / "py.typed").exists()
    assert '"sbvae_cli" = ["py.typed"]' in (PACKAGE.parent / "pyproject.toml").read_text()
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\nimport torch\nimport sbvae_cli as sbvae\n"
        "model = sbvae.load('runs/a')\n"
        "reveal_type(model.encode(np.zeros(3))[0])\nreveal_type(model.render(torch.zeros(3)))\n"
        "reveal_type(sbvae.scores.mig([[1.0]], [[1]]).value)\nsbvae.lode\n"
        "reveal_type(next(sbvae.train(data='circles:xy')).terms)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", PACKAGE.parent / ".mypy_cache", program],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
    )
    revealed = [line.partition("type is ")[2] for line in done.stdout.splitlines()]
    assert [line.strip('"') for line in revealed if line][1:] == [
        "torch._tensor.Tensor",
        "float | None",
        "dict[str, float]",
    ]
    assert 'has no attribute "lode"' in done.stdout
