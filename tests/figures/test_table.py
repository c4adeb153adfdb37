"""Tables of scores: cells against numbers computed here, in every format."""

import csv
import io

import numpy as np
import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.table import PAPER_SCORES, Cell, TableRow, score_table

ELBO = {"a": [341.2, 336.9, 338.6], "b": [329.0, 331.5, 326.5, 333.1]}
MIG = {"a": [0.031, 0.047, 0.012], "b": [0.147, 0.21, 0.09, 0.125]}


def rows(**changes: object) -> list[TableRow]:
    values = {name: {"neg_elbo": ELBO[name], "mig": MIG[name]} for name in ELBO}
    return [TableRow(name, len(ELBO[name]), {**values[name], **changes}) for name in ("a", "b")]


def test_cells_are_mean_and_std_in_the_digits_that_the_std_supports() -> None:
    table = score_table(rows(), ["neg_elbo", "mig"])
    assert table.columns == ["model", "ELBO", "MIG", "n"]
    expected = []
    for name in ("a", "b"):
        elbo, mig = np.array(ELBO[name]), np.array(MIG[name])
        star = "* " if name == "b" else ""
        expected.append(
            [
                name,
                f"{star}{elbo.mean():.1f} ± {elbo.std(ddof=1):.1f}",
                f"{mig.mean():.3f} ± {mig.std(ddof=1):.3f}",
                str(len(elbo)),
            ]
        )
    assert table.cells() == expected
    assert expected[1][1] == "* 330.0 ± 2.9"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1234.0, 1001.0, 1400.0], "1212 ± 200"),  # the std's digits before the point stay
        ([0.5, 0.5], "0.5 ± 0"),
        ([0.123456], "0.123"),
        ([36.84], "36.8"),
        ([], "-"),
        ([1.0, 1.141], "1.07 ± 0.10"),  # of 0.0997 the first two digits are 0.10
        ([2.0, 2.00000001], "2.0000 ± 0.0000"),
    ],
)
def test_digits_follow_the_std(values: list[float], text: str) -> None:
    table = score_table([TableRow("a", max(1, len(values)), {"kl": values})], ["kl"])
    assert table.cells() == [["a", text]]


def test_what_few_replicas_have_says_so() -> None:
    table = score_table([TableRow("a", 3, {"mig": [0.1, 0.3]})], ["mig", "kl"])
    assert table.cells() == [["a", "0.20 ± 0.14 (n = 2)", "-"]]
    assert table.note() == "Mean ± std over 3 replicas."


def test_only_the_lowest_elbo_is_bold_and_the_note_says_so() -> None:
    table = score_table(rows(), PAPER_SCORES)
    bold = [cell for row in table.text("markdown").splitlines() for cell in row.split("|")]
    assert [cell.strip() for cell in bold if "**" in cell] == ["**330.0 ± 2.9**"]
    assert "ELBO is the negative one, in nats an image; in bold the lowest ELBO." in table.note()
    assert "3 to 4 replicas" in table.note() and "| n |" in table.text("markdown")
    assert "bold" not in score_table(rows(), ["mig"]).note()
    assert "**" not in score_table(rows()[:1], PAPER_SCORES).text("markdown")


def test_a_table_without_elbos_has_nothing_in_bold() -> None:
    lacking = [TableRow(name, 2, {"mig": [0.1, 0.2]}) for name in "ab"]
    table = score_table(lacking)
    assert "bold" not in table.note() and "**" not in table.text("markdown")


def test_scores_that_are_not_finite_count_as_none() -> None:
    odd = TableRow("odd", 3, {"neg_elbo": [np.nan, 300.0, -np.inf], "mig": [np.nan]})
    (_, (elbo, mig)), (_, (other, _)) = score_table([odd, rows()[1]], ["neg_elbo", "mig"]).rows
    assert (elbo.text(), mig.text()) == ("300 (n = 1)", "-")
    assert elbo.best and not other.best


def test_latex_has_booktabs_rules_and_escapes_names() -> None:
    odd = TableRow("50% of x_y & {z}", 3, {"neg_elbo": ELBO["a"]})
    text = score_table([odd, rows()[1]], ["neg_elbo", "latents_used"]).text("latex")
    lines = text.splitlines()
    assert lines[2:4] == [r"\begin{tabular}{lrrr}", r"\toprule"]
    assert lines[4] == r"model & ELBO & latents used & n \\"
    assert lines[6] == r"50\% of x\_y \& \{z\} & $338.9 \pm 2.2$ & -- & 3 \\"
    assert lines[7] == r"b & $\mathbf{330.0 \pm 2.9}$ & -- & 4 \\"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    assert all(line.startswith("%") for line in lines[:2])  # the only lines that are no table


def test_csv_is_not_rounded() -> None:
    text = score_table(rows(), ["mig"]).text("csv")
    found = list(csv.DictReader(io.StringIO(text)))
    for row in found:
        own = np.array(MIG[row["model"]])
        assert float(row["mig_mean"]) == pytest.approx(own.mean(), abs=1e-12)
        assert float(row["mig_std"]) == pytest.approx(own.std(ddof=1), abs=1e-12)
        assert float(row["mig_median"]) == pytest.approx(np.median(own), abs=1e-12)
        assert int(row["mig_n"]) == len(own)


def test_a_median_has_as_many_digits_as_the_mean_beside_it() -> None:
    assert Cell([1.0, 2.0, 9.0], 3).text_with_median == "4.0 ± 4.4 [2.0]"
    assert Cell([120.0, 180.0, 110.0], 4).text_with_median == "137 ± 38 [120] (n = 3)"
    assert Cell([0.5], 1).text_with_median == "0.500"
    assert Cell([], 1).text_with_median == "-"


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(SbvaeError, match="one group of runs or more"):
        score_table([])
