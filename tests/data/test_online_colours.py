"""Sprites from a file: stored masks, in colours that are drawn whenever an image is read."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.columns import colours_of, hsv_to_rgb
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.data.pixels import planes, to_device
from sbvae_cli.data.renderers.sprites import paint, render_masks
from sbvae_cli.data.source import Source, open_source

Sbvae = Callable[..., object]
COLOURS = ("hue", "saturation", "value")
STORED = ("shape", "scale", "orientation", "x", "y")
HOLE = {"hue": (0.4, 0.6)}
RANGES = {
    "scale": (0.5, 0.6),
    "orientation": (0.0, 0.2),
    "x": (0.0, 0.1),
    "y": (0.9, 1.0),
}
COUNT = 3 * 2 * 2 * 4 * 4


def grid(*holes: dict[str, tuple[float, float]]) -> SpaceConfig:
    return customise(named_space("sprites"), ranges=RANGES, holes=holes)


def write(path: Path, space: SpaceConfig, count: int | None = None) -> Path:
    write_plan(path, plan_dataset(space, "sprites", count, 16, 16), name="sprites", seed=0)
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sprites") / "sprites.h5", grid(HOLE))


def opened(path: Path) -> Source:
    source = open_source(str(path))
    return source


@pytest.fixture
def source(path: Path) -> Source:
    return opened(path)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def painted(factors: np.ndarray) -> np.ndarray:
    """Drawn and coloured anew, from the factors alone."""
    assert factors.shape[1] == 8
    masks = render_masks(factors, (*STORED, *COLOURS), 16, 16)
    return paint(masks, hsv_to_rgb(factors[:, 5:].astype(np.float64)))


def test_the_file_stores_masks_without_colours(path: Path, source: Source) -> None:
    with h5py.File(path) as file:
        assert file["images"].shape == (COUNT, 16, 16, 1)
        assert file["factors"].shape == (COUNT, 5)
        assert set(np.unique(file["images"][...])) == {0, 255}
    assert source.space.config.online == COLOURS
    assert source.space.config.complete_grid


def test_images_have_three_channels_and_the_colours_of_their_factors(source: Source) -> None:
    assert (source.channels, source.count, source.space.names) == (3, COUNT, (*STORED, *COLOURS))
    images, factors = source.sample(rng(), 90)
    assert (images.shape, images.dtype) == ((90, 16, 16, 3), np.uint8)
    assert (factors.shape, factors.dtype) == ((90, 8), np.float32)
    assert images.any((1, 2, 3)).all()
    np.testing.assert_array_equal(images, painted(factors))
    assert len(np.unique(factors[:, :5], axis=0)) == 90
    assert len(np.unique(factors[:, 5])) == 90


def test_stored_factors_come_back_beside_the_colours(source: Source) -> None:
    rows = rng().permutation(COUNT)
    images, factors = source.read_rows(rng(1), rows)
    with h5py.File(source.file.path) as file:
        np.testing.assert_array_equal(factors[:, :5], file["factors"][...][rows])
        lit = file["images"][...][rows] > 0
    np.testing.assert_array_equal(images.any(-1, keepdims=True), lit)


def test_colours_are_new_at_each_call_and_a_function_of_the_generator(source: Source) -> None:
    generator, rows = rng(4), np.arange(20)
    first, second = (source.read_rows(generator, rows) for _ in range(2))
    again = source.read_rows(rng(4), rows)
    assert (first[1][:, 5] != second[1][:, 5]).all()
    np.testing.assert_array_equal(first[1][:, :5], second[1][:, :5])
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_colours_are_those_of_the_space_and_held_out_ones_never_come(source: Source) -> None:
    colours = source.sample(rng(), 5000)[1][:, 5:]
    hue, saturation, value = colours.T
    assert not ((hue >= 0.4) & (hue <= 0.6)).any()
    assert hue.min() < 0.01 and hue.max() > 0.99
    assert (np.histogram(hue, 10, (0, 1))[0][[0, 1, 2, 3, 6, 7, 8, 9]] > 520).all()  # 625 each
    for part in (saturation, value):
        assert 0.3 <= part.min() < 0.31 and 0.69 < part.max() <= 0.7


def test_minibatches_never_have_held_out_colours(source: Source) -> None:
    feed = feed_of(source, 500)
    rgb = np.concatenate([masks_of(feed, i)[1] for i in range(10)])
    value = rgb.max(1)
    chroma = value - rgb.min(1)
    assert (chroma > 0.05).all()
    red, green, blue = rgb.T
    sixths = np.select(
        [red == value, green == value], [(green - blue) / chroma % 6, 2 + (blue - red) / chroma]
    )
    sixths = np.where((red < value) & (green < value), 4 + (red - green) / chroma, sixths)
    hue = sixths / 6
    assert not ((hue > 0.4001) & (hue < 0.5999)).any()
    assert ((hue > 0.3) & (hue < 0.4)).any() and ((hue > 0.6) & (hue < 0.7)).any()


def test_the_full_and_held_out_populations_are_drawn(source: Source) -> None:
    images, factors = source.sample(rng(), 300, "heldout")
    assert ((factors[:, 5] >= 0.4) & (factors[:, 5] <= 0.6)).all()
    np.testing.assert_array_equal(images, painted(factors))
    hue = source.sample(rng(), 300, "full")[1][:, 5]
    assert 30 < ((hue >= 0.4) & (hue <= 0.6)).sum() < 90


def test_images_of_given_factors_are_in_their_colours(source: Source) -> None:
    factors = source.space.sample(rng(), 30, "full")
    np.testing.assert_array_equal(source.render(factors), painted(factors))


def test_a_stored_grid_without_a_renderer_is_coloured_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", grid())
    with h5py.File(path, "r+") as file:
        space = SpaceConfig.model_validate_json(file.attrs["space"])
        changed = space.model_copy(update={"renderer": None})
        file.attrs["space"] = changed.model_dump_json()
    source = opened(path)
    factors = source.space.sample(rng(), 30, "full")
    np.testing.assert_array_equal(source.render(factors), painted(factors))
    factors[3] = np.nan
    assert not source.render(factors)[3].any()


def test_blank_images_have_no_colour(tmp_path: Path) -> None:
    space = customise(grid(), blank=0.5)
    source = opened(write(tmp_path / "a.h5", space, count=80))
    images, factors = source.sample(rng(), 80)
    blank = factors[:, source.space.index("present")] == 0
    assert 20 < blank.sum() < 60
    np.testing.assert_array_equal(images.any((1, 2, 3)), ~blank)
    for name in (*STORED, *COLOURS):
        np.testing.assert_array_equal(np.isnan(factors[:, source.space.index(name)]), blank)


SPANS = [(0, COUNT), (0, 1), (63, 65), (64, 128), (100, 150), (COUNT - 1, COUNT)]


@pytest.mark.parametrize("span", SPANS)
def test_image_i_is_the_same_whatever_span_it_is_read_in(
    source: Source, span: tuple[int, int]
) -> None:
    whole = source.images(0, COUNT, seed=7)
    part = source.images(*span, seed=7)
    for all_of_it, found in zip(whole, part, strict=True):
        np.testing.assert_array_equal(found, all_of_it[slice(*span)])
    np.testing.assert_array_equal(part[0], painted(part[1]))


def test_images_in_order_have_the_files_rows_and_the_seeds_colours(source: Source) -> None:
    factors = source.images(0, COUNT, seed=7)[1]
    np.testing.assert_array_equal(factors[:, :5], source.file.read(0, COUNT)[1])
    other = source.images(0, COUNT, seed=8)[1]
    assert (factors[:, 5] != other[:, 5]).all()
    assert len(np.unique(factors[:, 5])) == COUNT


def masks_of(feed: Feed, i: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Masks and colours of minibatch i."""
    block = feed.block(i, 1)
    assert block.colours is not None
    return block.images[0, 0], block.colours[0, 0]


