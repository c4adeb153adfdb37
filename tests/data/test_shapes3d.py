"""The layout of 3dshapes.h5, with fewer levels and smaller images."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sbvae_cli.config.names import Placement
from sbvae_cli.data.feed import Feed
from sbvae_cli.data.file import DatasetFile
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.errors import SbvaeError

LEVELS = ([0.0, 0.1, 0.2], [0.5, 0.9], [0.3], [0.75, 1.25], [0.0, 1.0, 2.0, 3.0], [-30.0, 0.0, 30])
NAMES = ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
LABELS = np.stack(np.meshgrid(*LEVELS, indexing="ij"), -1).reshape(-1, 6)
COUNT = 144
IMAGES = np.random.default_rng(0).integers(256, size=(COUNT, 4, 6, 3), dtype=np.uint8)


def save(path: Path, images: object = IMAGES, labels: object = LABELS, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in (("images", images), ("labels", labels)):
            if array is None:
                file.create_group(name)
            else:
                file.create_dataset(name, data=array, **(options if name == "images" else {}))
    return path


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    found = open_source(str(save(tmp_path / "3dshapes.h5")))
    return found


def test_the_file_is_read_as_it_is(source: Source) -> None:
    assert (source.name, source.count, source.file.seed) == ("3dshapes", COUNT, 0)
    assert (source.height, source.width, source.channels) == (4, 6, 3)
    assert source.can_render
    images, factors = source.file.read(0, COUNT)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(factors, LABELS.astype(np.float32))


def test_the_factors_have_the_names_units_and_levels_of_the_file(source: Source) -> None:
    config = source.space.config
    assert config.names == NAMES
    assert config.varying == tuple(name for name in NAMES if name != "object_hue")
    assert [factor.unit for factor in config.factors] == ["turn"] * 3 + ["", "", "degree"]
    assert [list(factor.levels or ()) for factor in config.factors] == list(LEVELS)
    names = {f.name: f.level_names for f in config.factors if f.level_names}
    assert names == {"shape": ("cube", "cylinder", "sphere", "pill")}
    assert config.complete_grid
    assert config.renderer is None


def test_images_of_factors_are_the_stored_ones(source: Source) -> None:
    rows = rng().permutation(COUNT)
    np.testing.assert_array_equal(source.render(LABELS[rows]), IMAGES[rows])
    near = LABELS[rows] + rng().uniform(-0.04, 0.04, (COUNT, 6))
    np.testing.assert_array_equal(source.render(near), IMAGES[rows])


def test_an_image_without_factors_is_black(source: Source) -> None:
    images = source.render(np.stack([LABELS[5], np.full(6, np.nan), LABELS[7]]))
    np.testing.assert_array_equal(images, [IMAGES[5], np.zeros((4, 6, 3)), IMAGES[7]])


@pytest.mark.parametrize("population", ["train", "full"])
def test_samples_are_images_beside_their_own_labels(source: Source, population: str) -> None:
    images, factors = source.sample(rng(), 100, population)
    places = {row.tobytes(): i for i, row in enumerate(LABELS.astype(np.float32))}
    rows = [places[row.tobytes()] for row in factors]
    np.testing.assert_array_equal(images, IMAGES[rows])
    assert len(set(rows)) == 100 or population == "full"


def test_the_full_population_is_uniform_over_the_grid(source: Source) -> None:
    factors = source.sample(rng(), 4000, "full")[1]
    counts = np.unique(factors, axis=0, return_counts=True)[1]
    assert len(counts) == COUNT
    expected = 4000 / COUNT
    assert np.square(counts - expected).sum() / expected < COUNT + 5 * np.sqrt(2 * COUNT)


def test_nothing_is_held_out(source: Source) -> None:
    with pytest.raises(SbvaeError, match="held-out region cannot be drawn from this file"):
        source.sample(rng(), 3, "heldout")


def test_one_file_of_every_level_is_a_grid_of_one(tmp_path: Path) -> None:
    source = open_source(str(save(tmp_path / "one.h5", IMAGES[:1], LABELS[:1])))
    assert source.space.varying == ()
    np.testing.assert_array_equal(source.render(LABELS[:1]), IMAGES[:1])


def changed(row: int, column: int, value: float) -> np.ndarray:
    labels = LABELS.copy()
    labels[row, column] = value
    return labels


def scattered() -> np.ndarray:
    """Labels that all differ, as of a file of continuous factors."""
    return np.random.default_rng(0).random((1200, 6))


@pytest.mark.parametrize(
    ("images", "labels", "found"),
    [
        (IMAGES.astype(np.float32), LABELS, "its images are float32, not uint8"),
        (IMAGES, LABELS.astype(np.float32), "its labels are float32, not float64"),
        (IMAGES, LABELS.astype(np.int64), "its labels are int64, not float64"),
        (IMAGES[:-1], LABELS, "it has 143 images and 144 labels"),
        (IMAGES, LABELS[:-4], "it has 144 images and 140 labels"),
        (IMAGES[:0], LABELS[:0], "its images have shape (0, 4, 6, 3)"),
        (IMAGES[:, :0], LABELS, "its images have shape (144, 0, 6, 3)"),
        (IMAGES[:-1], LABELS[:-1], "its 143 labels have 3 x 2 x 1 x 2 x 4 x 3 levels"),
        (IMAGES, changed(9, 2, 0.4), "its 144 labels have 3 x 2 x 2 x 2 x 4 x 3 levels"),
        (IMAGES, LABELS[::-1], "its labels are in another order, not the last factor fastest"),
        (IMAGES, changed(9, 4, 0.0), "its labels are in another order"),
        (IMAGES, changed(9, 1, np.nan), "some of its labels are not finite"),
        (IMAGES, changed(143, 5, np.inf), "some of its labels are not finite"),
        (np.zeros((1200, 1, 1, 3), np.uint8), scattered(), "its floor_hue has 1200 levels, not 10"),
    ],
)
def test_another_layout_is_one_line_that_names_what_differs(
    tmp_path: Path, images: np.ndarray | None, labels: np.ndarray | None, found: str
) -> None:
    path = save(tmp_path / "3dshapes.h5", images, labels)
    with pytest.raises(SbvaeError) as caught:
        open_source(str(path))
    line = str(caught.value)
    assert line.startswith(f"{path}: has the layout of 3dshapes.h5, but {found}")
    made = f"make a dataset of it with `sbvae gen-data images from={path}`"
    assert line.endswith(f"; copy it again, or {made}")
    assert "\n" not in line


def test_labels_of_another_order_are_found_where_the_first_ones_are_right(tmp_path: Path) -> None:
    labels = np.concatenate([LABELS[:-2], LABELS[:-3:-1]])
    path = save(tmp_path / "3dshapes.h5", IMAGES, labels)
    with pytest.raises(SbvaeError, match="in another order"):
        open_source(str(path))


def test_a_file_of_ours_is_never_taken_for_it(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.h5"
    path.write_bytes(small.read_bytes())
    with h5py.File(path, "r+") as file:
        file["labels"] = LABELS
    assert open_source(str(path)).name == "xy-hole"


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (IMAGES[..., :1], LABELS),
        (IMAGES[..., 0], LABELS),
        (IMAGES.transpose(0, 3, 1, 2), LABELS),
        (IMAGES, LABELS[:, :5]),
        (IMAGES, LABELS[:, 0]),
        (IMAGES, None),
    ],
)
def test_a_file_of_other_shapes_has_another_layout(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray | None
) -> None:
    path = save(tmp_path / "x.h5", images, labels)
    with pytest.raises(SbvaeError) as caught:
        open_source(str(path))
    assert str(caught.value) == (
        f"{path}: is an HDF5 file of another layout; make a dataset of it with "
        f"`sbvae gen-data images from={path}`"
    )


LAYOUTS = [
    {},  # contiguous
    {"chunks": (100, 2, 4, 1)},
    {"chunks": (100, 2, 4, 1), "compression": "gzip"},
    {"chunks": (1, 4, 6, 3), "compression": "gzip"},
    {"chunks": (7, 4, 6, 3), "compression": "gzip", "shuffle": True},
    {"chunks": (7, 4, 6, 3), "compression": "gzip"},
    {"chunks": (7, 4, 6, 3), "compression": "lzf"},
]


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_images_are_the_same_however_they_are_chunked(tmp_path: Path, options: dict) -> None:
    with DatasetFile(save(tmp_path / "a.h5", **options)) as file:
        rows = rng().integers(COUNT, size=60)
        np.testing.assert_array_equal(file.read_rows(rows)[0], IMAGES[rows])
        np.testing.assert_array_equal(file.read(90, 120)[0], IMAGES[90:120])


@pytest.mark.parametrize("data_on", ["stream", "memory"])
@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_an_epoch_of_a_feed_has_each_image_once(
    tmp_path: Path, options: dict, data_on: Placement
) -> None:
    feed = Feed(open_source(save(tmp_path / "a.h5", **options)), 16, [3], data_on=data_on)
    epoch = feed.block(0, 9).images.numpy()[:, 0]
    for i in (8, 0, 5):
        np.testing.assert_array_equal(feed.block(i, 1).images[0, 0], epoch[i])
    found = epoch.reshape(-1, *IMAGES.shape[1:])
    assert sorted(image.tobytes() for image in found) == sorted(i.tobytes() for i in IMAGES)


def test_info_tells_of_the_file(tmp_path: Path, sbvae: Callable[..., object]) -> None:
    save(tmp_path / "3dshapes.h5", chunks=(100, 2, 4, 1))
    done = sbvae("info", "3dshapes.h5", "--sheet", "sheet.png")
    assert (done.code, done.err) == (0, "")
    assert "3dshapes" in done.out
    assert "2 levels: 0.5, 0.9 turn" in done.out
    assert Path("sheet.png").exists()


def test_a_model_is_trained_on_the_file_and_looked_at_with_it(
    tmp_path: Path, sbvae: Callable[..., object]
) -> None:
    save(tmp_path / "3dshapes.h5", chunks=(100, 2, 4, 1))
    narrow = ("--set", "model.encoder.hidden_channels=[4]", "--latent-dim", 3, "--device", "cpu")
    options = ("--batch-size", 4, "--steps", 2, "--threads", 1, "--out", "run", *narrow)
    done = sbvae("train", "--data", "3dshapes.h5", *options)
    assert done.code == 0, done.err
    for command in (
        ("eval", "run", "--images", 50, "--votes", 5),
        ("geometry", "run", "--factors", "floor_hue,shape"),
        ("traverse", "run"),
        ("encode", "run"),
    ):
        done = sbvae(*command)
        assert done.code == 0, done.err
    with np.load("codes.npz") as codes:
        np.testing.assert_array_equal(codes["factors"], LABELS.astype(np.float32))
        assert codes["names"].tolist() == list(NAMES)
