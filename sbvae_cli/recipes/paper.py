"""The numbers that the paper reports, each with its place, as `paper.yaml` has them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field

from sbvae_cli.config.model import Frozen
from sbvae_cli.errors import unknown_name

MeanAndStd = Annotated[tuple[float, ...], Field(min_length=1, max_length=2)]


class _Table(Frozen):
    """A table or figure as the file has it: by row and score a mean and, where known, a spread."""

    place: str
    rows: Mapping[str, Mapping[str, MeanAndStd]]
    remarks: Mapping[str, str] = Field(default_factory=dict)
    doubts: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class PaperNumber:
    """A number of the paper.

    Attributes:
        key: Where it stands in `paper.yaml`, as `table-5/3-layer/mig`.
        place: Where it stands in the paper, as "Table 5, Appendix F.1".
        row: Row of the table, or what a text is about, as `3-layer`.
        score: Name of the score; one that is printed as ELBO is `neg_elbo`, the sum of NLL and KL.
        mean: Mean over replicas, in the score's own unit.
        std: The paper's plus-minus, read as the standard deviation over replicas; None where there
            is none.
        remark: What is known of its row, and of itself; "" where nothing is.
        caution: What of that is of itself alone.
        doubt: Why it cannot be right as it is printed; "" of all others.
    """

    key: str
    place: str
    row: str
    score: str
    mean: float
    std: float | None
    remark: str = ""
    caution: str = ""
    doubt: str = ""

    @property
    def text(self) -> str:
        """The number as the paper prints it, but for zeros at its end: `0.147 ± 0.057`."""
        spread = "" if self.std is None else f" ± {self.std:g}"
        return f"{self.mean:g}{spread}"


@cache
def paper_numbers() -> Mapping[str, PaperNumber]:
    """All numbers of the paper, by their keys."""
    text = files("sbvae_cli.recipes").joinpath("paper.yaml").read_text(encoding="utf-8")
    found = {}
    for name, tree in yaml.safe_load(text).items():
        table = _Table.model_validate(tree)
        for row, scores in table.rows.items():
            for score, (mean, *std) in scores.items():
                caution, doubt = (
                    told.get(f"{row}/{score}", "") for told in (table.remarks, table.doubts)
                )
                remark = "; ".join(filter(None, (table.remarks.get(row), caution, doubt)))
                key = f"{name}/{row}/{score}"
                spread = std[0] if std else None
                found[key] = PaperNumber(
                    key, table.place, row, score, mean, spread, remark, caution, doubt
                )
    return found


def paper_number(key: str) -> PaperNumber:
    """The number of a key such as `table-5/3-layer/mig`.

    Raises:
        SbvaeError: If there is none, with the nearest key.
    """
    known = paper_numbers()
    if key not in known:
        raise unknown_name(key, known, "number of the paper")
    return known[key]
