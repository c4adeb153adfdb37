"""Sources: drawn and from files."""

from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.edit_space import customise
from sbvae_cli.data.renderers.circles import render_circles
from sbvae_cli.data.source import open_source, source_from_space
from sbvae_cli.errors import SbvaeError

CIRCLES = source_from_space(named_space("circles:xy-hole"), "xy-hole", 6, 10)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_circles_are_drawn_from_their_factors() -> None:
    source = open_source("circles:xh-hole", 8, 12)
    images, factors = source.sample(rng(), 20)

    assert (source.name, source.height, source.width, source.channels) == ("xh-hole", 8, 12, 3)
    assert source.count is None
    assert source.can_render
    np.testing.assert_array_equal(images, render_circles(factors, source.space.names, 8, 12))
    assert not source.space.held_out_mask(factors).any()
    assert source.space.held_out_mask(source.sample(rng(), 20, "heldout")[1]).all()


def test_circles_alone_are_those_of_x_and_y_at_the_size_of_the_paper() -> None:
    source = open_source("circles")
    assert (source.name, source.height, source.width) == ("xy", 64, 64)
    assert source.space.config == named_space("circles:xy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("circles:xy-hol", "circles preset xy-hol is unknown; did you mean xy-hole?"),
        ("xy-hole", "xy-hole: there is no such file; did you mean circles:xy-hole?"),
        ("no/such.h5", "no/such.h5: there is no such file, nor a folder no; make one"),
        ("chairs.h5", "chairs.h5: there is no such file; make one"),
        ("chair", "chair: there is no such file; did you mean chairs?"),
        ("sprite", "sprite: there is no such file; did you mean sprites?"),
        ("rooms", "rooms: there is no such file; did you mean room?"),
        ("circle", "circle: there is no such file; did you mean circles?"),
        ("circle:xy-hol", "circle:xy-hol: there is no such file; did you mean circles:xy-hole?"),
        ("circle:nothing", "circle:nothing: there is no such file; did you mean circles:PRESET?"),
        ("circles:xhy", "circles preset xhy is unknown; did you mean xy?"),
    ],
)
def test_an_unknown_name_is_refused(text: str, message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        open_source(text)
    assert str(caught.value).startswith(message)


def test_a_size_without_pixels_is_refused() -> None:
    with pytest.raises(SbvaeError, match="0x64 pixels are empty"):
        open_source("circles:xy", 0)


def test_a_space_that_circles_do_not_fit_is_refused() -> None:
    space = customise(named_space("circles:xy"), ranges={"x": (0.5, 1.5)})
    with pytest.raises(SbvaeError, match=r"^x = 0.5..1.5 is outside of 0..1$"):
        source_from_space(space, "wide")
    with pytest.raises(SbvaeError, match="its images are stored;"):
        source_from_space(space.model_copy(update={"renderer": None}), "stored")


def test_a_file_gives_its_own_rows(small: Path) -> None:
    source = open_source(str(small))
    assert (source.name, source.count, source.height, source.width) == ("xy-hole", 150, 6, 10)
    images, factors = source.sample(rng(), 100)
    stored, rows = source.file.read(0, 150)

    places = {row.tobytes(): i for i, row in enumerate(rows)}
    found = [places[row.tobytes()] for row in factors]
    assert len(set(found)) == 100
    np.testing.assert_array_equal(images, stored[found])


def test_a_file_gives_rows_more_than_once_if_it_has_too_few(small: Path) -> None:
    images, factors = open_source(str(small)).sample(rng(), 1000)
    assert (len(images), len(factors)) == (1000, 1000)
    assert len(np.unique(factors[:, 0])) > 140


def test_the_same_seed_samples_the_same(small: Path) -> None:
    source = open_source(str(small))
    first, again, other = (source.sample(rng(seed), 30)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_row_of_a_file_is_as_likely_as_any(numbered: Path) -> None:
    source = open_source(str(numbered))
    counts = np.zeros(300)
    for seed in range(200):
        images = source.sample(rng(seed), 30)[0].astype(int)
        counts[256 * images[:, 0, 0, 0] + images[:, 0, 1, 0]] += 1
    assert np.abs(counts - 20).max() < 5 * np.sqrt(20)


def test_rows_of_a_file_lie_all_over_it(numbered: Path) -> None:
    source = open_source(numbered)
    length, chunks = source.file.chunk_length, source.file.chunk_count
    assert (length, chunks) == (64, 5)
    found = [np.unique(source.random_rows(rng(seed), 4) // length) for seed in range(400)]
    assert np.mean([len(each) for each in found]) == pytest.approx(source.chunks_of(4), abs=0.15)
    assert np.unique(np.concatenate(found)).tolist() == list(range(chunks))
    rows = source.random_rows(rng(), 300)
    assert sorted(rows.tolist()) == list(range(300))


def test_rows_that_are_kept_are_read_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, plain = open_source(small), open_source(small)
    source.cache_rows()
    first = source.sample(rng(), 30)
    source.file.close()
    for found, again, expected in zip(
        first, source.sample(rng(), 30), plain.sample(rng(), 30), strict=True
    ):
        np.testing.assert_array_equal(found, again)
        np.testing.assert_array_equal(found, expected)


def test_a_file_with_a_renderer_draws_the_other_populations(small: Path) -> None:
    source = open_source(str(small))
    drawn = source_from_space(named_space("circles:xy-hole"), "xy-hole", 6, 10)
    for population in ("full", "heldout"):
        found, expected = (s.sample(rng(), 50, population) for s in (source, drawn))
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(source.render(found[1]), found[0])


def test_a_file_without_a_renderer_has_its_rows_only(numbered: Path) -> None:
    source = open_source(str(numbered))
    assert not source.can_render
    assert source.channels == 1
    np.testing.assert_array_equal(
        source.sample(rng(), 20, "full")[0], source.sample(rng(), 20, "train")[0]
    )
    with pytest.raises(SbvaeError, match="held-out region cannot be drawn from this file"):
        source.sample(rng(), 20, "heldout")
    with pytest.raises(SbvaeError, match="has only stored images"):
        source.render(np.zeros((1, 1)))


def test_a_size_that_is_not_the_file_s_is_refused(small: Path) -> None:
    assert open_source(str(small), 6, 10).count == 150
    assert open_source(str(small), width=10).count == 150
    with pytest.raises(SbvaeError, match="has images of 6x10 pixels, not 64x10"):
        open_source(str(small), 64)


@pytest.mark.parametrize("start", [0, 5, 63, 64, 199])
def test_a_drawn_image_is_a_function_of_its_number_and_the_seed(start: int) -> None:
    images, factors = CIRCLES.images(0, 256, seed=2)

    some, rows = CIRCLES.images(start, start + 2, seed=2)

    np.testing.assert_array_equal(some, images[start : start + 2])
    np.testing.assert_array_equal(rows, factors[start : start + 2])
    np.testing.assert_array_equal(CIRCLES.render(rows), some)
    assert not np.array_equal(rows, CIRCLES.images(start, start + 2, seed=3)[1])


def test_populations_differ_in_the_held_out_region() -> None:
    shares = {
        population: CIRCLES.space.held_out_mask(
            CIRCLES.images(0, 2000, population=population)[1]
        ).mean()
        for population in ("train", "full", "heldout")
    }

    assert shares["train"] == 0 and shares["heldout"] == 1
    assert shares["full"] == pytest.approx(0.25, abs=0.05)


def test_a_file_s_own_rows_are_its_training_population_and_others_are_drawn(small: Path) -> None:
    file = open_source(small)
    np.testing.assert_array_equal(file.images(2, 9)[1], file.file.read(2, 9)[1])
    assert file.space.held_out_mask(file.images(0, 200, 0, "heldout")[1]).all()
    assert (file.stored_rows(), file.stored_rows("full"), CIRCLES.stored_rows()) == (
        150,
        None,
        None,
    )


def test_an_image_beyond_the_file_is_named(small: Path) -> None:
    with pytest.raises(SbvaeError, match="image 150 does not exist; images are 0 to 149"):
        open_source(small).images(150, 151)


def test_a_source_that_is_drawn_has_no_rows_to_read() -> None:
    for read in (
        lambda: CIRCLES.read_rows(rng(), np.arange(2)),
        lambda: CIRCLES.random_rows(rng(), 2),
    ):
        with pytest.raises(
            SbvaeError, match="xy-hole: renders its images anew each time and has no rows"
        ):
            read()
