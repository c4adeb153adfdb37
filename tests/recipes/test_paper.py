"""The paper's numbers: those of its tables, and what is odd about them."""

import pytest

from sbvae_cli.config.score_names import requested_score
from sbvae_cli.errors import SbvaeError
from sbvae_cli.figures.table import PAPER_SCORES
from sbvae_cli.recipes.paper import PaperNumber, paper_number, paper_numbers

# Sums of the printed columns: ELBO, NLL, KL, latents used, MIG, FactorVAE.
SUMS = {
    "table-5": (1349, 1252, 97.2, 27.18, 0.553, 0.839),
    "table-6": (1410, 1308, 103.2, 32.41, 0.168, 0.666),
    "table-7": (1400, 1338, 85.6, 24.09, 0.681, 0.915),
    "table-8": (1064, 994, 69.2, 19.89, 0.247, 0.613),
    "table-9": (16099, 16014, 85.4, 26.70, 2.312, 3.834),
    "table-10": (1315, 1216, 97.2, 29.04, 0.528, 0.819),
}


def of_table(table: str) -> list[PaperNumber]:
    return [each for key, each in paper_numbers().items() if key.startswith(f"{table}/")]


@pytest.mark.parametrize("table", SUMS)
def test_columns_add_up_to_those_of_the_printed_table(table: str) -> None:
    numbers = of_table(table)

    found = [sum(each.mean for each in numbers if each.score == score) for score in PAPER_SCORES]

    assert found == pytest.approx(SUMS[table], abs=1e-6)
    assert all(each.std is not None and each.std > 0 for each in numbers)
    assert all(each.place.startswith(f"Table {table.removeprefix('table-')},") for each in numbers)


def test_nll_and_kl_add_up_to_the_elbo_but_in_one_row() -> None:
    rows: dict[str, dict[str, float]] = {}
    for key, each in paper_numbers().items():
        rows.setdefault(key.rpartition("/")[0], {})[each.score] = each.mean

    odd = [
        row
        for row, own in rows.items()
        if "kl" in own and abs(own["nll"] + own["kl"] - own["neg_elbo"]) > 1.1  # rounded thrice
    ]

    assert odd == ["table-7/3-layer"]
    assert all(
        "does not add up" in paper_number(f"{odd[0]}/{s}").doubt for s in ("nll", "neg_elbo")
    )


def test_a_number_has_its_remarks_and_is_written_as_in_the_paper() -> None:
    number = paper_number("table-6/5-layer/mig")

    assert (number.row, number.score, number.mean, number.std) == ("5-layer", "mig", 0.056, 0.32)
    assert "Table 8's row" in number.remark and not number.caution
    assert "0.032" in number.doubt and number.doubt in number.remark
    assert number.text == "0.056 ± 0.32"
    assert paper_number("figure-9/deconv/mig").text == "0.052"
    assert paper_number("table-5/5-layer/latents_used").text == "5.70 ± 0.37"
    assert "340" in paper_number("table-8/1-layer/neg_elbo").caution
    assert "347" in paper_number("table-6/5-layer/neg_elbo").caution


def test_scores_of_tables_are_known_ones() -> None:
    shares = {"share_of_mig_near_zero", "share_diverged"}
    scores = {each.score for each in paper_numbers().values()}

    assert [requested_score(score).name for score in sorted(scores - shares)] == sorted(
        scores - shares
    )


def test_an_unknown_number_names_the_nearest() -> None:
    with pytest.raises(SbvaeError, match=r"did you mean table-5/3-layer/mig\?"):
        paper_number("table-5/3-layers/mig")
