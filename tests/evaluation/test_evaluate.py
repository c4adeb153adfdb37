"""All metrics on codes that are made by construction, and what the report warns of."""

from dataclasses import replace

import numpy as np
import pytest

from sbvae_cli.config.metrics import CODE_METRICS
from sbvae_cli.data.columns import colours_of
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.evaluate import evaluate_codes
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.result import Evaluation
from sbvae_cli.metrics.protocol import Protocol, named_protocol

# Modularity has none where a latent knows next to nothing.
WITHOUT_INTERVAL = {"mig_quantile", "mig_subspace", "modularity", "irs", "infom", "infoc"}
N = 3000
RNG = np.random.default_rng(0)
X, Y, HUE = RNG.uniform(size=(3, N))
SHAPE = RNG.integers(0, 3, N)
NOISE = RNG.normal(size=(N, 2))
FAST: Protocol = replace(
    named_protocol("quick"),
    metrics=(*CODE_METRICS, "dci-fast"),
    lenient=True,
    votes_train=100,
    votes_eval=100,
    vote_images=16,
    images=2000,
    test_images=1000,
    grid=8,
)
FEW: dict[str, object] = {  # where it does not matter how good an estimate is
    "votes_train": 20,
    "votes_eval": 20,
    "vote_images": 8,
    "images": 1300,
    "test_images": 300,
}
# What each score should be near to, at least and at most.
GOOD = {
    "mig": (0.9, 1), "mig_quantile": (0.8, 1), "mig_subspace": (0.9, 1), "factor_vae": (1, 1),
    "beta_vae": (0.95, 1), "modularity": (0.95, 1), "explicitness": (0.9, 1), "irs": (0.9, 1),
    "infom": (0.9, 1), "infoe": (0.95, 1), "infoc": (0.9, 1), "dci_fast_disentanglement": (0.9, 1),
    "dci_fast_completeness": (0.9, 1), "dci_fast_informativeness": (0.85, 1),
}  # fmt: skip
TURNED = {
    "mig": (0, 0.4), "mig_subspace": (0.85, 1), "modularity": (0.3, 0.75), "infom": (0.3, 0.75),
    "dci_fast_disentanglement": (0.2, 0.75), "explicitness": (0.9, 1), "infoe": (0.9, 1),
}  # fmt: skip
NOTHING = {
    "mig": (0, 0.05), "mig_subspace": (0, 0.05), "factor_vae": (0, 0.6), "beta_vae": (0, 0.6),
    "infoe": (0, 0.1), "explicitness": (0.4, 0.6), "dci_fast_disentanglement": (0, 0.2),
    "sap": (0, 0.1),
}  # fmt: skip


def evaluated(
    codes: np.ndarray, factors: np.ndarray, names: tuple[str, ...], **options: object
) -> Evaluation:
    circular = options.pop("circular", frozenset())
    file = Representation(codes, factors, names, circular)  # type: ignore[arg-type]
    return evaluate_codes(file, "c.npz", replace(FAST, **options))  # type: ignore[arg-type]


def three(codes: np.ndarray, **options: object) -> Evaluation:
    return evaluated(codes, np.column_stack([X, Y, SHAPE]), ("x", "y", "shape"), **options)


def turned(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return (np.column_stack([X, Y]) - 0.5) @ np.array([[c, s], [-s, c]])


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (np.column_stack([X, Y, SHAPE / 3]), GOOD),
        (np.column_stack([turned(45), SHAPE / 3]), TURNED),
        (RNG.normal(size=(N, 3)), NOTHING),
    ],
    ids=["perfect", "turned", "noise"],
)
def test_every_score_of_known_codes_is_where_it_should_be(
    codes: np.ndarray, expected: dict[str, tuple[float, float]]
) -> None:
    found = three(codes).scores
    for name, (least, most) in expected.items():
        value = found[name].value
        assert value is not None and least <= value <= most, (name, value)
    for name, score in found.items():
        assert score.value is not None and score.population == "file"
        if name not in WITHOUT_INTERVAL:
            assert score.low is not None and score.high is not None, name
            assert score.low <= score.value <= score.high, name


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros((N, 3)),
        np.column_stack([X, np.zeros((N, 3))]),
        np.column_stack([X, Y, SHAPE, np.full(N, 1e6), NOISE * 1e-12]),
        np.column_stack([X, X, X]),
        np.round(np.column_stack([X, Y, SHAPE])),
        1e6 * np.column_stack([X, Y, SHAPE]),
    ],
    ids=["all-dead", "one-alive", "scales", "copies", "whole", "large"],
)
def test_no_codes_give_nan_or_raise(codes: np.ndarray) -> None:
    found = three(codes, **FEW)
    for name, score in found.scores.items():
        if score.value is not None and name not in WITHOUT_INTERVAL:
            assert score.low is not None and score.high is not None, name
            assert np.isfinite([score.value, score.low, score.high]).all(), name


