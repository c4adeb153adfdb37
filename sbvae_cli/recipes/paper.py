"""Numbers that the paper reports, read from `paper.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import Field

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.errors import unknown_name

MeanAndStd = Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]  # as printed


class _Table(Frozen):
    """A table or figure in the file: mean and perhaps spread of each score, by row."""

    place: str
    rows: Mapping[str, Mapping[str, MeanAndStd]]
    remarks: Mapping[str, str] = Field(default_factory=dict)
    doubts: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class PaperNumber:
    """A number that the paper reports.

    Attributes:
        key: Key in `paper.yaml`, such as `table-5/3-layer/mig`.
        place: Place in the paper, such as "Table 5, Appendix F.1".
        row: Row of the table, or subject of a text, such as `3-layer`.
        score: Name of the score; what the paper prints as ELBO is `neg_elbo`, the sum of NLL and
            KL.
        printed: Mean and perhaps the value after plus-minus, with the paper's digits.
        remark: Remarks on its row and on itself; "" if there are none.
        caution: Remark on this number alone; "" if there is none.
        doubt: Why the printed number cannot be right; "" if it can.
    """

    key: str
    place: str
    row: str
    score: str
    printed: tuple[str, ...]
    remark: str = ""
    caution: str = ""
    doubt: str = ""

    @property
    def mean(self) -> float:
        """Mean over replicas, in the unit of the score."""
        return float(self.printed[0])

    @property
    def std(self) -> float | None:
        """The paper's plus-minus, read as the std over replicas; None if the paper has none."""
        return float(self.printed[1]) if len(self.printed) > 1 else None

    @property
    def text(self) -> str:
        """The number as the paper prints it, such as `0.147 ± 0.057`."""
        return " ± ".join(self.printed)


@cache
def paper_numbers() -> Mapping[str, PaperNumber]:
    """Return all numbers of the paper by their keys."""
    text = files("sbvae_cli.recipes").joinpath("paper.yaml").read_text(encoding="utf-8")
    found = {}
    for name, tree in yaml.load(text, Loader=yaml.BaseLoader).items():
        table = _Table.model_validate(tree)
        for row, scores in table.rows.items():
            for score, printed in scores.items():
                caution, doubt = (
                    texts.get(f"{row}/{score}", "") for texts in (table.remarks, table.doubts)
                )
                remark = "; ".join(filter(None, (table.remarks.get(row), caution, doubt)))
                key = f"{name}/{row}/{score}"
                found[key] = PaperNumber(
                    key, table.place, row, score, printed, remark, caution, doubt
                )
    return found


def paper_number(key: str) -> PaperNumber:
    """Return the number of a key such as `table-5/3-layer/mig`.

    Raises:
        SbvaeError: If there is none; the message has the nearest key.
    """
    known = paper_numbers()
    if key not in known:
        raise unknown_name(key, known, "number of the paper")
    return known[key]
