"""Columns of any type as numbers or words, none of which is altered."""

import numpy as np
import pytest

from sbvae_cli.data.importers.cells import read_cells
from sbvae_cli.errors import SbvaeError

HUGE = 2**53


@pytest.mark.parametrize(
    ("cells", "values", "words"),
    [
        (["1", "2.5", "1e3", ".5"], [1, 2.5, 1000, 0.5], ()),
        (["s10", "s2", "s10"], [1, 0, 1], ("s2", "s10")),
        (["2024-01-02", "2023-12-31"], [1, 0], ("2023-12-31", "2024-01-02")),
        (np.array([True, False]), [1, 0], ("False", "True")),
        (np.array([b"dog", b"cat"]), [1, 0], ("cat", "dog")),
        (np.array(["dog", b"cat"], object), [1, 0], ("cat", "dog")),
        (np.array(["3", "1"]), [3, 1], ()),
        (np.array([3, 1], np.uint8), [3, 1], ()),
        (np.array([0.1, 0.25], np.float32), [0.1, 0.25], ()),
        (np.array([0.1, 0.25], np.float16), [0.1, 0.25], ()),
        (np.array(["2024-01-02", "2023-12-31"], "M8[D]"), [1, 0], ("2023-12-31", "2024-01-02")),
        ([str(HUGE), str(-HUGE)], [HUGE, -HUGE], ()),
        (np.array([2**63, 0], np.uint64), [2**63, 0], ()),
    ],
)
def test_a_column_is_numbers_or_words(
    cells: object, values: list[float], words: tuple[str, ...]
) -> None:
    found = read_cells("f", cells)
    assert found.values.tolist() == values
    assert found.words == words


def test_arrays_of_numbers_may_be_taken_as_words_and_years_are_words() -> None:
    found = read_cells("c", np.array([10, 9, 10]), as_words=True)
    assert found.words == ("9", "10") and found.values.tolist() == [1, 0, 1]
    years = read_cells("c", np.array(["2020", "2019"], "datetime64[Y]"))
    assert years.words == ("2019", "2020") and years.values.tolist() == [1, 0]
    assert read_cells("c", np.array(["10", "9"])).words == ()


def test_numbers_may_be_taken_as_words() -> None:
    found = read_cells("f", ["10", "2", "10"], as_words=True)
    assert (found.values.tolist(), found.words) == ([1, 0, 1], ("2", "10"))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([str(HUGE), str(HUGE + 1)], f"{HUGE} and {HUGE + 1} are one number in double precision"),
        (np.array([HUGE, HUGE + 1]), f"{HUGE} and {HUGE + 1} are one number in double precision"),
        ([str(HUGE + 1)], f"{HUGE + 1} would become {HUGE} in double precision; subtract the"),
        (["0.1", "0.10000000000000000001"], "0.1 and 0.10000000000000000001 are one number"),
        (np.array([0.0, np.nan]), "not finite: 1, as row 3 (nan); remove these images"),
        (np.array([1e80]), "not finite: 1, as row 2 (1e+80); remove these images, or fill them"),
        (np.zeros((2, 2)), "has the shape (2, 2); a factor is one value for each row"),
        (np.zeros(2, complex), "is complex128; a factor is real numbers or words"),
        (np.array([{}, 1], object), "holds dict; a factor is numbers or words"),
        (np.array(["2024-01-01", "NaT"], "M8[D]"), "has empty cells: 1, as row 3 ()"),
    ],
)
def test_what_cannot_be_held_is_one_line(cells: object, message: str) -> None:
    with pytest.raises(SbvaeError) as caught:
        read_cells("f.csv: column t", cells, first_row=2)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