def feed_of(source: Source, size: int, seed: int = 0) -> Feed:
    return Feed(source, size, [seed], data_on="stream")


def test_seeds_and_numbers_give_other_colours(source: Source) -> None:
    feed = feed_of(source, 32, 5)
    _, first = masks_of(feed, 0)
    assert (first != masks_of(feed, 1)[1]).all()
    assert (first != masks_of(feed_of(source, 32, 6), 0)[1]).all()


def test_an_epoch_has_each_mask_once_and_the_next_one_other_colours(source: Source) -> None:
    feed = feed_of(source, 48)
    expected = sorted(mask.tobytes() for mask in source.file.read(0, COUNT)[0])
    colours = []
    for epoch in range(2):
        masks, drawn = (
            np.concatenate(p)
            for p in zip(*(masks_of(feed, 4 * epoch + i) for i in range(4)), strict=True)
        )
        assert sorted(mask.tobytes() for mask in masks) == expected
        colours.append(drawn)
    assert len(np.unique(np.concatenate(colours), axis=0)) == 2 * COUNT


def test_colouring_on_the_device_is_painting_bit_by_bit(source: Source) -> None:
    feed = feed_of(source, 400)
    masks, colours = masks_of(feed, 0)
    assert (masks.shape, masks.dtype) == ((400, 16, 16, 1), torch.uint8)
    found = feed.pixels(masks, colours)
    assert (found.shape, found.dtype) == ((400, 3, 16, 16), torch.float32)
    assert torch.equal(found, to_device(paint(masks.numpy(), colours.numpy()), "cpu"))


