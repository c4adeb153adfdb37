"""Which latents are swept, around which image, and what is marked."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.generate import DatasetPlan, write_plan
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.examples import start_image
from sbvae_cli.evaluation.traversal import (
    Traversal,
    choose_latents,
    draw_reference_images,
    order_by_variance,
    sweep,
    traverse,
)
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE
from sbvae_cli.random import stream

HEIGHT, WIDTH = 8, 12
HOLE = named_space("circles:xy-hole")


def circles(preset: str = "xy-hole") -> Source:
    return Source(preset, FactorSpace(named_space(f"circles:{preset}")), HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def vae() -> VAE:
    """Untrained, with weights large enough that each latent shows."""
    config = ModelConfig(
        latent_dim=5,
        encoder=EncoderConfig(hidden_channels=(4,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(8,)),
    )
    model = build_vae(config, (3, HEIGHT, WIDTH), seed=1).eval()
    for parameter in model.decoder.parameters():
        parameter.data.mul_(3)
    model.encoder.output.bias.data[5:] = torch.tensor([0.0, -4.0, 1.0, -2.0, -6.0])
    return model


def levels(vae: VAE, z: np.ndarray) -> np.ndarray:
    """One image of a code, by the decoder alone."""
    with torch.no_grad():
        logits = vae.decoder(torch.tensor(z, dtype=torch.float32)[None])[0]
    return np.rint(255 / (1 + np.exp(-logits.numpy()))).transpose(1, 2, 0)


def run(vae: VAE, source: Source, space: SpaceConfig = HOLE, **options: object) -> Traversal:
    return traverse(vae, source, space, **options)


def test_reference_images_are_drawn_once_for_several_models(vae: VAE) -> None:
    source = circles()
    alone, reference = run(vae, source, seed=3, latents=1), draw_reference_images(source, seed=3)
    starts = [start_image(source, None, 3)]
    source.sample = None  # type: ignore[assignment,method-assign]
    for _ in range(2):
        found = run(vae, source, seed=3, latents=1, starts=starts, reference=reference)
        np.testing.assert_array_equal(found.inputs, alone.inputs)
        np.testing.assert_array_equal(found.stds, alone.stds)


def test_each_image_is_the_decoders_of_a_code_with_one_latent_moved(vae: VAE) -> None:
    code, values = np.array([0.3, -0.7, 1.1, 0.0, 0.5]), np.array([-2.0, 0.5, 2.0])

    images = sweep(vae, code, (4, 1), np.stack([values, values]))

    assert images.shape == (2, 3, HEIGHT, WIDTH, 3)
    for row, latent in enumerate((4, 1)):
        for column, value in enumerate(values):
            z = code.copy()
            z[latent] = value
            assert np.abs(images[row, column] - levels(vae, z)).max() <= 1
    assert (images[:, 0] != images[:, 2]).any(axis=(1, 2, 3)).all()


def test_latents_are_ordered_by_mean_variance_not_by_mean_std() -> None:
    stds = np.array([[0.6, 0.1, 0.9], [0.6, 1.0, 0.9]])  # variances 0.36, 0.505, 0.81

    assert order_by_variance(stds) == [0, 1, 2]
    assert np.argsort(stds.mean(axis=0)).tolist() == [1, 0, 2]


def test_the_models_latents_come_by_their_std(vae: VAE) -> None:
    result = run(vae, circles(), latents=None)

    assert result.latents == (4, 1, 3, 0, 2)
    assert result.stds[list(result.latents)].tolist() == sorted(result.stds)
    assert result.sweeps.shape == (1, 5, 11, HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(result.values, np.tile(np.linspace(-2, 2, 11), (5, 1)))
    assert result.quantiles is None


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [(2, (3, 1)), (9, (3, 1, 0, 2)), (None, (3, 1, 0, 2)), ([2, 3], (2, 3)), ([0], (0,))],
)
def test_latents_are_a_number_of_them_or_named(wanted: object, chosen: tuple[int, ...]) -> None:
    assert choose_latents([3, 1, 0, 2], wanted) == chosen


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([4], "no latent 4; this model has latents 0 to 3"),
        ([-1], "no latent -1"),
        ([1, 2, 1], "latent 1 is named twice"),
        (0, "0 latents"),
        ([], "no latent is named"),
    ],
)
def test_latents_that_cannot_be_swept_are_named(wanted: object, message: str) -> None:
    with pytest.raises(SbvaeError, match=message):
        choose_latents([3, 1, 0, 2], wanted)


@pytest.mark.parametrize("index", [0, 3, 70])
def test_the_sweep_starts_from_the_image_of_that_number(vae: VAE, index: int) -> None:
    source = circles()
    image, _ = source.images(index, index + 1, seed=4)

    result = run(vae, source, starts=[start_image(source, index, 4)], seed=4, columns=5)

    np.testing.assert_array_equal(result.inputs[0], image[0])
    with torch.no_grad():
        mean, _ = vae.encode(torch.from_numpy(image).permute(0, 3, 1, 2) / 255)
    np.testing.assert_allclose(result.codes[0], mean[0], atol=1e-6)
    assert np.abs(result.reconstructions[0] - levels(vae, result.codes[0])).max() <= 1


def test_the_last_third_of_the_examples_is_held_out_and_marked(vae: VAE) -> None:
    result = run(vae, circles(), count=9)

    assert result.held_out.tolist() == [False] * 6 + [True] * 3
    for image, held_out in zip(result.inputs, result.held_out, strict=True):
        rows, columns = np.nonzero(image[..., 0] > 127)
        x, y = (columns.mean() + 0.5) / WIDTH, 1 - (rows.mean() + 0.5) / HEIGHT
        inside = 0.25 < x < 0.75 and 0.25 < y < 0.75  # the hole, and a pixel around it
        assert inside if held_out else True
    assert len(np.unique(result.inputs.reshape(9, -1), axis=0)) == 9


def test_models_of_other_data_have_the_same_images_and_mark_their_own(vae: VAE) -> None:
    one = run(vae, circles(), shared=HOLE, count=9)
    other = run(vae, circles(), named_space("circles:xy"), shared=HOLE, count=9)

    np.testing.assert_array_equal(other.inputs, one.inputs)
    assert one.held_out.sum() == 3 and not other.held_out.any()


def test_nothing_is_marked_where_nothing_was_held_out(vae: VAE) -> None:
    assert not run(vae, circles("xy"), named_space("circles:xy")).held_out.any()


def test_other_data_are_marked_by_what_the_models_training_left_out(vae: VAE) -> None:
    marks = [run(vae, circles("xy"), HOLE, count=12, seed=seed).held_out for seed in range(3)]

    assert sum(mark.sum() for mark in marks) > 3 * 4  # more than those that are drawn there
    assert all(mark[1:].tolist() == sorted(mark[1:]) for mark in marks)  # one group at the end
    assert not run(vae, circles("xh"), HOLE).held_out.any()  # other factors: no telling


def test_a_blank_image_starts_a_sweep_only_if_it_is_named(vae: VAE) -> None:
    source = circles("xh-blank")
    _, factors = source.images(0, 64, seed=0)
    blanks = np.flatnonzero(np.isnan(factors[:, 0]))

    blank = start_image(source, int(blanks[0]))
    named = run(vae, source, named_space("circles:xh-blank"), starts=[blank])
    free = [run(vae, source, named_space("circles:xh-blank"), seed=seed) for seed in range(4)]

    assert not named.inputs[0].any()
    assert all(result.inputs[0].any() for result in free)


def test_a_file_without_a_renderer_gives_its_rows(vae: VAE, tmp_path: Path) -> None:
    space = FactorSpace(SpaceConfig(factors=HOLE.factors[:1]))

    def render(rows: np.ndarray) -> np.ndarray:
        greys = (255 * rows[:, 0]).astype(np.uint8)
        return np.tile(greys[:, None, None, None], (1, HEIGHT, WIDTH, 3))

    plan = DatasetPlan(space, 5, HEIGHT, WIDTH, render)
    write_plan(tmp_path / "grey.h5", plan, name="grey", seed=0)
    source = open_source(tmp_path / "grey.h5")
    images, _ = source.file.read(0, 5)

    result = run(vae, source, space.config, starts=[start_image(source, 3)])

    np.testing.assert_array_equal(result.inputs[0], images[3])
    assert not result.held_out.any()
    with pytest.raises(SbvaeError, match="image 5 does not exist; images are 0 to 4"):
        start_image(source, 5)


def test_deviations_are_those_of_images_that_are_not_blank(vae: VAE) -> None:
    source = circles("xh-blank")
    images, factors = source.sample(stream(0, "traverse"), 512)
    shown = torch.from_numpy(images[~np.isnan(factors[:, 0])]).permute(0, 3, 1, 2) / 255

    result = run(vae, source, named_space("circles:xh-blank"))

    with torch.no_grad():
        _, logvar = vae.encode(shown)
    np.testing.assert_allclose(result.stds, (logvar / 2).exp().mean(0), rtol=1e-5)


def test_each_start_has_its_own_sweeps_and_stands_first_among_the_inputs(vae: VAE) -> None:
    source = circles()
    starts = [start_image(source, index) for index in (7, 2, 30)]

    several = run(vae, source, starts=starts, columns=3, count=9)

    assert several.starts == ("7", "2", "30")
    assert several.sweeps.shape[:3] == (3, 5, 3)
    for number, start in enumerate(starts):
        alone = run(vae, source, starts=[start], columns=3)
        np.testing.assert_array_equal(several.inputs[number], start.pixels)
        np.testing.assert_array_equal(several.sweeps[number], alone.sweeps[0])
        np.testing.assert_allclose(several.codes[number], alone.codes[0], atol=1e-6)
    assert several.held_out[3:].tolist() == sorted(several.held_out[3:])
    assert len(run(vae, source, starts=starts, count=1).inputs) == 3


def test_the_posteriors_range_is_that_of_the_means_of_the_data(vae: VAE) -> None:
    source = circles("xy")
    images, _ = source.sample(stream(0, "traverse"), 512)
    with torch.no_grad():
        means, _ = vae.encode(torch.from_numpy(images).permute(0, 3, 1, 2) / 255)

    result = run(vae, source, ends="posterior", columns=3, latents=[2, 0])

    np.testing.assert_allclose(result.quantiles, [0.01, 0.5, 0.99])
    for row, latent in enumerate((2, 0)):
        ranked = np.sort(means[:, latent].numpy())
        below = [(ranked <= value).sum() / 512 for value in result.values[row]]
        np.testing.assert_allclose(below, [0.01, 0.5, 0.99], atol=2 / 512)


def test_values_of_a_swing_are_denser_at_its_ends(vae: VAE) -> None:
    (values,) = run(vae, circles(), columns=9, swing=True, latents=[0]).values

    np.testing.assert_allclose(values, -2 * np.cos(np.pi * np.arange(9) / 8), atol=1e-12)


def test_a_model_that_uses_no_latent_says_so(vae: VAE) -> None:
    result = run(vae, circles())
    assert result.used == (1, 3, 4)  # whose log-variances are about -4, -2 and -6
    dead = [k for k in range(5) if k not in result.used]
    assert result.followed is not None
    assert all(result.followed[k] == () for k in dead)
