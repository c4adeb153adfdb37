"""Tables of factors: joined by name, one line for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from sbvae_cli.config.space import FactorConfig, SpaceConfig
from sbvae_cli.data.importers.factors_csv import read_factors
from sbvae_cli.errors import SbvaeError

NAMES = ("a/1.png", "a/2.png", "b/3.png")


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "f.csv").write_text(text, encoding=encoding)
    return folder / "f.csv"


def test_rows_are_joined_by_path_or_unique_end(tmp_path: Path) -> None:
    text = "size,File name,file\n2.5,x,3.png\n\n0.5,y,./a/1.png\n1,x,data\\a\\2.png\n"
    table = read_factors(write(tmp_path, text, "utf-8-sig"), NAMES)
    np.testing.assert_array_equal(table.rows, np.array([[0.5, 1], [1, 0], [2.5, 0]], np.float32))
    assert table.rows.dtype == np.float32
    assert table.space == SpaceConfig(
        factors=(
            FactorConfig(name="size", low=0.5, high=2.5),
            FactorConfig(name="File name", kind="discrete", levels=(0, 1), level_names=("x", "y")),
        )
    )


@pytest.mark.parametrize("title", ["file", "filename", "name", "image", "path"])
def test_the_column_of_names_is_found_by_its_title(title: str, tmp_path: Path) -> None:
    table = read_factors(write(tmp_path, f"x,{title}\n1,u.png\n2,v.png\n"), ["u.png", "v.png"])
    np.testing.assert_array_equal(table.rows, [[1], [2]])


def test_the_first_column_has_the_names_otherwise(tmp_path: Path) -> None:
    table = read_factors(write(tmp_path, "id,x\nv.png,1\nu.png,2\n"), ["u.png", "v.png"])
    np.testing.assert_array_equal(table.rows, [[2], [1]])


def test_rows_of_an_array_are_joined_by_number(tmp_path: Path) -> None:
    names = [f"{i:02}" for i in range(12)]
    text = "image,x\n" + "".join(f"{i},{i * i}\n" for i in range(12))
    np.testing.assert_array_equal(
        read_factors(write(tmp_path, text), names).rows[:, 0], np.arange(12) ** 2
    )


def test_names_are_joined_however_their_accents_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, "file,x\ne\u0301.png,1\n")
    assert read_factors(path, ["\u00e9.png"]).rows == 1


GOOD = "a/1.png,1\na/2.png,2\nb/3.png,3\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "is empty; it needs a header"),
        ("file\na/1.png\n", r"one column \(file\) and no factors"),
        ("file|x\na/1.png|1\n", r"one column \(file\|x\) and no factors; separate columns"),
        (
            "file,x\n" + GOOD + "c.png,4\nd.png,5\n",
            "2 of 5 rows name files that are not among the images, the first is c.png; remove",
        ),
        ("file,x\na/1.png,1\n", "images have no row: 2, as a/2.png; add"),
        ("file,x\n" + GOOD + "2.png,2\n", "rows name an image again: 1, as 2.png"),
        ("file,x\n" + GOOD.replace(",2", ","), r"column x has empty cells: 1, as row 3 \(\)"),
        ("file,x\n" + GOOD.replace(",2", ",nan"), r"not finite: 1, as row 3 \(nan\)"),
        ("file,x\n" + GOOD.replace(",2", ",-inf"), r"not finite: 1, as row 3 \(-inf\)"),
        ("file,x\n" + GOOD.replace(",2", ",1e71"), r"not finite: 1, as row 3 \(1e71\)"),
        ("file,x\n" + GOOD.replace(",2", ",two"), r"mixes numbers and words: 1, as row 3 \(two\)"),
        ("file,x\n" + GOOD.replace(",2", ',"2,5"'), r"decimal commas: 1, as row 3 \(2,5\)"),
        ("file,x\n" + GOOD.replace(",2", ",2,5"), "not have the 2 cells of the header: 1, as"),
        ("file,x,x\n" + GOOD.replace("\n", ",1\n"), "columns are named twice: 1, as x"),
        ("file,x,\n" + GOOD.replace("\n", ",1\n"), "a column has no name; .*index=False"),
        ("file,present\n" + GOOD, "a column is called present"),
        ('file,x\n"a/1.png,1\n', "is not a CSV file"),
    ],
)
def test_a_wrong_table_is_one_line(text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match=found) as caught:
        read_factors(write(tmp_path, text), NAMES)
    assert str(caught.value).startswith(f"{tmp_path / 'f.csv'}: ")
    assert "\n" not in str(caught.value)


def test_an_end_that_two_images_share_names_neither(tmp_path: Path) -> None:
    path = write(tmp_path, "file,x\na/1.png,1\n1.png,2\n")
    with pytest.raises(SbvaeError, match=r"1 of 2 rows .* the images, the first is 1.png"):
        read_factors(path, ["a/1.png", "b/1.png"])


def test_another_folder_with_the_same_file_name_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match=r"1 of 1 rows .* the images, the first is c/1.png"):
        read_factors(write(tmp_path, "file,x\nc/1.png,1\n"), ["a/1.png"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (GOOD, "file,factor1"),
        (GOOD.replace("a/1.png,1", "1.png,2.5"), "file,factor1"),
        (GOOD.replace("\n", ",1\n"), "file,factor1,factor2"),  # the titles 1 and 1 too
        (GOOD.replace("\n", ",7,8,9\n"), "file,factor1,factor2,..."),
    ],
)
def test_a_missing_header_is_one_line(text: str, shown: str, tmp_path: Path) -> None:
    with pytest.raises(SbvaeError) as caught:
        read_factors(write(tmp_path, text), NAMES)
    first = text.partition(",")[0]
    assert str(caught.value) == (
        f"{tmp_path / 'f.csv'}: has no header, its first line is the row of {first}; "
        f"name the columns in a line before it, as {shown}"
    )


def test_a_missing_header_of_an_array_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="has no header, its first line is the row of 0;"):
        read_factors(write(tmp_path, "0,5\n1,6\n"), ["0", "1"])


@pytest.mark.parametrize("title", ["file", "id"])
def test_a_title_may_be_called_like_an_image(title: str, tmp_path: Path) -> None:
    table = read_factors(write(tmp_path, f"{title},x\na,1\n{title},2\n"), ["a", title])
    np.testing.assert_array_equal(table.rows, [[1], [2]])
    with pytest.raises(SbvaeError, match="images have no row: 1, as file; add"):
        read_factors(write(tmp_path, "file,x\na,1\n"), ["a", "file"])


def test_text_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="is not UTF-8 text"):
        read_factors(write(tmp_path, "file,x\n\u00e9.png,1\n", "latin-1"), ["\u00e9.png"])


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="No such file or directory; choose a CSV file"):
        read_factors(tmp_path / "gone.csv", NAMES)


def test_labels_like_1_2_are_words(tmp_path: Path) -> None:
    table = read_factors(write(tmp_path, "file,x\na/1.png,1_2\na/2.png,1_0\n3.png,1_2\n"), NAMES)
    assert table.factors[0].level_names == ("1_0", "1_2")


def test_words_are_the_names_of_levels_if_they_stay_different(tmp_path: Path) -> None:
    text = "file,kind,odd,size\na/1.png,dog,u\u200b,1\na/2.png,cat,u\u200e,2\n3.png,dog,u,3\n"
    kind, odd, size = read_factors(write(tmp_path, text), NAMES).factors
    assert [kind.level_of(name) for name in ("cat", "dog")] == [0, 1]
    assert odd.levels == (0, 1, 2) and odd.level_names is None
    assert size.level_names is None


def test_one_odd_character_in_a_word_is_replaced(tmp_path: Path) -> None:
    text = "file,kind\na/1.png,a\u200bb\na/2.png,cat\n3.png,cat\n"
    (kind,) = read_factors(write(tmp_path, text), NAMES).factors
    assert kind.level_names == ("a\ufffdb", "cat")


@pytest.mark.parametrize("start", ["", "\n\n", " \n,\n"])
@pytest.mark.parametrize(("mark", "named"), [("\t", "tabs"), (";", "semicolons")])
def test_tabs_or_semicolons_separate_cells_where_commas_do_not(
    tmp_path: Path, mark: str, named: str, start: str
) -> None:
    text = start.replace(",", mark) + "file,x,word\n" + "a/1.png,2.5,u\n2.png,-.5,v\n3.png,1e3,u\n"
    path = write(tmp_path, text.replace(",", mark))
    plain = read_factors(path, NAMES)
    assert plain.rows.tolist() == [[2.5, 0], [-0.5, 1], [1000, 0]]
    assert plain.notes == (f"columns of {path} are separated by {named}",)
    found = read_factors(write(tmp_path, text.replace(",", mark).replace(".5", ",5")), NAMES)
    assert found.rows.tolist() == plain.rows.tolist()
    assert found.notes[1] == "decimal commas are read as points in the columns x"


def test_blank_lines_before_the_header_are_counted_and_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "\n\nfile,x\n" + GOOD)
    assert read_factors(path, NAMES).rows.tolist() == [[1], [2], [3]]
    path = write(tmp_path, "\n\nfile,x\n" + GOOD.replace(",2", ","))
    with pytest.raises(SbvaeError, match=r"empty cells: 1, as row 5 \(\)"):
        read_factors(path, NAMES)


def test_decimal_commas_beside_points_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "file;x\na/1.png;1,500\n2.png;2.5\n3.png;1\n")
    with pytest.raises(SbvaeError, match="decimal commas"):
        read_factors(path, NAMES)


def test_commas_in_titles_become_underscores(tmp_path: Path) -> None:
    text = 'file,"note, long"\n' + GOOD
    found = read_factors(write(tmp_path, text), NAMES)
    assert found.space.names == ("note_long",)
    assert found.notes == (
        "the column note, long is called note_long, since commas separate names in lists",
    )


def test_names_without_ending_or_in_capitals_are_told_of(tmp_path: Path) -> None:
    found = read_factors(write(tmp_path, "file,x\n1,1\nA/2.PNG,2\n3.png,3\n"), NAMES)
    assert found.rows.tolist() == [[1], [2], [3]]
    assert found.notes == (
        "2 rows name files without their ending or in other capitals: 1 is a/1.png",
    )
    assert read_factors(write(tmp_path, "file,x\n" + GOOD), NAMES).notes == ()


def test_a_line_or_columns_that_would_fill_memory_are_refused(tmp_path: Path) -> None:
    long = write(tmp_path, "file,x\na/1.png," + "9" * (1 << 20) + "\n")
    with pytest.raises(SbvaeError, match=r"has a line of more than 1,048,576 characters"):
        read_factors(long, NAMES)
    titles = ",".join(f"c{i}" for i in range(1000))
    with pytest.raises(SbvaeError, match=r"has 1,001 columns, more than the limit of 1,000"):
        read_factors(write(tmp_path, f"file,{titles}\n"), NAMES)
