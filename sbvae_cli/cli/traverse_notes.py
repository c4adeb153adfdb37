"""Prints notes on traversals: used latents, the factors they follow, and cautions."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sbvae_cli.cli.console import note, print_info
from sbvae_cli.config.metrics import USED_BELOW_STD

if TYPE_CHECKING:
    from sbvae_cli.evaluation.traversal import Traversal


def print_sweep_notes(
    out: Path, results: "Mapping[str, Traversal]", span: "tuple[float, float] | str"
) -> None:
    """Print for each model the number of used latents, the factors they follow, and cautions.

    Args:
        out: Picture that was written.
        results: Traversals by title of the model.
        span: Range of the latents in stds of the prior, or `posterior`.
    """
    for title, result in results.items():
        name = f"{title.splitlines()[0]}: " if title else ""
        for line in [*_starts_outside(result, span), *_latents_of_no_factor(result)]:
            note(name + line)
        used = len(result.used)
        print_info(
            f"{name or f'wrote {out}: '}{len(result.latents)} of {len(result.stds)} latents, "
            f"{used} with a mean std below {USED_BELOW_STD}"
        )
        followed = _followed(result)
        if followed:
            print_info(f"{name}{followed}")
    if len(results) > 1:
        print_info(f"wrote {out}")


def print_size_note(decoded: tuple[int, int], trained: tuple[int, int]) -> None:
    """Print a note if the decoded size is at least twice or at most half the trained size.

    Args:
        decoded: (H, W) of decoded images, pixels.
        trained: (H, W) of training images, pixels.
    """
    ratios = [a / b for a, b in zip(decoded, trained, strict=True)]
    changes = [("smaller", max(ratios) >= 2), ("larger", min(ratios) <= 1 / 2)]
    look = " or ".join(change for change, does in changes if does)
    if look:
        note(
            f"drawn at {decoded[0]}x{decoded[1]}, trained at {trained[0]}x{trained[1]}: objects "
            f"look {look}, since kernels keep their size in pixels"
        )


def _starts_outside(result: "Traversal", span: "tuple[float, float] | str") -> list[str]:
    """Return notes on start images with codes outside the range, and a range that has them."""
    if isinstance(span, str):
        return []
    lines = []
    for start, code in zip(result.starts, result.codes, strict=True):
        outside = {k: float(code[k]) for k in result.latents if not span[0] <= code[k] <= span[1]}
        if outside:
            listed = ", ".join(f"{k} at {value:.2f}" for k, value in outside.items())
            widest = max(abs(value) for value in (*outside.values(), *span))
            which = f"start image {start}" if len(result.starts) > 1 else "the start image"
            lines.append(
                f"{which} lies outside of {span[0]:g}..{span[1]:g} in "
                f"latent{'s' if len(outside) > 1 else ''} {listed}; --range {math.ceil(widest)} "
                "includes it"
            )
    return lines


def _latents_of_no_factor(result: "Traversal") -> list[str]:
    """Return a note if no latent is used, or if used latents follow no factor."""
    if not result.used:
        return [
            f"no latent is in use (every mean std is {USED_BELOW_STD} or more): the model ignores "
            "its images; train it longer, or with a smaller weight of the KL"
        ]
    if result.followed is None:
        return []
    none = [latent for latent in result.used if not result.followed[latent]]
    if not none:
        return []
    one = len(none) == 1
    return [
        f"latent{'' if one else 's'} {', '.join(map(str, none))} "
        f"{'is in use and follows' if one else 'are in use and follow'} no factor"
    ]


def _followed(result: "Traversal") -> str:
    """Describe which factors the latents follow, as `latent 9 follows y, 0 x, 5 scale`."""
    if result.followed is None:
        return ""
    factors_by_latent = [
        (latent, " and ".join(name for name, _ in result.followed[latent]))
        for latent in result.latents
        if result.followed[latent]
    ]
    parts = [f"{latent} {names}" for latent, names in factors_by_latent]
    if factors_by_latent:
        parts[0] = f"latent {factors_by_latent[0][0]} follows {factors_by_latent[0][1]}"
    return ", ".join(parts)
