"""Where the numbers of codes should not be trusted."""

from dataclasses import replace

import numpy as np

from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.sample import reading_findings, sample_findings
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.metrics.labelled_codes import LabelledCodes

N = 3000
RNG = np.random.default_rng(0)
X, Y = RNG.uniform(size=(2, N))
SHAPE = RNG.integers(0, 3, N)
METRICS = ("mig", "modularity")


def found(
    codes: np.ndarray,
    factors: np.ndarray,
    names: tuple[str, ...],
    images: int = N,
    metrics: tuple[str, ...] = METRICS,
) -> dict[str, Finding]:
    sample = LabelledCodes(codes, factors, names, frozenset(), "file", images)
    return {each.code: each for each in sample_findings(sample, metrics)}


def of_three(codes: np.ndarray, **options: object) -> dict[str, Finding]:
    factors = np.column_stack([X, Y, SHAPE])
    return found(codes, factors, ("x", "y", "shape"), **options)  # type: ignore[arg-type]


def test_bins_dead_latents_and_few_rows_are_told() -> None:
    codes = np.column_stack([X, Y, SHAPE, np.zeros(N)])
    some = of_three(codes, images=1000)
    assert some["binned"] == Finding("binned", ("x", "y"), values={"bins": 20})
    assert some["dead"].latents == some["constant-latents"].latents == (3,)
    values = {"rows": 1000, "bins": 20, "classes": 20}
    assert some["few-to-count"] == Finding("few-to-count", values=values)
    assert "too-few-to-count" in of_three(codes[:, :2], images=799)
    assert of_three(codes[:, :3], images=2000, metrics=("geometry",)) == {}
    coarse = found(codes[:, :1], SHAPE[:, None], ("shape",), images=1000)
    assert coarse == {}


def test_factors_that_tell_of_each_other_are_told() -> None:
    close = X + 0.02 * RNG.normal(size=N)
    factors = np.column_stack([X, close, SHAPE])
    codes = np.column_stack([X, close, np.zeros((N, 2))])
    both = found(codes, factors, ("x", "close", "shape"))["dependent"]
    assert both.factors == ("x", "close") and 0.1 < both.values["share"] < 1
    assert "dependent" not in of_three(codes)


def test_a_few_values_far_out_are_told() -> None:
    codes, factors = np.column_stack([X, Y, SHAPE]), np.column_stack([X, Y, SHAPE])
    assert not {"far-codes", "far-values"} & of_three(codes).keys()
    codes[5, 1], factors[6, 0] = -300, 900
    far = found(codes, factors, ("x", "y", "shape"))
    assert far["far-codes"].latents == (1,) and far["far-values"].factors == ("x",)


def test_a_latent_that_is_constant_on_most_rows_has_no_values_far_out() -> None:
    """Half of its values are equal: no distance between them tells what is far."""
    codes = np.column_stack([X, Y, np.where(X > 0.8, Y, 0.0)])
    assert "far-codes" not in of_three(codes)


def test_codes_that_are_all_constant_are_told_once() -> None:
    assert list(of_three(np.zeros((N, 3)))) == ["binned", "constant-codes"]


def test_more_levels_than_bins_are_told() -> None:
    fine = RNG.integers(0, 40, N)
    both = np.column_stack([fine, SHAPE])
    told = found(both, both, ("pose", "shape"))["fine-levels"]
    assert told == Finding("fine-levels", ("pose",), values={"levels": 40, "bins": 20})


def swapped(codes: np.ndarray, factors: np.ndarray) -> bool:
    names = tuple(f"f{i}" for i in range(factors.shape[1]))
    return Finding("swapped") in reading_findings(Representation(codes, factors, names))


def test_kinds_that_are_guessed_are_told_of_files_alone() -> None:
    factors = np.column_stack([X, SHAPE, Y])
    kinds = {"y": "range"}
    sample = LabelledCodes(factors, factors, ("x", "shape", "y"), frozenset(), "file", N)
    sample = replace(sample, kinds=kinds)

    def guessed(of_file: bool) -> list[Finding]:
        return [f for f in sample_findings(sample, METRICS, of_file) if f.code == "guessed"]

    assert guessed(False) == []
    assert guessed(True) == [
        Finding("guessed", ("x",), values={"kind": "range"}),
        Finding("guessed", ("shape",), values={"kind": "levels"}),
    ]


def test_arrays_that_look_swapped_are_told() -> None:
    whole, real = RNG.integers(0, 3, (300, 2)), RNG.normal(size=(300, 5))
    assert swapped(whole, real) and not swapped(real, whole)
    assert swapped(np.column_stack([whole, np.full(300, 0.37)]), real)
    for value in (0.0, 2.0):  # of a collapsed model
        assert not swapped(np.full((300, 4), value), real)


def test_the_guess_is_made_from_some_rows_of_many() -> None:
    rows = 100_001
    codes, factors = np.full((rows, 2), 0.5), RNG.normal(size=(rows, 3))
    codes[::11] = RNG.integers(0, 3, (len(codes[::11]), 2))
    assert swapped(codes, factors)


def test_arrays_that_are_not_read_are_told() -> None:
    codes = Representation(np.zeros((9, 2)), np.zeros((9, 1)), ("x",), unread=("present", "label"))
    present, label = reading_findings(codes)
    assert present == Finding("unnamed-present")
    assert label.code == "unread" and label.values["array"] == "label"
