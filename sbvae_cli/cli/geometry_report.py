"""What `sbvae geometry` says of each embedding, and what its pictures tell of themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sbvae_cli.runs.geometry import Embedded


def about_picture(embedded: "Sequence[Embedded]") -> dict[str, Any]:
    """What the file of a picture tells: which runs of which seed and step, and their scores."""
    runs = []
    for each in embedded:
        about = {name: own for name, own in each.about.items() if name in ("seed", "step")}
        scores = {k: v for k, v in each.found.scores.items() if isinstance(v, int | float)}
        run: dict[str, Any] = {"run": str(each.path), **about, "scores": scores}
        runs.append(run)
    return {"runs": runs}


def print_notes(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    """Sentences on what the scores do not say themselves, each run's behind its name."""
    from sbvae_cli.cli.console import remark
    from sbvae_cli.cli.flags import with_flags

    for name, each in zip(names, embedded, strict=True):
        for line in each.found.notes:
            remark(f"note: {f'{name}: ' if name else ''}{with_flags(line)}")


def print_headlines(names: Sequence[str], embedded: "Sequence[Embedded]") -> None:
    """What is most telling comes first: a line that has collapsed has a high affine_r2."""
    from sbvae_cli.cli.console import say
    from sbvae_cli.evaluation.findings.verdict import headlines

    for name, each in zip(names, embedded, strict=True):
        for line in headlines(each.found.pair):
            say(f"{name}: {line}" if name else line)