def test_the_same_seed_gives_the_same_numbers_and_another_others() -> None:
    codes = np.column_stack([X, Y, SHAPE]) + 0.1 * RNG.normal(size=(N, 3))
    whole = three(codes, **FEW).as_dict()
    assert three(codes, **FEW).as_dict() == whole
    other = three(codes, **FEW, seed=1, metrics=("mig", "sap")).scores["sap"].value
    assert other != whole["scores"]["sap"]["value"]


def test_a_score_does_not_depend_on_the_others() -> None:
    codes = np.column_stack([X, Y, SHAPE]) + 0.1 * RNG.normal(size=(N, 3))
    whole = three(codes, **FEW).scores
    for metric in ("mig", "sap", "irs", "beta-vae", "infomec"):
        for name, score in three(codes, **FEW, metrics=(metric,)).scores.items():
            assert score == whole[name], name


def test_a_circular_factor_is_scored_as_one() -> None:
    turns = 2 * np.pi * HUE
    codes = np.column_stack([np.cos(turns), np.sin(turns), X, NOISE])
    factors = np.column_stack([HUE, X])
    found = evaluated(
        codes, factors, ("hue", "x"), circular=frozenset(["hue"]), metrics=("mig", "geometry")
    )
    assert found.scores["mig"].details["by_factor"]["hue"] < 0.3
    assert found.scores["mig_subspace"].details["by_factor"]["hue"] > 0.7
    assert found.scores["mig_subspace"].details["latents"] == {"hue": [0, 1], "x": [2]}
    assert found.geometry["hue,x"].scores["affine_r2"] is None
    too_few = evaluated(
        codes[:, :2],
        factors,
        ("hue", "x"),
        circular=frozenset(["hue"]),
        metrics=("mig", "geometry"),
    )
    latents = too_few.scores["mig_subspace"].details["latents"]
    assert sorted(latents["hue"] + latents["x"]) == [0, 1]


def test_geometry_of_every_pair_is_given() -> None:
    found = three(np.column_stack([X, Y, SHAPE]), metrics=("geometry",))
    assert list(found.geometry) == ["x,y", "x,shape", "y,shape"] and found.scores == {}
    assert found.geometry["x,y"].choice.latents == (0, 1)
    assert min(pair.scores["affine_r2"] for pair in found.geometry.values()) > 0.98
    assert found.geometry["x,y"].shape is None  # rows at random have no neighbours
    side = np.arange(16) / 15
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    folded = evaluated(np.abs(grid - [0.4, 0]), grid, ("x", "y"), metrics=("geometry",))
    assert folded.geometry["x,y"].scores["fold_fraction"] > 0.3


def test_what_has_no_row_is_not_held_out() -> None:
    """A diagonal of a grid and two dead latents: nothing was left out, so that it has no score."""
    side = np.arange(8.0)
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    some = grid[np.abs(grid[:, 0] - grid[:, 1]) < 3]
    scores = evaluated(1e-3 * some, some, ("x", "y"), metrics=("geometry",)).geometry["x,y"].scores
    assert scores["fold_fraction"] is not None
    for name in ("heldout_nrmse", "heldout_ratio", "heldout_area_ratio", "fold_fraction_heldout"):
        assert scores[name] is None


