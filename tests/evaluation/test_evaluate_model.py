"""A whole evaluation of models whose codes are known, with few images."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.cost import estimate_cost
from sbvae_cli.evaluation.evaluate_model import evaluate_model
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.images import nonblank_images
from sbvae_cli.evaluation.plan import make_plan, other_factors
from sbvae_cli.evaluation.represent import represent_at_random
from sbvae_cli.evaluation.representation import sample_of
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.models.likelihoods import Bernoulli
from sbvae_cli.models.vae import VAE

SMALL = Protocol(images=400, votes_train=60, votes_eval=60, vote_images=16, grid=8)
SIZE = 16


class CentroidEncoder(nn.Module):
    """Latents 0 and 1 are where the light is, latent 2 whether there is any, latent 3 nothing."""

    def __init__(self, latents: int = 4) -> None:
        super().__init__()
        self.latents = latents
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        light = images.sum(1)
        total = light.sum((1, 2)).clamp_min(1e-6)
        x = light.sum(1) @ torch.arange(SIZE).float() / total / SIZE
        y = light.sum(2) @ torch.arange(SIZE).float() / total / SIZE
        there = (light.sum((1, 2)) > 1e-3).float()
        columns = [x, y, there, torch.zeros_like(x)][: self.latents]
        mean = self.scale * torch.stack(columns, 1)
        logvar = torch.full_like(mean, 0.0)
        logvar[:, :2] = -6.0
        return mean, logvar


class FlatDecoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor) -> Tensor:
        return self.level.expand(len(z), 3, SIZE, SIZE)


def centroid_vae(latents: int = 4) -> VAE:
    return VAE(CentroidEncoder(latents), FlatDecoder(), Bernoulli()).eval()


def source_of(preset: str) -> Source:
    return open_source(f"circles:{preset}", SIZE, SIZE)


def file_of(path: Path, preset: str, n: int = 300, renderer: bool = False) -> Source:
    drawn = source_of(preset)
    images, factors = drawn.sample(np.random.default_rng(5), n)
    space = drawn.space.config if renderer else drawn.space.config.model_copy(
        update={"renderer": None, "held_out": ()}
    )  # fmt: skip
    with h5py.File(path, "w") as file:
        file["images"], file["factors"] = images, factors
        file.attrs.update(
            sbvae_format=1, name="stored", seed=0, space=space.model_dump_json(), complete=True
        )
    source = open_source(str(path))
    return source


def test_codes_that_are_the_factors_score_nearly_one() -> None:
    found = evaluate_model(centroid_vae(), source_of("xy"), SMALL)
    assert found.scores["mig"].value > 0.8
    assert found.scores["factor_vae"].value == 1
    assert found.scores["factor_vae"].details["classifier"] == {"0": "x", "1": "y"}
    assert found.scores["factor_vae"].details["chance"] == 0.5
    assert found.scores["latents_used"].value == found.scores["latents_used_by_mean"].value == 2
    assert found.scores["mig"].details["binned_factors"] == ["x", "y"]
    assert found.geometry["x,y"].scores["affine_r2"] > 0.99
    # A decoder of p = 1/2 everywhere: log 2 a value, whatever the image.
    assert found.scores["nll"].value == pytest.approx(3 * SIZE * SIZE * np.log(2), rel=1e-6)


def test_each_score_says_which_images_it_speaks_of() -> None:
    found = evaluate_model(centroid_vae(), source_of("xy-hole"), SMALL)
    by_population = {name: score.population for name, score in found.scores.items()}
    assert by_population == {
        **dict.fromkeys(["neg_elbo", "nll", "kl", "latents_used", "latents_used_by_mean"], "train"),
        **dict.fromkeys(["nll_heldout", "kl_heldout"], "heldout"),
        **dict.fromkeys(["mig", "mig_quantile", "mig_subspace", "factor_vae"], "full"),
    }
    assert found.geometry["x,y"].as_dict()["population"] == "full"
    assert evaluate_model(
        centroid_vae(), source_of("xy-hole"), Protocol(("mig",), "train", images=100)
    ).scores["mig"].population == "train"  # fmt: skip


class Recording:
    """A source that notes the factors of what it gave away."""

    def __init__(self, source: Source) -> None:
        self.inner = source
        self.asked: list[tuple[str, int]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def sample(
        self, rng: np.random.Generator, n: int, population: str = "train"
    ) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append((population, n))
        return self.inner.sample(rng, n, population)  # type: ignore[arg-type]


@pytest.mark.parametrize("population", ["full", "train"])
def test_images_come_from_the_populations_that_are_reported(population: str) -> None:
    source = Recording(source_of("xy-hole"))
    evaluate_model(centroid_vae(), source, Protocol(("rates", "mig"), population, images=50))  # type: ignore[arg-type]
    asked = [asked for asked in source.asked if asked[1] == 50]
    assert sorted(asked) == sorted([("train", 50), (population, 50)])


def test_without_a_held_out_region_its_rates_are_null() -> None:
    scores = evaluate_model(centroid_vae(), source_of("xy"), Protocol(("rates",), images=50)).scores
    assert scores["nll_heldout"].value is None and scores["kl_heldout"].value is None


def test_blank_images_count_in_the_rates_and_in_what_latents_know_of_present_alone() -> None:
    found = evaluate_model(centroid_vae(), source_of("xh-blank"), SMALL)
    present = found.scores["present_information"]
    assert present.population == "train"
    assert present.details["by_latent"][2] == pytest.approx(np.log(2), abs=0.01)
    assert present.details["by_latent"][3] == 0
    assert present.value == max(present.details["by_latent"])
    # x is latent 0 and y does not vary: hue is in no latent, and no blank adds information.
    assert found.scores["mig"].details["by_factor"]["x"] > 0.6
    assert set(found.scores["mig"].details["by_factor"]) == {"x", "hue"}


@pytest.mark.parametrize("population", ["full", "train"])
def test_the_metrics_of_a_dataset_with_blanks_are_over_as_many_present_images(
    population: str,
) -> None:
    source = Recording(source_of("xh-blank"))
    counts: list[int] = []
    protocol = Protocol(("mig",), population, images=300)  # type: ignore[arg-type]
    evaluate_model(centroid_vae(), source, protocol, counts.append)  # type: ignore[arg-type]
    assert sum(counts) == 300 + 300  # the pool, and the training images for `present`


def test_a_score_depends_on_the_seed_and_not_on_the_other_scores() -> None:
    def run(seed: int, groups: object = None) -> dict[str, object]:
        protocol = Protocol(groups, seed=seed, images=200, votes_train=20, votes_eval=20, grid=4)  # type: ignore[arg-type]
        return evaluate_model(centroid_vae(), source_of("xh-blank"), protocol).as_dict()["scores"]

    whole = run(0)
    assert run(0) == whole
    assert run(1) != whole
    assert run(0, ("mig",)).items() <= whole.items()
    assert run(0, ("rates",)).items() <= whole.items()
    assert run(0, ("factor-vae",)).items() <= whole.items()


def test_a_file_without_a_renderer_has_its_own_rows_only(tmp_path: Path) -> None:
    found = evaluate_model(centroid_vae(), file_of(tmp_path / "d.h5", "xy"), SMALL)
    assert found.scores["mig"].population == found.scores["factor_vae"].population == "file"
    assert found.scores["factor_vae"].value > 0.9
    assert found.geometry["x,y"].population == "file"
    assert found.geometry["x,y"].scores["affine_r2"] > 0.99
    findings = {finding.code: finding for finding in found.findings}
    assert findings["scattered"].factors == ("x", "y")
    assert findings["undrawn-votes"].values["scores"] == ["factor_vae"]
    assert findings["too-few-to-count"].values["rows"] == 300


def test_a_file_with_a_renderer_is_scored_on_the_whole_space(tmp_path: Path) -> None:
    found = evaluate_model(
        centroid_vae(), file_of(tmp_path / "d.h5", "xy-hole", renderer=True), SMALL
    )
    assert found.scores["mig"].population == "full"
    assert found.scores["nll_heldout"].value is not None


def test_rows_of_one_file_are_not_both_fitted_to_and_tested(tmp_path: Path) -> None:
    """A file that could draw images anew has rows alone for its training distribution."""
    source = file_of(tmp_path / "f.h5", "xy", renderer=True)
    protocol = Protocol(("sap",), "train", images=180, test_images=90)
    images, factors = nonblank_images(source, protocol, 270)
    assert len(images) == len(np.unique(factors, axis=0)) == 270
    found = represent_at_random(centroid_vae(), source, protocol, 270)
    assert found.population == "train" and found.at_random
    sample = sample_of(found.labelled(20), protocol, found.at_random)
    assert sample.images == 180 and sample.train_share == pytest.approx(2 / 3)


def test_votes_fix_the_factors_that_vary_in_the_population() -> None:
    """Without the other two shapes there is one, so that the votes' numbers shift."""
    space = customise(named_space("sprites"), holes=[{"shape": (1, 2)}])
    source = source_from_space(space, "ellipses", SIZE, SIZE)
    found = evaluate_model(
        centroid_vae(),
        source,
        replace(SMALL, votes_train=300, metrics=("factor-vae",), population="train"),
    )
    stands_for = found.scores["factor_vae"].details["classifier"]
    assert (stands_for["0"], stands_for["1"]) == ("x", "y")
    assert Finding("constant-factors", ("shape",)) in found.findings


