"""Datasets from elsewhere: their spaces, and rows beside the right images."""

import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.renderer import HSV
from sbvae_cli.config.space import SpaceConfig
from sbvae_cli.data.columns import hsv_to_rgb
from sbvae_cli.data.importers.dsprites import LEVELS
from sbvae_cli.data.imports import Import, import_chairs, import_dsprites, import_own
from sbvae_cli.data.level_grid import count_combinations
from sbvae_cli.data.renderers.sprites import paint
from sbvae_cli.data.source import Source, open_source
from sbvae_cli.data.write import write_dataset
from sbvae_cli.errors import SbvaeError

SHAPES, SCALES, ANGLES, XS, YS = FEW = (3, 2, 3, 2, 4)
COUNT = 144


def together(imported: Import) -> tuple[np.ndarray, np.ndarray]:
    """All rows and images; what they are read from is closed."""
    with imported.open_files:
        rows, images = zip(*imported.batches, strict=True)
    return np.concatenate(rows), np.concatenate(images)


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def write(path: Path, imported: Import) -> Source:
    with imported.open_files:
        write_dataset(
            path,
            imported.batches,
            space=imported.space,
            name=imported.name,
            shape=imported.shape,
            written_space=imported.finish,
        )
    return open_source(path)


# dSprites, with fewer levels


@pytest.fixture
def dsprites(tmp_path: Path) -> Path:
    """An archive whose image i has i lit pixels."""
    pixels = np.arange(64 * 64).reshape(64, 64)
    images = (pixels < np.arange(COUNT)[:, None, None]).astype(np.uint8)
    classes = np.stack(np.unravel_index(np.arange(COUNT), (1, *FEW)), 1)
    path = tmp_path / "d.npz"
    np.savez_compressed(path, imgs=images, latents_classes=classes)

    return path


def few_levels() -> SpaceConfig:
    tree = named_space("sprites").model_dump()
    for factor, count in zip(tree["factors"], FEW, strict=False):
        factor["levels"] = factor["levels"][:count]
        factor["level_names"] = None
    return SpaceConfig.model_validate(tree)


def test_the_archive_has_the_levels_of_our_sprites() -> None:
    whole = named_space("sprites").model_copy(update={"online": HSV})
    assert tuple(len(factor.levels) for factor in whole.factors[:5]) == LEVELS[1:]
    assert count_combinations(whole) == np.prod(LEVELS)


def test_dsprites_are_a_stored_grid_in_colours_drawn_anew(dsprites: Path) -> None:
    imported = import_dsprites(dsprites, few_levels())
    space = imported.space.config
    assert (imported.name, imported.count, imported.shape) == ("dsprites", COUNT, (64, 64, 1))
    assert space.stored == ("shape", "scale", "orientation", "x", "y")
    assert (space.online, space.renderer, space.complete_grid) == (HSV, None, True)
    assert (imported.unreadable, imported.notes) == ([], [])


def test_each_mask_has_the_factors_of_its_place_in_the_grid(dsprites: Path) -> None:
    rows, masks = together(import_dsprites(dsprites, few_levels()))
    assert (masks.shape, masks.dtype) == ((COUNT, 64, 64, 1), np.uint8)
    assert set(np.unique(masks)) == {0, 255}
    np.testing.assert_array_equal((masks > 0).sum((1, 2, 3)), np.arange(COUNT))
    levels = [factor.levels for factor in named_space("sprites").factors[:5]]
    for number, row in enumerate(rows):
        rest, y = divmod(number, YS)
        rest, x = divmod(rest, XS)
        rest, orientation = divmod(rest, ANGLES)
        shape, scale = divmod(rest, SCALES)
        at = (shape, scale, orientation, x, y)
        expected = [values[i] for values, i in zip(levels, at, strict=True)]
        np.testing.assert_allclose(row, expected, rtol=1e-6)


def test_dsprites_come_in_blocks_whose_rows_go_on(dsprites: Path) -> None:
    whole = together(import_dsprites(dsprites, few_levels()))
    imported = import_dsprites(dsprites, few_levels(), at_once=50)
    parts = list(imported.batches)
    assert [len(rows) for rows, _ in parts] == [50, 50, 44]
    for found, expected in zip(zip(*parts, strict=True), whole, strict=True):
        np.testing.assert_array_equal(np.concatenate(found), expected)


def test_imported_dsprites_look_up_the_image_of_any_factors(dsprites: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "a.h5", import_dsprites(dsprites, few_levels()))
    assert (source.channels, source.can_render, source.count) == (3, True, COUNT)
    factors = source.space.sample(np.random.default_rng(0), 40, "full")
    images = source.render(factors)
    stored, rows = source.file.read(0, COUNT)
    places = {row.tobytes(): i for i, row in enumerate(rows)}
    found = [places[row.tobytes()] for row in factors[:, :5]]
    np.testing.assert_array_equal(images, paint(stored[found], hsv_to_rgb(factors[:, 5:])))


