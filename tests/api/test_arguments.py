"""What each argument may be, and that anything else is one line with the argument's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sbvae_cli as sbvae

CODES = np.indices((6, 6)).reshape(2, -1).T / 5


@pytest.fixture(scope="module")
def model(trained: Path) -> Any:
    return sbvae.load(trained, device="cpu")


def mig(**known: Any) -> object:
    return sbvae.scores.mig(CODES, CODES, **known)


def written(**given: Any) -> object:
    return sbvae.make_dataset("circles:xy", "never.h5", **{"count": 3, "size": 16, **given})


# Call of a model, argument at fault, what its line has.
REFUSED: list[tuple[Callable[[Any], object], str, str]] = [
    (lambda m: sbvae.open_data("circles:xy", size=16.5), "size", "is 16.5; give pixels, as 64 or"),
    (lambda m: sbvae.open_data("circles:xy", size=True), "size", "is True; give pixels"),
    (lambda m: sbvae.open_data("circles:xy", size=(8, 8, 3)), "size", "give pixels"),
    (lambda m: sbvae.open_data(b"circles:xy"), "data", "give a path"),
    (lambda m: sbvae.load("x", device=5), "device", "is 5; give text"),
    (lambda m: written(count=True), "count", "is True; give a whole number of at least 1"),
    (lambda m: written(seed="a"), "seed", "is 'a'; give a whole number of at least 0"),
    (lambda m: written(seed=-1), "seed", "is -1; give a whole number of at least 0"),
    (lambda m: written(blank="a"), "blank", "is 'a'; give a number of at least 0"),
    (lambda m: written(blank=1.5), "blank", "blank"),
    (lambda m: written(factors={"x": None}), "factors", "has x = None; give a range"),
    (lambda m: written(factors={"x": (0, np.nan)}), "factors", "give a range"),
    (lambda m: written(factors={5: 5}), "factors", "has 5, which is not a factor's name"),
    (lambda m: written(seed=2**63), "seed", "give a whole number of at least 0"),
    (lambda m: written(size=10**9), "size", "give pixels"),
    (lambda m: mig(held_out=[[True], []]), "held_out", "rows of several lengths"),
    (lambda m: written(factors=[1]), "factors", "is [1]; give ranges by name"),
    (lambda m: written(holes={"x": (0.4, 0.6)}), "holes", "give a list of regions"),
    (lambda m: written(holes=5), "holes", "is 5; give a list of regions"),
    (lambda m: written(correlations=[1]), "correlations", "is [1]; give stds by pair"),
    (lambda m: written(correlations={("x", "y"): "a"}), "correlations", "is 'a'; give a number"),
    (lambda m: written(correlations={5: 0.1}), "correlations", "5"),
    (lambda m: sbvae.evaluate(m, metrics=5), "metrics", "is 5; give a name or a list"),
    (lambda m: sbvae.evaluate(m, metrics=[["mig"]]), "metrics", "give a name or a list"),
    (lambda m: sbvae.evaluate(m, data=5), "data", "is 5; give a path"),
    (lambda m: sbvae.evaluate(m, protocol=["x"]), "protocol", "is ['x']; give 'paper'"),
    (lambda m: sbvae.evaluate(m, seed=2**32), "seed", "from 0 to 4,294,967,295"),
    (lambda m: sbvae.evaluate(m, seed=True), "seed", "is True; give a whole number"),
    (lambda m: sbvae.evaluate(None), "run", "is None; give a run folder, a model, or codes"),
    (lambda m: sbvae.evaluate(["a"]), "run", "is of type list, without numbers; give a run"),
    (lambda m: sbvae.evaluate(CODES[:, 0]), "run", "(36,), not (N, K); give run[:, None]"),
    (lambda m: sbvae.evaluate(CODES, CODES[1:]), "factors", "have 35 rows and `run` 36"),
    (lambda m: sbvae.evaluate("missing.npz"), "run", "`run`: missing.npz: there is no such file"),
    (lambda m: sbvae.geometry(m, pair=5), "pair", "is 5; give 2 names, as ('x', 'y')"),
    (lambda m: sbvae.geometry(m, latents=("a", "b")), "latents", "is 'a'; give a whole number"),
    (lambda m: sbvae.geometry(m, latents=[1]), "latents", "is [1]; give 2, as (9, 3)"),
    (lambda m: sbvae.geometry(m, at={"hue": "a"}), "at", "has hue = 'a'; give a number"),
    (lambda m: sbvae.geometry(m, grid=1), "grid", "is 1; give a whole number from 2 to 512"),
    (lambda m: mig(names=5), "names", "is 5; give a name or a list of names"),
    (lambda m: mig(circular=3), "circular", "is 3; give a name or a list of names"),
    (lambda m: mig(kinds=["levels"]), "kinds", "give kinds by name, as {'x': 'range'}"),
    (lambda m: mig(protocol="quik"), "protocol", "did you mean 'quick'?"),
    (lambda m: sbvae.scores.udr(None, None), "codes", "are NoneType; give a list"),
    (lambda m: sbvae.scores.udr([CODES], [[1, 2]]), "codes", "are of 1 model; give a list"),
    (lambda m: sbvae.scores.udr([CODES] * 2, [[1, 2], ["a", 3]]), "kls", "give real numbers"),
    (lambda m: sbvae.scores.udr([CODES] * 2, [[1, 2], [3]]), "kls", "do not fit `codes`"),
    (lambda m: sbvae.draw.prior_samples({}), "models", "are {}; give a model"),
    (lambda m: sbvae.draw.prior_samples("run"), "models", "are 'run'; give a model"),
    (lambda m: sbvae.draw.reconstructions({"a": 5}), "models", "give a model"),
    (lambda m: sbvae.draw.prior_samples(m, count=1001), "count", "from 1 to 1,000"),
    (lambda m: sbvae.draw.prior_samples(m, scale="2"), "scale", "is '2'; give a number from 0.1"),
    (lambda m: sbvae.draw.prior_samples(m, theme="drak"), "theme", "did you mean 'dark'?"),
    (lambda m: sbvae.draw.prior_samples(m, caption=5), "caption", "is 5; give text"),
    (lambda m: sbvae.draw.traversal(m, span="a"), "span", "is 'a'; give a number above 0"),
    (lambda m: sbvae.draw.traversal(m, span=10**400), "span", "give a number above 0"),
    (lambda m: sbvae.draw.traversal(m, span=0), "span", "is 0; give a number above 0"),
    (lambda m: sbvae.draw.traversal(m, columns=1), "columns", "from 2 to 51"),
    (lambda m: sbvae.draw.traversal(m, images="3"), "images", "is '3'; give a whole number"),
    (lambda m: sbvae.draw.traversal(m, latents=[99]), "latents", "there is no latent 99"),
    (lambda m: sbvae.draw.traversal(m, latents="a"), "latents", "is 'a'; give a whole number"),
    (lambda m: sbvae.draw.losses("x", terms=5), "terms", "is 5; give a name or a list"),
    (lambda m: sbvae.SpatialBroadcastDecoder((3, 8, 8), True), "latent_dim", "is True; give"),
    (
        lambda m: sbvae.SpatialBroadcastDecoder((3, 8, 8), 4, kernel_size=True),
        "kernel_size",
        "`kernel_size` is True; give a number",
    ),
    (
        lambda m: sbvae.train({"training.seed": np.True_}, data="circles:xy"),
        "config",
        "training.seed is ",
    ),
    (lambda m: sbvae.draw.losses(), "runs", "are missing; give the folder of one or more"),
    (lambda m: sbvae.draw.mig("x", kind="bars"), "kind", "is 'bars'; give 'histogram' or 'strip'"),
    (lambda m: sbvae.draw.mig(5), "runs", "is 5; give a path"),
    (lambda m: sbvae.draw.mig("x"), "runs", "x: there is no such file"),
    (lambda m: sbvae.draw.mig(m.path, data="y.h5"), "data", "y.h5: there is no such file"),
    (lambda m: sbvae.draw.scores("x", scores=5), "scores", "is 5; give a name or a list of names"),
    (lambda m: sbvae.draw.scores("x", scores="mgi"), "scores", "did you mean mig?"),
    (lambda m: sbvae.draw.table(m.path, scores="x,z:tear"), "scores", "no run has x,z:tear"),
    (lambda m: sbvae.draw.rate_distortion("x", protocol="pap"), "protocol", "did you mean 'paper'"),
    (lambda m: sbvae.draw.unfolding("x"), "runs", "x: "),
]


@pytest.mark.parametrize(("call", "field", "line"), REFUSED)
def test_what_an_argument_cannot_be_is_one_line_with_its_name(
    call: Callable[[Any], object],
    field: str,
    line: str,
    model: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sbvae.SbvaeError) as caught:
        call(model)
    text = str(caught.value)
    assert caught.value.field == field
    assert f"`{field}`" in text and line in text and "\n" not in text
    assert not list(tmp_path.iterdir())


def test_a_file_of_codes_that_is_none_is_the_fault_of_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", codes=np.array([[1, None], [2, 3]], dtype=object))
    with pytest.raises(sbvae.SbvaeError, match="codes holds Python objects") as caught:
        sbvae.evaluate(tmp_path / "c.npz")
    assert caught.value.field == "run"


def test_a_setting_that_is_none_is_the_fault_of_config_when_a_run_goes_on(run: Path) -> None:
    for settings in ({"training.steps": "x"}, {"training.step": 9}, {"model.latent_dim": 9}):
        with pytest.raises(sbvae.SbvaeError) as caught:
            sbvae.resume(run, settings)
        assert caught.value.field == "config", settings


def test_numbers_of_numpy_are_numbers(model: Any, tmp_path: Path) -> None:
    data = sbvae.make_dataset(
        "circles:xy",
        tmp_path / "d.h5",
        count=np.int64(3),
        size=np.int16(16),
        seed=np.int64(1),
        factors={"x": np.float32(0.5), "y": np.array([0.25, 0.5])},
    )
    assert (data.count, data.height) == (3, 16)
    x, y = data.images(0, 3)[1][:, :2].T
    assert (x == 0.5).all() and ((y >= 0.25) & (y <= 0.5)).all()
    wanted = sbvae.draw.traversal(model, latents=[2, 0], columns=5, span=1, images=3)
    latents, span = np.array([2, 0]), np.float32(1)
    found = sbvae.draw.traversal(
        model, latents=latents, columns=np.int64(5), span=span, images=np.int64(3)
    )
    assert found.tobytes() == wanted.tobytes()
    embedded = sbvae.geometry(model, grid=np.int64(4), latents=np.array([2, 1]))
    assert embedded.choice.latents == (2, 1)


def test_a_missing_or_unknown_argument_is_a_type_error_of_python(model: Any) -> None:
    with pytest.raises(TypeError, match=r"open_data\(\) missing 1 required positional argument"):
        sbvae.open_data()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"geometry\(\) got an unexpected keyword argument 'gird'"):
        sbvae.geometry(model, gird=4)  # type: ignore[call-arg]
