"""Minibatches: pure in seed and number, made by a thread that ends."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.batches import Batches, to_device
from sbvae_cli.data.factors import FactorSpace
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError


@pytest.fixture(params=["drawn", "file", "windows"])
def batches_of(request: pytest.FixtureRequest, small: Path) -> Callable[..., Batches]:
    if request.param == "drawn":
        return partial(Batches, open_source("circles:xyh-small", 6, 10))
    window = 64 if request.param == "windows" else 8192
    return partial(Batches, open_source(small), window=window)


def threads() -> list[str]:
    """Those of data; evaluation keeps its own as long as the process lives."""
    data = ("sbvae-batches", "sbvae-window", "sbvae-worker")
    return [t.name for t in threading.enumerate() if t.name.startswith(data)]


@pytest.mark.parametrize("size", [7, 64, 400])
@pytest.mark.parametrize("start", [0, 3, 11])
def test_a_minibatch_is_the_same_from_a_stream_and_by_itself(
    batches_of: Callable[..., Batches], size: int, start: int
) -> None:
    stream = batches_of(size, 5).stream(start)
    streamed = [next(stream) for _ in range(10)]
    stream.close()
    for i in (9, 0, 4):
        alone = batches_of(size, 5).batch(start + i)
        np.testing.assert_array_equal(streamed[i], alone)
        assert (alone.shape, alone.dtype) == ((size, 6, 10, 3), np.uint8)


def test_the_order_of_calls_does_not_matter(batches_of: Callable[..., Batches]) -> None:
    batches = batches_of(7, 5)
    forward = [batches.batch(i) for i in range(30)]
    backward = [batches.batch(i) for i in reversed(range(30))]
    np.testing.assert_array_equal(forward, backward[::-1])


def test_seeds_and_numbers_give_other_images(batches_of: Callable[..., Batches]) -> None:
    first, other = batches_of(7, 5), batches_of(7, 6)
    assert (first.batch(0) != first.batch(1)).any()
    assert (first.batch(0) != other.batch(0)).any()


def test_an_epoch_of_minibatches_has_each_image_once(numbered: Path) -> None:
    batches = Batches(open_source(str(numbered)), 20, 0)
    for epoch in range(3):
        images = np.concatenate([batches.batch(15 * epoch + i) for i in range(15)]).astype(int)
        assert sorted(256 * images[:, 0, 0, 0] + images[:, 0, 1, 0]) == list(range(300))


def test_drawn_minibatches_leave_the_held_out_region_out() -> None:
    source = open_source("circles:xy-hole", 16, 16)
    images = Batches(source, 500, 0).batch(0).astype(float)[..., 0]
    column = (images * (np.arange(16) + 0.5)).sum((1, 2)) / images.sum((1, 2)) / 16
    row = (images * (np.arange(16) + 0.5)[:, None]).sum((1, 2)) / images.sum((1, 2)) / 16
    inside = (np.abs(column - 0.5) < 0.14) & (np.abs(row - 0.5) < 0.14)
    assert inside.sum() == 0


def test_closing_a_stream_ends_its_threads(batches_of: Callable[..., Batches]) -> None:
    stream = batches_of(7, 0).stream(0)
    assert threads() == []
    next(stream)
    assert "sbvae-batches" in threads()
    start = time.monotonic()
    stream.close()
    assert threads() == []
    assert time.monotonic() - start < 2


def test_a_stream_that_is_dropped_ends_its_threads(batches_of: Callable[..., Batches]) -> None:
    stream = batches_of(7, 0).stream(0)
    next(stream)
    del stream
    assert threads() == []


class CountedSource(Source):
    """A source that counts how often it is asked for images."""

    made = 0

    def sample(self, *arguments: object) -> object:
        self.made += 1
        return super().sample(*arguments)


def test_few_minibatches_are_made_ahead() -> None:
    source = CountedSource("xy", FactorSpace(named_space("circles:xy")), 8, 8)
    stream = Batches(source, 4, 0).stream(0)
    for _ in range(3):
        next(stream)
    time.sleep(0.1)
    stream.close()
    assert 3 <= source.made <= 3 + 4


class DamagedFile(DatasetFile):
    """A file whose images cannot be read."""

    def read_chunks(self, chunks: object) -> None:
        raise SbvaeError("damaged")


def test_an_error_in_the_thread_is_raised_in_the_consumer(small: Path) -> None:
    stream = Batches(Source.of_file(DamagedFile(small)), 4, 0).stream(0)
    with pytest.raises(SbvaeError, match="damaged"):
        next(stream)
    assert threads() == []
    with pytest.raises(StopIteration):
        next(stream)


@pytest.mark.parametrize("data", ["circles:xy", "file"])
def test_an_open_stream_does_not_hold_up_the_interpreter_s_exit(data: str, small: Path) -> None:
    program = (
        "import sys; from sbvae_cli.data.source import open_source;"
        "from sbvae_cli.data.batches import Batches;"
        "stream = Batches(open_source(sys.argv[1]), 16, 0).stream(0);"
        "[next(stream) for _ in range(50)]; print('done')"
    )
    text = str(small) if data == "file" else data
    run = subprocess.run(
        [sys.executable, "-c", program, text], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "done\n", "")


def test_an_empty_minibatch_is_refused(batches_of: Callable[..., Batches]) -> None:
    with pytest.raises(SbvaeError, match="a minibatch of 0 images is empty"):
        batches_of(0, 0)


def test_bytes_become_planes_between_0_and_1() -> None:
    images = np.random.default_rng(0).integers(256, size=(5, 6, 10, 3), dtype=np.uint8)
    images[0, 0, 0] = 0, 255, 51
    planes = to_device(images, "cpu")

    assert planes.dtype == torch.float32
    assert planes.is_contiguous()
    np.testing.assert_allclose(planes.numpy(), images.transpose(0, 3, 1, 2) / 255, rtol=1e-6)
    assert planes[0, :, 0, 0].tolist() == pytest.approx([0, 1, 0.2])


@pytest.mark.cuda
def test_a_gpu_gets_the_same_planes() -> None:
    images = np.random.default_rng(0).integers(256, size=(5, 6, 10, 3), dtype=np.uint8)
    torch.testing.assert_close(to_device(images, "cuda").cpu(), to_device(images, "cpu"))
