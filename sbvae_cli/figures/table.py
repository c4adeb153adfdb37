"""Scores of groups of replicas as a table (Tables 5 to 10): Markdown, LaTeX, CSV or cells."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median, stdev
from typing import Literal

from sbvae_cli.config.score_names import score_style
from sbvae_cli.errors import SbvaeError

# Columns of Tables 5 to 10.
PAPER_SCORES = ("neg_elbo", "nll", "kl", "latents_used", "mig", "factor_vae")
BOLD_SCORE = "neg_elbo"  # the paper sets the lowest mean of this score in bold
_MAX_DIGITS = 4  # largest number of decimals
_DIGITS_WITHOUT_STD = 3  # significant digits of a mean without std
_ESCAPED = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True)
class TableRow:
    """A group of replicas.

    Attributes:
        name: Name of the group.
        count: Number of replicas.
        values: Scores of the replicas that have them, by name; values that are not finite are
            ignored.
    """

    name: str
    count: int
    values: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Cell:
    """A score of a group.

    Attributes:
        values: Values of the replicas that have the score, possibly none.
        count: Number of replicas of the group.
        best: Whether the cell is set in bold.
    """

    values: Sequence[float]
    count: int
    best: bool = False

    @property
    def mean(self) -> float | None:
        """Mean over the replicas; None without values."""
        return fmean(self.values) if self.values else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation (divided by n - 1); None for fewer than two values."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def median(self) -> float | None:
        """Median over the replicas; None without values."""
        return median(self.values) if self.values else None

    @property
    def numbers(self) -> tuple[str, str]:
        """Mean and std, rounded to the first two digits of the std; "" for a missing one.

        A std of 0, of equal replicas, is written as 0.
        """
        if self.mean is None:
            return "", ""
        if not self.std:
            digits = _digits(abs(self.mean), _DIGITS_WITHOUT_STD)
            mean = f"{self.mean:.{digits}f}"
            short = mean.rstrip("0").rstrip(".") if "." in mean else mean
            return (mean, "") if self.std is None else (short, "0")
        digits = _digits(self.std, 2)
        return f"{self.mean:.{digits}f}", f"{self.std:.{digits}f}"

    @property
    def few(self) -> str:
        """Number of replicas with the score, as text, if not all of the group have it."""
        return f" (n = {len(self.values)})" if 0 < len(self.values) < self.count else ""

    def text(self, plus_minus: str = " ± ") -> str:
        """Return mean and std as text, without a mark for the best."""
        mean, std = self.numbers
        return f"{mean}{plus_minus}{std}{self.few}" if std else mean + self.few or "-"

    @property
    def text_with_median(self) -> str:
        """Mean and std as text, with the median in brackets and as many decimals as the mean."""
        mean, std = self.numbers
        if not std or self.median is None:
            return self.text()
        digits = len(mean.partition(".")[2])
        return f"{mean} ± {std} [{self.median:.{digits}f}]{self.few}"


@dataclass(frozen=True)
class ScoreTable:
    """Table with groups in rows and scores in columns.

    Attributes:
        scores: Names of the scores.
        rows: Name and cells of each row.
        about: Description of the numbers.
    """

    scores: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    about: str

    @property
    def columns(self) -> list[str]:
        """Names of all columns."""
        counts = [] if self._alike else ["n"]
        names = ("ELBO" if name == BOLD_SCORE else score_style(name).label for name in self.scores)
        return ["model", *names, *counts]

    def note(self, mark: str = "in bold") -> str:
        """Return a sentence that describes the numbers and the mark of the best one."""
        best = any(cell.best for _, cells in self.rows for cell in cells)
        return f"{self.about}{f'; {mark} the lowest ELBO' if best else ''}."

    def cells(self) -> list[list[str]]:
        """Return the rows as text, with a star before the best score."""
        return [
            [name, *(("* " if c.best else "") + c.text() for c in cells), *self._count(cells)]
            for name, cells in self.rows
        ]

    def text(self, wanted: Literal["markdown", "latex", "csv"]) -> str:
        """Return the contents of a file in a format, with a newline at the end."""
        match wanted:
            case "markdown":
                return self._markdown()
            case "latex":
                return self._latex()
            case "csv":
                return self._csv()

    def _repr_markdown_(self) -> str:
        """Return the representation for notebooks."""
        return self._markdown()

    @property
    def _alike(self) -> bool:
        return len({cells[0].count for _, cells in self.rows}) == 1

    def _count(self, cells: Sequence[Cell]) -> list[str]:
        return [] if self._alike else [str(cells[0].count)]

    def _markdown(self) -> str:
        aligned = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = [self.columns, aligned]
        for name, cells in self.rows:
            written = [f"**{cell.text()}**" if cell.best else cell.text() for cell in cells]
            lines.append([name.replace("|", "\\|"), *written, *self._count(cells)])
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{table}\n\n{self.note()}\n"

    def _latex(self) -> str:
        lines = ["\\begin{tabular}{l" + "r" * (len(self.columns) - 1) + "}", "\\toprule"]
        lines += [_latex_row([_escape(name) for name in self.columns]), "\\midrule"]
        for name, cells in self.rows:
            written = [_latex_cell(cell) for cell in cells]
            lines.append(_latex_row([_escape(name), *written, *self._count(cells)]))
        note = f"% {self.note()}\n% Needs \\usepackage{{booktabs}}.\n"
        return note + "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"

    def _csv(self) -> str:
        """Return CSV with unrounded mean, std, median and number of replicas of each score."""
        of_score = ("mean", "std", "median", "n")
        heading = ["model", *(f"{s}_{what}" for s in self.scores for what in of_score)]
        content = io.StringIO()
        writer = csv.writer(content, lineterminator="\n")
        writer.writerow(heading)
        for name, cells in self.rows:
            numbers = [n for c in cells for n in (c.mean, c.std, c.median, len(c.values))]
            writer.writerow([name, *("" if n is None else n for n in numbers)])
        return content.getvalue()


def score_table(rows: Sequence[TableRow], scores: Sequence[str] = PAPER_SCORES) -> ScoreTable:
    """Make a table of means and stds of scores over the replicas of each group.

    The paper sets the best ELBO of a table in bold, which is the lowest, as it is the negative
    ELBO. This table does too, if it has that column and at least two rows.

    Args:
        rows: Groups of replicas.
        scores: Names of the scores.

    Raises:
        SbvaeError: If there are no rows.
    """
    if not rows:
        raise SbvaeError("a table needs one group of runs or more")
    means = [_cell(row, BOLD_SCORE, None).mean for row in rows]
    known = [mean for mean in means if mean is not None]
    best = min(known) if known and len(rows) > 1 else None
    found = tuple((row.name, tuple(_cell(row, name, best) for name in scores)) for row in rows)
    return ScoreTable(tuple(scores), found, _about(rows, scores))


def _cell(row: TableRow, name: str, best: float | None) -> Cell:
    """Return a score of a row, in bold if it is the ELBO with the best mean."""
    cell = Cell([value for value in row.values.get(name, ()) if math.isfinite(value)], row.count)
    return replace(cell, best=name == BOLD_SCORE and best is not None and cell.mean == best)


def _about(rows: Sequence[TableRow], scores: Sequence[str]) -> str:
    """Describe the numbers of the table."""
    counts = sorted({row.count for row in rows})
    several = "1 replica" if counts == [1] else f"{counts[-1]} replicas"
    if len(counts) > 1:
        several = f"{counts[0]} to {counts[-1]} replicas"
    what = "Scores of one replica each" if counts == [1] else f"Mean ± std over {several}"
    elbo = "; ELBO is the negative one, in nats an image" if BOLD_SCORE in scores else ""
    return what + elbo


def _digits(number: float, significant: int) -> int:
    """Return the number of decimals that show `significant` digits of a number."""
    if number == 0 or not math.isfinite(number):
        return 0
    rounded = float(f"{number:.{significant - 1}e}")  # 0.0996 is rounded to 0.10
    return min(_MAX_DIGITS, max(0, significant - 1 - math.floor(math.log10(abs(rounded)))))


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _latex_cell(cell: Cell) -> str:
    mean, std = cell.numbers
    if not mean:
        return "--"
    number = f"{mean} \\pm {std}" if std else mean
    return (f"$\\mathbf{{{number}}}$" if cell.best else f"${number}$") + cell.few


def _escape(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)