def test_rows_that_training_left_out_are_a_region_of_the_sheet() -> None:
    """Codes that contract to a third within a hole, on a grid and on rows at random."""
    side = (np.arange(32) + 0.5) / 32
    grid = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    scattered = np.random.default_rng(1).uniform(size=(40_000, 2))
    for factors in (grid, scattered):
        hole = (np.abs(factors - 0.5) < 0.25).all(axis=1)
        codes = np.where(hole[:, None], 0.5 + 0.3 * (factors - 0.5), factors)
        file = Representation(codes, factors, ("x", "y"), held_out=hole)
        found = evaluate_codes(file, "c.npz", replace(FAST, metrics=("geometry",), grid=32))
        scores = found.geometry["x,y"].scores
        assert scores["heldout_nrmse"] > 0.2 and scores["support_nrmse"] < 0.01
        if factors is grid:
            assert scores["heldout_area_ratio"] == pytest.approx(0.09, abs=0.02)
            assert scores["fold_fraction_heldout"] is not None
        whole = replace(file, held_out=None)
        found = evaluate_codes(whole, "c.npz", replace(FAST, metrics=("geometry",), grid=32))
        assert found.geometry["x,y"].scores["heldout_nrmse"] is None


def test_the_population_of_training_leaves_out_the_rows_that_training_did() -> None:
    hole = (np.abs(np.column_stack([X, Y]) - 0.5) < 0.25).all(axis=1)
    codes = np.column_stack([X, Y])
    factors = np.column_stack([X, Y, hole])
    file = Representation(codes, factors, ("x", "y", "in"), held_out=hole)
    asked = replace(FAST, metrics=("mig", "geometry"), population="train", lenient=False)
    with pytest.raises(SbvaeError, match="factor in has one level"):  # every row is outside
        evaluate_codes(file, "c.npz", asked)
    file = replace(file, factors=codes, names=("x", "y"))
    found = evaluate_codes(file, "c.npz", asked)
    assert found.scores["mig"].population == "train"
    assert found.geometry["x,y"].scores["heldout_nrmse"] == pytest.approx(0)
    with pytest.raises(SbvaeError, match="needs an array held_out"):
        evaluate_codes(replace(file, held_out=None), "c.npz", asked)


def test_colours_of_a_file_are_scored_in_either_basis() -> None:
    hsv = np.column_stack([HUE, 0.3 + 0.4 * X, 0.3 + 0.4 * Y, SHAPE])
    names = ("hue", "saturation", "value", "shape")
    rgb = colours_of(hsv, names).astype(np.float64)
    codes = np.column_stack([rgb, SHAPE])
    found = evaluated(codes, hsv, names, metrics=("mig", "geometry"), color_basis="rgb")
    assert list(found.scores["mig"].details["by_factor"]) == ["shape", "red", "green", "blue"]
    assert found.scores["mig"].value > 0.4 + evaluated(codes, hsv, names, metrics=("mig",)).scores[
        "mig"
    ].value  # fmt: skip
    assert "red,green" in found.geometry
    with pytest.raises(SbvaeError, match="rgb: needs hue, saturation and value"):
        three(np.column_stack([X, Y, SHAPE]), color_basis="rgb")