@pytest.mark.cuda
def test_a_gpu_colours_alike(source: Source) -> None:
    masks, colours = masks_of(feed_of(source, 400), 0)
    found = planes(masks.cuda(), colours.cuda()).cpu() * 255
    assert torch.equal(found.round(), (planes(masks, colours) * 255).round())


def test_colours_of_red_green_and_blue_are_drawn_too(tmp_path: Path) -> None:
    space = named_space("sprites").model_dump()
    space["factors"] = [f for f in space["factors"] if f["name"] not in COLOURS]
    space["factors"] += [{"name": name, "low": 0.2, "high": 0.9} for name in ("red", "green")]
    space["factors"] += [{"name": "blue", "low": 0.5, "high": 0.5}]
    config = customise(SpaceConfig.model_validate(space), ranges=RANGES)
    source = opened(write(tmp_path / "a.h5", config))
    assert source.space.config.online == ("red", "green", "blue")
    images, factors = source.sample(rng(), 40)
    colours = colours_of(factors, source.space.names)
    np.testing.assert_array_equal(colours, factors[:, 5:])
    np.testing.assert_array_equal(images.max((1, 2)), np.round(255 * colours + 1e-4))


def without_data(tiny: list[str]) -> list[str]:
    at = tiny.index("--device")
    assert tiny[:at:2] == ["--data", "--size"]
    return tiny[at:]


@pytest.fixture
def run(sbvae: Sbvae, tiny: list[str], path: Path) -> Path:
    done = sbvae("train", *without_data(tiny), "--data", path, "--steps", 3, "--out", "run")
    assert done.code == 0, done.err
    return Path("run")


def test_every_command_takes_a_model_of_such_a_file(sbvae: Sbvae, run: Path, path: Path) -> None:
    for data in ((), ("--data", path)):
        for command in (
            ("eval", run, "--images", 60, "--votes", 5),
            ("geometry", run, "--factors", "x,y", "--at", "hue=0.1"),
            ("traverse", run, "--out", "rows.png"),
            ("encode", run, "--count", 70),
        ):
            done = sbvae(*command, *data)
            assert done.code == 0, done.err
        with np.load("codes.npz") as codes:
            assert codes["factors"].shape == (70, 8)
            assert codes["names"].tolist() == [*STORED, *COLOURS]
        assert Path("geometry.png").stat().st_size and Path("rows.png").stat().st_size


def test_codes_are_those_of_the_files_rows(sbvae: Sbvae, run: Path, path: Path) -> None:
    done = sbvae("encode", run, "--data", path)
    assert done.code == 0, done.err
    with np.load("codes.npz") as codes:
        np.testing.assert_array_equal(codes["factors"], opened(path).images(0, COUNT)[1])


def test_info_tells_of_the_file_and_draws_a_sheet(sbvae: Sbvae, path: Path) -> None:
    done = sbvae("info", path, "--sheet", "sheet.png")
    assert (done.code, done.err) == (0, "")
    assert "192 of 16x16 pixels, colour" in done.out
    assert "hue 0.4 to 0.6" in done.out
    assert Path("sheet.png").stat().st_size


def test_a_run_goes_on_as_if_it_was_never_stopped(
    sbvae: Sbvae, tiny: list[str], path: Path
) -> None:
    options = [*without_data(tiny), "--data", path]
    assert sbvae("train", *options, "--steps", 6, "--out", "whole").code == 0
    assert sbvae("train", *options, "--steps", 2, "--out", "part").code == 0
    assert sbvae("train", "--resume", "part", "--steps", 6).code == 0
    whole, part = (torch.load(f"{run}/ckpt.pt", weights_only=True) for run in ("whole", "part"))
    assert whole["model"].keys() == part["model"].keys()
    for name, weight in whole["model"].items():
        assert torch.equal(weight, part["model"][name]), name
