"""`sbvae eval` where no factor is known, or none varies."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

FEW = ("--protocol", "quick", "--images", 200, "--votes", 20)
NEED_NO_FACTORS = [
    *("gaussian_total_correlation", "gaussian_wasserstein"),
    *("gaussian_wasserstein_normed", "latent_mutual_information"),
]
NO_FACTORS: list[dict[str, object]] = [
    {"factors": np.zeros((300, 0))},
    {"factors": np.ones((300, 2)), "names": ["x", "y"]},
    {"factors": np.ones((300, 1)), "names": ["present"]},
    {},
]
Sbvae = Callable[..., object]
WriteModel = Callable[..., Path]


def write_noise(path: Path, **arrays: object) -> Path:
    np.savez(path, codes=np.random.default_rng(0).normal(size=(300, 5)), **arrays)
    return path


def write_images(sbvae: Sbvae, path: Path, count: int = 40) -> Path:
    """A file of noise that nobody knows the factors of, for the models of `write_model`."""
    images = np.random.default_rng(0).integers(0, 255, (count, 12, 8, 3)).astype(np.uint8)
    np.savez("images.npz", images=images)
    done = sbvae("gen-data", "images", "--from", "images.npz", "--size", "12x8", "--out", path)
    assert done.code == 0
    return path


@pytest.mark.parametrize("arrays", NO_FACTORS)
@pytest.mark.parametrize("metrics", [[], ["--metrics", "unsupervised"], ["--metrics", "all"]])
def test_codes_without_factors_get_the_scores_that_need_none(
    sbvae: Sbvae, arrays: dict[str, object], metrics: list[str]
) -> None:
    codes = write_noise(Path("c.npz"), **arrays)
    done = sbvae("eval", codes, *metrics, *FEW, "--json", "s.json")
    assert done.code == 0 and "gaussian_total_correlation" in done.out
    (found,) = json.loads(Path("s.json").read_text())["results"]
    assert list(found["scores"]) == NEED_NO_FACTORS and found["geometry"] == {}
    # Of 200 of these rows, from the determinant of the correlations, about K (K - 1) / 4N.
    assert 0 <= found["scores"]["gaussian_total_correlation"]["value"] < 0.1
    told = "without mig, factor-vae" in done.err
    assert told is (metrics != ["--metrics", "unsupervised"])


@pytest.mark.parametrize("arrays", NO_FACTORS)
def test_what_is_named_in_place_of_a_metric_that_needs_factors_works(
    sbvae: Sbvae, arrays: dict[str, object]
) -> None:
    codes = write_noise(Path("c.npz"), **arrays)
    for metric in ("mig", "geometry", "factor-vae", "dci"):
        done = sbvae("eval", codes, "--metrics", metric)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            f"error: c.npz: {metric} cannot be computed: c.npz has no factors that vary; these "
            "can: unsupervised\n"
        )
    assert sbvae("eval", codes, "--metrics", "unsupervised", *FEW).code == 0


def test_models_of_images_without_factors_get_the_scores_that_need_none(
    sbvae: Sbvae, write_model: WriteModel
) -> None:
    runs = [write_model(Path(name)) for name in ("a.pt", "b.pt")]
    data = ("--data", write_images(sbvae, Path("d.h5")))
    for metrics in ("rates,unsupervised,udr", "all"):
        done = sbvae("eval", *runs, *data, "--metrics", metrics, *FEW, "--json", "-")
        assert done.code == 0
        for each in json.loads(done.out)["results"]:
            scores = each["scores"]
            assert {*NEED_NO_FACTORS, "nll", "kl", "udr_spearman", "udr_lasso"} <= scores.keys()
            assert not {"mig", "sap", "factor_vae"} & scores.keys()
    assert sbvae("eval", runs[0], *data, "--metrics", "unsupervised", *FEW).code == 0
    done = sbvae("eval", runs[0], *data, "--metrics", "mig", *FEW)
    assert "these can: rates and unsupervised\n" in done.err
    assert sbvae("eval", runs[0], *data, "--metrics", "rates,unsupervised", *FEW).code == 0


@pytest.mark.parametrize("blank", [False, True])
def test_constant_factors_are_none(sbvae: Sbvae, write_model: WriteModel, blank: bool) -> None:
    fixed = ("--factor", "x=0.5", "--factor", "y=0.5", *(("--blank", 0.5) if blank else ()))
    make = ("gen-data", "circles", *fixed, "--count", 60, "--size", "12x8", "--out", "d.h5")
    assert sbvae(*make).code == 0
    run = write_model(Path("a.pt"))
    done = sbvae("eval", run, "--data", "d.h5", "--metrics", "all", *FEW)
    assert done.code == 0 and "gaussian_total_correlation" in done.out and "nll" in done.out


@pytest.mark.parametrize("count", [1, 2, 15])
def test_a_few_images_are_scored_or_one_line(
    sbvae: Sbvae, write_model: WriteModel, count: int
) -> None:
    runs = [write_model(Path(name)) for name in ("a.pt", "b.pt")]
    data = ("--data", write_images(sbvae, Path("d.h5"), count), *FEW)
    done = sbvae("eval", *runs, *data, "--metrics", "all")
    assert done.code == 0 and "nll" in done.out
    assert ("udr_spearman" in done.out) is (count > 1)
    for metric, left in [("unsupervised", runs[:1]), ("udr", runs)]:
        done = sbvae("eval", *left, *data, "--metrics", metric)
        assert done.code == (1 if count == 1 else 0)
        assert "a fault of" not in done.err and (count > 1 or "one" in done.err)