def test_rows_that_no_metric_counts_are_said() -> None:
    """Of 900 rows 500 are counted; classifiers are fitted to two thirds of 700."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 3, (900, 2)).astype(float)
    codes = factors + 0.1 * rng.normal(size=(900, 2))

    def notes(rows: int, *metrics: str) -> list[str]:
        kinds = dict.fromkeys(("a", "b"), "levels")
        some = Representation(codes[:rows], factors[:rows], ("a", "b"), kinds=kinds)
        protocol = Protocol(metrics, images=500, test_images=400)
        found = evaluate_codes(some, "codes.npz", protocol).as_dict()["protocol"]["notes"]
        return [note for note in found if "rows" in note]

    assert notes(700, "mig", "explicitness") == [
        "500 of 700 rows, taken at random",
        "classifiers are fitted to 467 rows and tested on 233 others",
    ]
    assert notes(900, "mig") == ["500 of 900 rows, taken at random"]
    assert not notes(500, "mig")


def test_few_rows_for_pairs_of_bins_are_said() -> None:
    few = three(NOISE, metrics=("unsupervised",), images=700, test_images=300)
    assert few.findings[-1] == Finding("few-to-pair", values={"rows": 700, "bins": 20})


def test_codes_too_small_for_their_squares_are_refused() -> None:
    with pytest.raises(SbvaeError, match="codes range over 1e-200 at most; scale them up"):
        three(1e-200 * np.column_stack([X, Y, SHAPE / 2]))
    large = three(1e69 * np.column_stack([X, Y, SHAPE]), metrics=("unsupervised", "mig"))
    assert large.scores["gaussian_wasserstein_normed"].value < 0.01  # type: ignore[operator]


def test_what_cannot_be_computed_is_left_out_with_a_line_where_all_is_asked_for() -> None:
    """A level that only later rows have leaves its factor constant in the first."""
    rare = np.zeros(60)
    rare[59] = 1
    factors = np.column_stack([SHAPE[:60], rare])
    few: dict[str, object] = {"images": 5, "test_images": 2, "vote_images": 4}
    codes = np.column_stack([X, Y])[:60]
    found = evaluated(codes, factors, ("shape", "rare"), metrics=("mig", "irs"), **few)
    (left_out,) = [each for each in found.findings if each.code == "without"]
    assert left_out.values["metrics"] == ["mig"]
    assert left_out.values["why"].startswith("factor rare has one level")
    assert "irs" in found.scores
    with pytest.raises(SbvaeError, match="factor rare has one level"):
        evaluated(codes, factors, ("shape", "rare"), metrics=("mig",), lenient=False, **few)


def test_codes_of_any_scale_have_votes_and_dead_latents_have_none() -> None:
    codes = 1e-4 * np.column_stack([X, Y, SHAPE, 1e-3 * NOISE])
    found = three(codes, metrics=("factor-vae", "geometry"))
    assert found.scores["factor_vae"].value == 1
    assert sorted(found.scores["factor_vae"].details["classifier"]) == ["0", "1", "2"]
    assert "the largest latent std" in found.settings["factor-vae"]["unit"]
    wide = 50 * np.column_stack([X, 1e-2 * Y, 1e-2 * SHAPE, 1e-6 * NOISE])
    found = three(wide, metrics=("factor-vae",))  # beside a wide one others are not dead
    assert sorted(found.scores["factor_vae"].details["classifier"]) == ["0", "1", "2"]


def test_what_is_asked_for_by_name_must_be_possible() -> None:
    for metric, codes, message in [
        ("rates", NOISE, "rates cannot be computed: a model is needed"),
        ("sap", NOISE[:, :1], "two latents are needed, the model has 1"),
    ]:
        with pytest.raises(SbvaeError, match=message):
            three(codes, metrics=(metric,), lenient=False)
    with pytest.raises(SbvaeError, match=r"only x varies in c\.npz"):
        evaluated(NOISE, X[:, None], ("x",), metrics=("dci",), lenient=False)
    with pytest.raises(SbvaeError, match="z does not vary here"):
        three(np.column_stack([X, Y, SHAPE]), metrics=("mig",), groups=(("x", "z"),))


def test_what_codes_know_of_present_is_told() -> None:
    present = (RNG.random(N) < 0.7).astype(float)
    codes = np.column_stack([X, present, NOISE])
    file = Representation(codes, np.column_stack([X, Y, present]), ("x", "y", "present"))
    found = evaluate_codes(file, "c.npz", replace(FAST, metrics=("mig",)))
    share = present.mean()
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    nats = found.scores["present_information"].details["by_latent"]
    assert nats[1] == pytest.approx(entropy) and nats[0] < 0.02


@pytest.mark.parametrize("rows", [2, 3, 5, 10, 40])
def test_few_rows_give_numbers_or_one_line(rows: int) -> None:
    codes = np.column_stack([X, Y, SHAPE])[:rows]
    factors = np.column_stack([np.arange(rows) % 2, np.arange(rows) // 2 % 2])[:rows]
    try:
        found = evaluated(codes, factors, ("a", "b"), metrics=FAST.metrics, vote_images=4)
    except SbvaeError as error:
        assert "\n" not in str(error)
        return
    for score in found.scores.values():
        assert score.low is None or score.low <= score.value <= score.high  # type: ignore[operator]
