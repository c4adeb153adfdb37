"""What a user can get wrong, and a run that diverged; the command line prints each as one line."""

import difflib
import math
from collections.abc import Collection, Mapping


class SbvaeError(Exception):
    """Input that cannot be used: the message says where, what was found, and what would do.

    A message names arguments in backticks, as `count` or `population=train`; the command line
    shows these as its flags.

    Args:
        message: One line.
        field: Name of the argument at fault, where there is one; the message follows it.
    """

    exit_code = 1

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def line(self) -> str:
        """The message after the argument at fault, as other messages may quote it."""
        return f"`{self.field}` {self}" if self.field else str(self)


class DivergedError(SbvaeError):
    """A loss term, a gradient or a weight was not finite; the last checkpoint before stays.

    Args:
        message: What went, when, and what is left.
        step: The update that went wrong, counted from 1.
        terms: Its loss terms and gradient norms; empty where the weights went.
    """

    exit_code = 3

    def __init__(self, message: str, step: int, terms: Mapping[str, float] | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.terms = dict(terms or {})

    @classmethod
    def in_step(cls, step: int, terms: Mapping[str, float]) -> "DivergedError":
        """The error that names which terms were not finite.

        A loss is the sum of terms and a gradient follows from them, so each is named only where
        nothing that it comes from went.
        """
        gone = origins(terms)
        went = ", ".join(f"{name} is {terms[name]:g}" for name in gone)
        kept = [f"{n} {v:g}" for n, v in terms.items() if math.isfinite(v)]
        shown = f" (but {', '.join(kept)})" if kept else ""
        return cls(f"diverged in step {step}: {went}{shown}", step, terms)


def origins(terms: Mapping[str, float]) -> list[str]:
    """Names of the terms that are not finite, less those that only follow from others."""
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    rank = {name: 2 if name.endswith("gradient_norm") else int(name == "loss") for name in bad}
    return [name for name in bad if rank[name] == min(rank.values())]


class BusyError(SbvaeError):
    """Another process holds what is wanted, which may be free later."""


class StoppedError(SbvaeError):
    """A signal asked the run to end; it was saved first.

    Args:
        message: What was saved, and how to go on.
        signal_number: Number of the signal; the exit code is 128 more, as shells have it.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def nearest(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that a slip is nearest to; None where none is near.

    Capitals, hyphens and underscores make no difference, and the beginning of one name will do.

    Args:
        name: What a user wrote.
        known: Names that there are.
        cutoff: Share of the letters that are alike, from which on a name is near.
    """
    plain = {_plain(each): each for each in reversed([*known])}  # of two alike, the first
    text = _plain(name)
    near = [text] if text in plain else difflib.get_close_matches(text, plain, n=1, cutoff=cutoff)
    begun = [each for each in plain if text and each.startswith(text)]
    if not near and len(begun) == 1:
        near = begun
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def unknown_name(name: str, known: Collection[str], what: str = "factor") -> SbvaeError:
    """The error for a name that is not among the known ones; it suggests the nearest of them."""
    near = nearest(name, known)
    hint = f"; did you mean {near}?" if near else ""
    listed = "" if near else f"; there are {', '.join(known)}" if known else "; there are none"
    return SbvaeError(f"{what} {name} is unknown{hint}{listed}")