def test_data_without_factors_gets_the_scores_that_need_none(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    with h5py.File(path, "w") as file:
        file["images"] = np.zeros((7, SIZE, SIZE, 3), np.uint8)
        file["factors"] = np.zeros((7, 0), np.float32)
        file.attrs.update(
            sbvae_format=1,
            name="plain",
            seed=0,
            space=SpaceConfig().model_dump_json(),
            complete=True,
        )
    found = evaluate_model(centroid_vae(), open_source(str(path)), SMALL)
    assert "nll" in found.scores and "mig" not in found.scores
    without = {
        "metrics": ["mig", "factor-vae", "geometry"],
        "why": "plain has no factors that vary",
    }
    few = {"data": "plain", "images": 7, "wanted": 400}
    assert found.findings[:2] == (
        Finding("without", values=without),
        Finding("few-images", values=few),
    )


def test_images_that_training_never_saw_are_scored_beside_the_others(tmp_path: Path) -> None:
    path = tmp_path / "d.h5"
    validation_rows = np.array([1, 4, 5, 11])
    images = np.zeros((12, SIZE, SIZE, 3), np.uint8)
    images[validation_rows] = 255
    with h5py.File(path, "w") as file:
        file["images"], file["factors"] = images, np.zeros((12, 0), np.float32)
        file.attrs.update(
            sbvae_format=1, name="plain", seed=0, space=SpaceConfig().model_dump_json(),
            complete=True,
        )  # fmt: skip
    vae = centroid_vae()
    vae.decoder.level.data.fill_(2.0)

    found = evaluate_model(
        vae, open_source(str(path)), Protocol(("rates",)), validation_rows=validation_rows
    ).scores

    values = 3 * SIZE * SIZE
    assert found["nll"].value == pytest.approx(values * np.log1p(np.exp(2)), rel=1e-5)
    assert found["nll_validation"].value == pytest.approx(values * np.log1p(np.exp(-2)), rel=1e-5)
    assert found["nll_validation"].population == "validation"
    assert "nll_validation" not in evaluate_model(vae, source_of("xy"), SMALL).scores


def test_a_model_of_one_latent_gets_the_other_scores_and_a_line() -> None:
    found = evaluate_model(centroid_vae(1), source_of("xy"), SMALL)
    assert "mig" not in found.scores and found.geometry == {}
    assert found.scores["factor_vae"].value == pytest.approx(0.5, abs=0.2)
    (without,) = [each for each in found.findings if each.code == "without"]
    assert without.values["metrics"] == ["mig", "geometry"]


def test_a_dead_model_is_said_to_be_one_and_scores_at_chance() -> None:
    vae = centroid_vae()
    vae.encoder.scale.data.zero_()
    vae.encoder.forward = lambda x: (torch.zeros(len(x), 4), torch.zeros(len(x), 4))  # type: ignore[method-assign]
    found = evaluate_model(vae, source_of("xy"), SMALL)
    assert found.scores["mig"].value == found.scores["mig_quantile"].value == 0
    assert found.scores["factor_vae"].value == pytest.approx(0.5, abs=0.2)
    assert found.scores["latents_used"].value == 0
    assert Finding("no-kl", values={"kl": 0.0}) in found.findings
    assert Finding("constant-guess") in found.findings


def test_a_model_that_gives_no_numbers_is_named_before_anything_is_computed() -> None:
    vae = centroid_vae()
    vae.encoder.scale.data.fill_(float("nan"))
    for call in (evaluate_model, make_plan):
        with pytest.raises(SbvaeError, match="means are not finite"):
            call(vae, source_of("xy"), SMALL)


@pytest.mark.parametrize("preset", ["xy", "xy-hole", "xh-blank", "xyh-small"])
@pytest.mark.parametrize("groups", [None, ("mig",), ("rates",), ("factor-vae", "rates")])
def test_the_cost_is_what_is_encoded(preset: str, groups: object) -> None:
    protocol = Protocol(groups, images=60, votes_train=3, votes_eval=2, vote_images=4, grid=5)  # type: ignore[arg-type]
    counts: list[int] = []
    cost = estimate_cost(centroid_vae(), make_plan(centroid_vae(), source_of(preset), protocol))
    evaluate_model(centroid_vae(), source_of(preset), protocol, counts.append)
    assert cost.encode == sum(counts)
    assert cost.seconds > 0


def test_the_result_is_plain_json_without_nan() -> None:
    found = evaluate_model(centroid_vae(), source_of("xy-hole"), SMALL).as_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["protocol"]["metrics"] == ["rates", "mig", "factor-vae", "geometry"]
    assert found["protocol"]["images"] == 400


def test_factors_other_than_the_models_own_are_described() -> None:
    xy, xh = named_space("circles:xy"), named_space("circles:xh")
    assert other_factors(xy, named_space("circles:xy-hole")) is None
    assert other_factors(xy, xh) == "this data varies in x, hue, the model's own in x, y"
    assert "nothing known" in str(other_factors(xy, SpaceConfig()))
    assert "other ranges" in str(
        other_factors(named_space("circles:xyh-small"), named_space("circles:xyh-tiny"))
    )


def test_a_geometry_names_the_varying_factors_of_unordered_kinds_alone() -> None:
    def kinds(name: str) -> list[tuple[str, ...]]:
        source = open_source(name, SIZE, SIZE)
        found = evaluate_model(centroid_vae(), source, Protocol(("geometry",), grid=4))
        return [each.factors for each in found.findings if each.code == "kinds"]

    assert kinds("sprites") == [("shape",)]
    assert kinds("circles:xy") == []
