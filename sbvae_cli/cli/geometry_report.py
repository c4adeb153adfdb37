"""What `sbvae geometry` says of each embedding, and what its pictures tell of themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sbvae_cli.runs.geometry import Embedded


def about_picture(embedded: "Sequence[Embedded]") -> dict[str, Any]:
    """What the file of a picture tells: which runs at which step, and their scores."""
    return {
        "runs": [dict(each.about) for each in embedded],
        "scores": [
            {
                name: value
                for name, value in each.found.scores.items()
                if isinstance(value, int | float)
            }
            for each in embedded
        ],
    }


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
