"""Errors for invalid input and for diverged runs; the command line prints each as one line."""

import difflib
import math
import reprlib
from collections.abc import Collection, Mapping

_MAX_SHOWN = 80  # characters of a value in an error message


class _Brief(reprlib.Repr):
    """Texts of values of a file, of which a few bytes may hold lists or arrays beyond measure."""

    def repr_instance(self, value: object, level: int) -> str:
        """Return the text of a value that is no container: of an array, or tensor, its shape."""
        shape = getattr(value, "shape", ())
        kind = type(value).__name__
        return f"{kind} of shape {tuple(shape)}" if shape else super().repr_instance(value, level)


_BRIEF = _Brief()
_BRIEF.maxlist = _BRIEF.maxtuple = _BRIEF.maxdict = _BRIEF.maxset = 10
_BRIEF.maxstring = _BRIEF.maxlong = _BRIEF.maxother = 2 * _MAX_SHOWN
_BRIEF.maxlevel = 3


class SbvaeError(Exception):
    """Invalid input; the message says where it is, what was found, and what would be valid.

    A message names arguments in backticks, as `count` or `population=train`; the command line
    prints them as flags.

    Args:
        message: Message of one line. What is unprintable in it, as a name of a file may be, is
            replaced.
        field: Name of the invalid argument; the message then continues a sentence that begins with
            this name. None if no single argument is invalid.
    """

    exit_code = 1

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(printable(message))
        self.field = field

    @property
    def line(self) -> str:
        """Message after the name of the invalid argument, if any."""
        return f"`{self.field}` {self}" if self.field else str(self)


class DivergedError(SbvaeError):
    """Error for a loss term, gradient or weight that is not finite; the last checkpoint is kept.

    Args:
        message: Which values are not finite, in which step, and which checkpoint is left.
        step: Number of the update that diverged, counted from 1.
        terms: Loss terms and gradient norms of this update; empty if weights are not finite.
    """

    exit_code = 3

    def __init__(self, message: str, step: int, terms: Mapping[str, float] | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.terms = dict(terms or {})

    @classmethod
    def in_step(cls, step: int, terms: Mapping[str, float]) -> "DivergedError":
        """Return the error for an update, naming the terms that are not finite.

        The loss is a sum of terms, and gradients are computed from it; so the loss is named only if
        all of its terms are finite, and gradient norms only if the loss is finite too.
        """
        gone = origins(terms)
        went = ", ".join(f"{name} is {terms[name]:g}" for name in gone)
        kept = [f"{n} {v:g}" for n, v in terms.items() if math.isfinite(v)]
        shown = f" (but {', '.join(kept)})" if kept else ""
        return cls(f"diverged in step {step}: {went}{shown}", step, terms)


def origins(terms: Mapping[str, float]) -> list[str]:
    """Return the names of non-finite terms, without terms computed from other non-finite terms."""
    bad = [name for name, value in terms.items() if not math.isfinite(value)]
    rank = {name: 2 if name.endswith("gradient_norm") else int(name == "loss") for name in bad}
    return [name for name in bad if rank[name] == min(rank.values())]


class BusyError(SbvaeError):
    """Error for a run folder or file in use by another process; a later attempt may succeed."""


class StoppedError(SbvaeError):
    """Error for a run that a signal stopped, after it was saved.

    Args:
        message: What was saved, and how to resume.
        signal_number: Number of the signal; the exit code is 128 + this number, as in shells.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def closest_name(name: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """Return the known name most similar to a misspelled one, or None if none is similar.

    Only letters and digits are compared, without case. A prefix of exactly one known name also
    matches.

    Args:
        name: Name that the user wrote.
        known: Valid names.
        cutoff: Least similarity of two names, in [0, 1], as in `difflib.get_close_matches`.
    """
    plain = {_plain(each): each for each in reversed([*known])}  # of equal ones, keeps the first
    text = _plain(name)
    near = [text] if text in plain else difflib.get_close_matches(text, plain, n=1, cutoff=cutoff)
    begun = [each for each in plain if text and each.startswith(text)]
    if not near and len(begun) == 1:
        near = begun
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def format_value(value: object) -> str:
    """Format a value for an error message, on one line and cut after 80 characters."""
    return shorten_line(_BRIEF.repr(value), _MAX_SHOWN)


def shorten_line(text: str, most: int) -> str:
    """Return a text on one line, cut after `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]} ..."


def printable(text: str) -> str:
    """Replace unprintable characters, such as line breaks and what a terminal would interpret.

    Names and texts of a file are not trusted; errors and notes show them by this.
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def unknown_name(name: str, known: Collection[str], what: str = "factor") -> SbvaeError:
    """Return the error for an unknown name, with the most similar known name or all of them.

    Args:
        name: Name that the user or a file wrote.
        known: Valid names.
        what: Kind of thing that is named, the first word of the message.
    """
    near = closest_name(name, known)
    hint = f"; did you mean {near}?" if near else ""
    listed = "" if near else f"; there are {', '.join(known)}" if known else "; there are none"
    shown = shorten_line(name, _MAX_SHOWN)
    return SbvaeError(f"{what} {shown} is unknown{hint}{listed}")