def test_another_archive_is_refused_at_once(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 4), np.uint8))
    with pytest.raises(SbvaeError, match=r"it holds no imgs.npy; the public archive is dsprites_"):
        import_dsprites(tmp_path / "x.npz")


# Rendered chairs

VIEWS = [("b", 20, 0, 60), ("a", 30, 11, 90), ("b", 30, 348, 30), ("a", 20, 0, 200)]


@pytest.fixture
def chairs(tmp_path: Path) -> Path:
    """White renders with a grey box in the centre, of another grey each."""
    root = tmp_path / "rendered_chairs"
    for number, (chair, elevation, azimuth, grey) in enumerate(VIEWS):
        image = np.full((100, 100, 3), 255, np.uint8)
        image[30:70, 30:70] = grey
        name = f"image_{number:03}_p{elevation:03}_t{azimuth:03}_r096.png"
        save(root / chair / "renders" / name, image)
    return root


def test_chairs_have_the_factors_in_their_names(chairs: Path) -> None:
    imported = import_chairs(chairs, (32, 32), invert=False, strict=False)
    assert (imported.name, imported.count) == ("rendered-chairs", 4)
    assert imported.shape == (32, 32, 1)
    config = imported.space.config
    assert config.names == ("chair", "elevation", "azimuth")
    assert [f.levels for f in config.factors] == [(0, 1), (20, 30), (0, 11, 348)]
    assert [f.unit for f in config.factors] == ["", "degree", "degree"]
    assert (config.renderer, config.complete_grid, config.online) == (None, False, ())
    assert (imported.notes, imported.unreadable) == ([], [])

    rows, images = together(imported)
    found = {tuple(row): image[16, 16, 0] for row, image in zip(rows.tolist(), images, strict=True)}
    assert found == {
        (float("ab".index(chair)), elevation, azimuth): grey
        for chair, elevation, azimuth, grey in VIEWS
    }


def test_views_from_all_around_are_circular(tmp_path: Path) -> None:
    """As in the public renders: 31 azimuths, whose names leave out the fractions of degrees."""
    for view in range(31):
        name = f"image_{view:03}_p020_t{360 * view // 31:03}_r096.png"
        save(tmp_path / "chairs" / "a" / "renders" / name, np.zeros((6, 6, 3), np.uint8))
    imported = import_chairs(tmp_path / "chairs", (4, 4), invert=False, strict=False)
    (azimuth,) = (f for f in imported.space.config.factors if f.name == "azimuth")
    assert azimuth.bounds == (0, 348)
    assert azimuth.circular


def test_chairs_are_cropped_and_their_background_inverted(chairs: Path) -> None:
    images = {}
    for invert in (False, True):
        imported = import_chairs(chairs, (42, 42), invert=invert, strict=False)
        images[invert] = together(imported)[1]
    inner = images[False] < 255
    assert inner.sum((1, 2, 3)).tolist() == [1600] * 4  # a box of 40, a margin of a twentieth
    assert inner[:, 1:41, 1:41].all()
    np.testing.assert_array_equal(images[True], 255 - images[False])


def test_unreadable_chairs_leave_the_rows_of_the_others_alone(chairs: Path) -> None:
    (chairs / "a" / "renders" / "image_001_p030_t011_r096.png").write_bytes(b"broken")
    save(chairs / "a" / "overview.png", np.zeros((4, 4, 3), np.uint8))
    imported = import_chairs(chairs, (32, 32), invert=False, strict=False)
    rows, images = together(imported)
    assert rows.tolist() == [[0, 20, 0], [1, 20, 0], [1, 30, 348]]
    assert images[:, 16, 16, 0].tolist() == [200, 60, 30]
    assert [f.levels for f in imported.space.factors] == [(0, 1), (20, 30), (0, 11, 348)]
    assert [f.levels for f in imported.finish().factors] == [(0, 1), (20, 30), (0, 348)]
    assert imported.notes == ["files with other names, left out: 1"]
    (line,) = imported.unreadable
    assert line.startswith("a/renders/image_001_p030_t011_r096.png: not an image")


def test_one_unreadable_chair_ends_it_where_that_is_wanted(chairs: Path) -> None:
    (chairs / "a" / "renders" / "image_001_p030_t011_r096.png").write_bytes(b"broken")
    imported = import_chairs(chairs, (32, 32), invert=False, strict=True)
    with pytest.raises(SbvaeError, match=r"image_001_p030_t011_r096.png: not an image"):
        together(imported)


def test_no_chairs_close_the_archive(tmp_path: Path) -> None:
    """Warnings are errors, one of a file that nobody closed too."""
    save(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "a.png", "a.png")
    with pytest.raises(SbvaeError, match="none of 1 files is called ID/renders/"):
        import_chairs(tmp_path / "a.tar", (32, 32), invert=False, strict=False)


# A user's own


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """100 grey images in a folder, each of its own grey; names are in no order of the greys."""
    for number in range(100):
        name = f"{number % 7}/{number * 37 % 100:02}.png"
        save(tmp_path / "my.images" / name, np.full((6, 8, 3), number, np.uint8))
    return tmp_path / "my.images"


