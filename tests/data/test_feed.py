"""Blocks of minibatches: pure in seed and number, whatever the block, the placement, the others."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.names import PROCEDURAL_DATASETS, Shuffle
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.fixed_set import FixedSet
from sbvae_cli.data.generate import plan_dataset, write_plan
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.random import stream

PLACES = ("stream", "memory", "device")


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 sprites without their colours."""
    path = tmp_path_factory.mktemp("masks") / "sprites.h5"
    space = open_source("sprites", 8, 8).space.config
    write_plan(path, plan_dataset(space, "sprites", 100, 8, 8), name="sprites", seed=0)
    return path


@pytest.fixture(params=["drawn", "file", "masks"])
def source(request: pytest.FixtureRequest, small: Path, masks: Path) -> Source:
    if request.param == "drawn":
        return open_source("circles:xyh-small", 6, 10)
    return open_source(small if request.param == "file" else masks)


def minibatches(feed: Feed, start: int, count: int, block: int) -> torch.Tensor:
    """Pixels of minibatches made in blocks of some length, shape (count, R, n, C, H, W)."""
    found = []
    for first in range(start, start + count, block):
        made = feed.block(first, min(block, start + count - first))
        colours = made.colours if made.colours is not None else [None] * len(made.images)
        found += [feed.pixels(*entry) for entry in zip(made.images, colours, strict=True)]
    return torch.stack(found)


@pytest.mark.parametrize("size", [7, 64, 200])
def test_blocks_of_any_length_give_the_same_stream(source: Source, size: int) -> None:
    whole = minibatches(Feed(source, size, [5, 9]), 0, 12, 12)
    assert whole.shape == (12, 2, size, source.channels, source.height, source.width)
    assert whole.dtype == torch.float32
    for block in (1, 5):
        assert torch.equal(minibatches(Feed(source, size, [5, 9]), 0, 12, block), whole)
    walked = Feed(source, size, [5, 9])
    for start in (7, 2, 3):  # as a run that resumes, and backwards
        assert torch.equal(minibatches(walked, start, 4, 3), whole[start : start + 4])


def test_a_replica_sees_what_it_sees_alone(source: Source) -> None:
    together = minibatches(Feed(source, 16, [4, 0, 7]), 0, 9, 4)
    for replica, seed in enumerate([4, 0, 7]):
        alone = minibatches(Feed(source, 16, [seed]), 0, 9, 9)
        assert torch.equal(together[:, replica : replica + 1], alone)
    assert not torch.equal(together[:, 0], together[:, 1])


@pytest.mark.parametrize("shuffle", ["windows", "all"])
@pytest.mark.parametrize("source", ["file", "masks"], indirect=True)
def test_every_placement_gives_the_same_minibatches(source: Source, shuffle: Shuffle) -> None:
    found = [
        minibatches(
            Feed(source, 16, [3, 8], validation=0.1, shuffle=shuffle, data_on=place), 5, 15, 6
        )
        for place in PLACES
    ]
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_what_lies_on_the_device_comes_as_row_numbers(small: Path) -> None:
    source = open_source(small)
    block = Feed(source, 4, [0, 1], data_on="device").block(0, 3)
    assert (block.images.dtype, block.images.shape) == (torch.int64, (3, 2, 4))
    stored = source.images(0, 150)[0]
    streamed = Feed(source, 4, [0, 1], data_on="stream").block(0, 3).images
    np.testing.assert_array_equal(streamed.numpy(), stored[block.images.numpy()])


@pytest.mark.parametrize("data", ["circles:xy-hole", "circles:xh-blank", *PROCEDURAL_DATASETS[1:]])
def test_drawn_minibatches_are_samples_of_streams_of_their_own(data: str) -> None:
    source = open_source(data, 16, 16)
    block = Feed(source, 50, [2, 6]).block(3, 2).images
    for step, replica in np.ndindex(2, 2):
        rng = stream((2, 6)[replica], "drawn", 3 + step)
        np.testing.assert_array_equal(block[step, replica], source.sample(rng, 50)[0])


def test_drawn_minibatches_leave_the_held_out_region_out() -> None:
    images = Feed(open_source("circles:xy-hole", 16, 16), 500, [0]).block(0, 1).images
    lit = images[0, 0, ..., 0].numpy().astype(float)
    column = (lit * (np.arange(16) + 0.5)).sum((1, 2)) / lit.sum((1, 2)) / 16
    row = (lit * (np.arange(16) + 0.5)[:, None]).sum((1, 2)) / lit.sum((1, 2)) / 16
    assert not ((np.abs(column - 0.5) < 0.14) & (np.abs(row - 0.5) < 0.14)).any()


def test_an_epoch_of_minibatches_has_each_image_once(numbered: Path) -> None:
    block = Feed(open_source(str(numbered)), 20, [0]).block(0, 45).images
    pixels = block.reshape(3, 300, 2).numpy().astype(int)
    for epoch in pixels:
        assert sorted(256 * epoch[:, 0] + epoch[:, 1]) == list(range(300))


@pytest.mark.parametrize("name", ["circles:xy-hole", "sprites"])
def test_a_fixed_set_trains_as_the_file_of_its_images(tmp_path: Path, name: str) -> None:
    drawn = open_source(name, 8, 8)
    plan = plan_dataset(drawn.space.config, drawn.name, 150, 8, 8)
    write_plan(tmp_path / "a.h5", plan, name=drawn.name, seed=0)
    stored = open_source(tmp_path / "a.h5")
    of_file = minibatches(Feed(stored, 32, [4], validation=0.1), 0, 9, 9)
    for place in PLACES:
        fixed = Feed(drawn, 32, [4], validation=0.1, fixed_set=150, data_on=place)
        assert torch.equal(minibatches(fixed, 0, 9, 4), of_file)

    rows = np.array([70, 3, 149, 64, 4])
    images, _ = stored.read_rows(np.random.default_rng(1), rows)
    again = FixedSet(drawn, 150).read_rows(np.random.default_rng(1), rows)
    np.testing.assert_array_equal(again, images)


def test_a_fixed_set_is_of_drawn_images(small: Path) -> None:
    with pytest.raises(SbvaeError, match=r"small\.h5 is a file, and a fixed set already") as caught:
        Feed(open_source(small), 4, [0], fixed_set=20)
    assert caught.value.field == "fixed_set"


def test_an_empty_minibatch_is_refused(source: Source) -> None:
    with pytest.raises(SbvaeError, match="a minibatch of 0 images is empty"):
        Feed(source, 0, [0])


def test_a_closed_feed_gives_nothing(small: Path) -> None:
    feed = Feed(open_source(small), 4, [0])
    feed.close()
    with pytest.raises(ValueError, match="is closed"):
        feed.block(0, 1)