def take(path: Path, factors: Path | None = None, **changes: object) -> Import:
    options = {"size": (6, 8), "fit": "crop", "grey": False, "strict": False, **changes}
    return import_own(path, factors, options.pop("size"), **options)


def test_own_images_need_no_factors(own: Path) -> None:
    for path in own.glob("*/*.png"):
        path.rename(own / path.name)  # folders would be a factor
    imported = take(own)
    assert (imported.name, imported.count, imported.shape) == ("my", 100, (6, 8, 3))
    assert imported.space.config == SpaceConfig()
    rows, images = together(imported)
    assert (rows.shape, rows.dtype) == ((100, 0), np.float32)
    assert sorted(images[:, 0, 0, 0].tolist()) == list(range(100))


def test_own_factors_are_beside_their_images(own: Path, tmp_path: Path) -> None:
    table = [
        f"{number * 37 % 100:02}.png,{number},{number % 3},{'odd' if number % 2 else 'even'}"
        for number in reversed(range(100))
    ]
    csv = tmp_path / "factors.csv"
    csv.write_text("\n".join(["file,number,rest,kind", *table]))
    imported = take(own, csv)
    config = imported.space.config
    assert config.names == ("number", "rest", "kind")
    assert [len(f.levels or ()) for f in config.factors] == [100, 3, 2]
    assert imported.notes == ["the table has the factors, the folders are not used"]
    assert config.factor("kind").level_names == ("even", "odd")
    rows, images = together(imported)
    greys = images[:, 3, 4, 0].astype(int)
    np.testing.assert_array_equal(rows, np.stack([greys, greys % 3, greys % 2], 1))


def test_own_factors_stay_beside_their_images_where_some_cannot_be_read(
    own: Path, tmp_path: Path
) -> None:
    for number in (0, 50, 98):
        (own / f"{number % 7}/{number * 37 % 100:02}.png").write_bytes(b"broken")
    csv = tmp_path / "factors.csv"
    table = [f"{number * 37 % 100:02}.png,{number}" for number in range(100)]
    csv.write_text("\n".join(["file,number", *table]))
    imported = take(own, csv)
    rows, images = together(imported)
    assert (len(rows), len(imported.unreadable), imported.count) == (97, 3, 100)
    np.testing.assert_array_equal(rows[:, 0], images[:, 0, 0, 0])
    left = tuple(map(float, sorted({*range(100)} - {0, 50, 98})))
    assert imported.finish().factor("number").levels == left


def test_a_file_says_the_levels_of_the_images_that_are_in_it(own: Path, tmp_path: Path) -> None:
    (own / "0" / "00.png").write_bytes(b"broken")
    csv = tmp_path / "factors.csv"
    csv.write_text("file,n\n" + "".join(f"{n * 37 % 100:02}.png,{n}\n" for n in range(100)))
    imported = take(own, csv)
    source = write(tmp_path / "own.h5", imported)
    assert source.space.factor("n").levels == tuple(map(float, range(1, 100)))


def test_own_images_are_made_to_fit(own: Path) -> None:
    assert together(take(own, size=(4, 4)))[1].shape == (100, 4, 4, 3)
    assert together(take(own, size=(4, 4), grey=True))[1].shape == (100, 4, 4, 1)
    assert take(own, size=(4, 4), grey=True).shape == (4, 4, 1)
    padded = together(take(own, size=(8, 8), fit="pad"))[1]
    assert not padded[:, [0, 7]].any()
    assert padded[:, 1:7].any(-1).sum() == 99 * 48


def test_a_table_that_does_not_match_closes_the_archive(own: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(own / "0" / "00.png", "00.png")
    csv = tmp_path / "factors.csv"
    csv.write_text("file,number\nother.png,1\n")
    with pytest.raises(SbvaeError, match=r"1 of 1 rows .* the images, the first is other.png"):
        take(tmp_path / "a.tar", csv)


@pytest.mark.parametrize("end", [".npz", ".tar.gz"])
def test_the_name_is_that_of_the_archive_without_its_end(tmp_path: Path, end: str) -> None:
    path = tmp_path / f"photos{end}"
    if end == ".npz":
        np.savez(path, images=np.zeros((2, 6, 8, 3), np.uint8))
    else:
        data = BytesIO()
        Image.new("RGB", (8, 6)).save(data, "PNG")
        with tarfile.open(path, "w:gz") as archive:
            member = tarfile.TarInfo("a.png")
            member.size = len(data.getvalue())
            archive.addfile(member, BytesIO(data.getvalue()))
    imported = take(path)
    assert imported.name == "photos"
    assert together(imported)[1].shape[1:] == (6, 8, 3)


def test_the_folder_here_has_a_name(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own)
    assert take(Path()).name == "my"


@pytest.mark.parametrize("make", [take, import_dsprites])
def test_nothing_there_is_one_line(make: Callable[[Path], Import], tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="gone: there is no such file; choose"):
        make(tmp_path / "gone")
