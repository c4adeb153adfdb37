"""Parses the text of options."""

import itertools
import math
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.config.score_names import metrics_named
from sbvae_cli.errors import SbvaeError, unknown_name

if TYPE_CHECKING:
    from sbvae_cli.config.space import CorrelationConfig, FactorConfig, Range

MAX_STDS = 1000.0  # stds of the prior


def parse_metrics(text: str) -> tuple[str, ...]:
    """Parse names of metrics, as `rates,mig` or `all`; a score names the metric that computes it.

    Raises:
        SbvaeError: If a name is unknown, or no name is given.
    """
    given = [part.strip() for part in text.split(",") if part.strip()]
    if not given:
        raise SbvaeError(f"--metrics is empty; choose from {', '.join(METRICS)}, or all")
    return metrics_named(given)


def parse_scores(text: str) -> list[str]:
    """Parse names of scores, as `mig,x,y:affine_r2`, where a pair of factors contains a comma too.

    Raises:
        SbvaeError: If no name is given.
    """
    names: list[str] = []
    for part in text.split(","):
        if ":" in part and names and ":" not in names[-1]:
            names[-1] += f",{part.strip()}"
        else:
            names.append(part.strip())
    names = [name for name in dict.fromkeys(names) if name]
    if not names:
        raise SbvaeError("--scores is empty; name scores, as mig,kl")
    return names


def parse_groups(
    texts: Sequence[str], metrics: Collection[str] | None = None
) -> tuple[tuple[str, ...], ...] | None:
    """Parse the factors of each `--group`, as `x,y`.

    Args:
        texts: Values of the option.
        metrics: Metrics to compute; None is the default, which includes mig.

    Raises:
        SbvaeError: If a group has fewer than two factors, or mig, which uses the groups, is not
            computed.
    """
    if texts and metrics is not None and "mig" not in metrics:
        raise SbvaeError(
            "--group applies to mig_subspace, a part of mig; add mig to --metrics, or leave out "
            "--group"
        )
    groups = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
    for text, group in zip(texts, groups, strict=True):
        if len(group) < 2:
            raise SbvaeError(f"--group {text}: names {len(group)} factors, a group has two or more")
    return tuple(groups) or None


def parse_size(text: str, most: int = 4096) -> tuple[int, int]:
    """Parse a size, as `64` or `48x64`, to (height, width) in pixels.

    Raises:
        SbvaeError: If the text is neither, or a side is not from 1 to `most` pixels.
    """
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", text.strip().lower())
    if not match:
        raise SbvaeError(f"--size {text}: write a side in pixels, as 64, or HEIGHTxWIDTH")
    height = int(match[1])
    width = int(match[2] or match[1])
    if not (1 <= height <= most and 1 <= width <= most):
        raise SbvaeError(f"--size {text}: a side has 1 to {most} pixels")
    return height, width


def parse_latents(text: str) -> tuple[int, ...] | None:
    """Parse indices of latents, as `9,3` or `9`; return None for `all`.

    Raises:
        SbvaeError: If the text is neither.
    """
    if text.strip().lower() == "all":
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise SbvaeError(
            f"--latents {text}: write numbers of latents, as 9,3 or 9, or all; how many is --top"
        )
    return tuple(map(int, parts))


def parse_two_latents(text: str) -> tuple[int, int]:
    """Parse indices of two latents, as `9,3`.

    Raises:
        SbvaeError: If the text is not two different indices.
    """
    parts = [part.strip() for part in text.split(",")]
    numbers = [int(part) for part in parts if re.fullmatch(r"[0-9]{1,9}", part)]
    if len(parts) != 2 or len(set(numbers)) != 2:
        raise SbvaeError(f"--latents {text}: name two different ones, as 9,3")
    return numbers[0], numbers[1]


def parse_range(text: str) -> "tuple[float, float] | Literal['posterior']":
    """Parse a range in stds of the prior: `2` for -2..2, `-3..1`, or `posterior`.

    Raises:
        SbvaeError: If the text is none of these, or the range is empty or exceeds 1,000 stds.
    """
    if text.strip().lower() == "posterior":
        return "posterior"
    low, dots, high = text.partition("..")
    try:
        ends = (float(low), float(high)) if dots else (-float(low), float(low))
    except ValueError:
        raise SbvaeError(
            f"--range {text}: write a number, as 2, a range, as -3..1, or posterior"
        ) from None
    if not -MAX_STDS <= ends[0] < ends[1] <= MAX_STDS:
        raise SbvaeError(
            f"--range {text}: the lower end comes first, and both lie within -1000..1000"
        )
    return ends


def parse_value_levels(text: str) -> tuple[float, float]:
    """Parse the pixel values that become black and white, as `0..4095`.

    Raises:
        SbvaeError: If the text is not two finite numbers, the lower one first.
    """
    low, dots, high = text.partition("..")
    try:
        ends = float(low), float(high if dots else "")
    except ValueError:
        raise SbvaeError(f"{text}: write LOW..HIGH, as 0..65535", field="levels") from None
    if not (math.isfinite(ends[0]) and math.isfinite(ends[1]) and ends[0] < ends[1]):
        raise SbvaeError(f"{text}: LOW comes first, and both are finite", field="levels")
    return ends


def parse_pair(text: str) -> tuple[str, str]:
    """Parse two names of factors, as `x,y`.

    Raises:
        SbvaeError: If the text is not two names.
    """
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise SbvaeError(f"--factors {text}: name two, as x,y")
    return names[0], names[1]


def parse_value(text: str, factor: "FactorConfig | None" = None) -> float:
    """Parse a number, or the name of a level of a factor.

    Raises:
        SbvaeError: If the text is neither.
    """
    level = factor.level_of(text) if factor else None
    if level is not None:
        return level
    try:
        return float(text)
    except ValueError:
        if factor and factor.level_names:
            raise unknown_name(text, factor.level_names, factor.name) from None
        raise SbvaeError(f"{text!r} is not a number") from None


def parse_factor_range(text: str, factor: "FactorConfig | None" = None) -> "Range":
    """Parse a range of a factor: `0.2..0.8` to (0.2, 0.8), and `0.2` to (0.2, 0.2).

    Args:
        text: The range.
        factor: The factor, whose levels may be given by name.

    Raises:
        SbvaeError: If the ends are not finite numbers, or the lower end is not first.
    """
    low, dots, high = text.partition("..")
    if factor and factor.level_of(text) is not None:  # the name of a level may contain `..`
        low, dots = text, ""
    try:
        ends = parse_value(low, factor), parse_value(high if dots else low, factor)
    except SbvaeError:
        if factor and factor.level_names:
            raise
        raise SbvaeError(f"{text!r} is not a number or a range such as 0.2..0.8") from None
    if not all(math.isfinite(end) for end in ends):
        raise SbvaeError(f"{text!r} is not finite; write a range such as 0.2..0.8")
    if ends[0] > ends[1]:
        raise SbvaeError(f"{text!r} is empty; write the lower end first")
    return ends


def parse_assignments(text: str, factors: "Sequence[FactorConfig]" = ()) -> "dict[str, Range]":
    """Parse ranges by name: `x=0.35..0.65,y=0.5` to {"x": (0.35, 0.65), "y": (0.5, 0.5)}.

    Args:
        text: The ranges.
        factors: All factors, whose levels may be given by name, as `shape=heart`; without factors,
            any name is allowed.

    Raises:
        SbvaeError: If a part is not NAME=RANGE, or a name is unknown or repeated.
    """
    known = {factor.name: factor for factor in factors}
    assignments: dict[str, Range] = {}
    for part in text.split(","):
        name, equals, text_of_range = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise SbvaeError(f"{part.strip()!r} is not NAME=RANGE, such as x=0.2..0.8")
        if name in assignments:
            raise SbvaeError(f"{text!r} names {name} twice")
        if known and name not in known:
            raise unknown_name(name, known)
        assignments[name] = parse_factor_range(text_of_range, known.get(name))
    return assignments


def parse_correlation(text: str) -> "CorrelationConfig":
    """Parse a correlation, as `x,y=0.2`: two factors and the std of their scaled difference.

    Raises:
        SbvaeError: If the text is not two different names and a positive number.
    """
    from sbvae_cli.config.space import MIN_STD, CorrelationConfig

    names, equals, number = text.partition("=")
    pair = [name.strip() for name in names.split(",")]
    try:
        std = float(number) if equals else 0.0
    except ValueError:
        std = 0.0
    if 0 < std < MIN_STD:
        raise SbvaeError(f"{text!r}: the std is too small; give {MIN_STD:g} or more")
    if len(pair) != 2 or not all(pair) or not (math.isfinite(std) and std > 0):
        raise SbvaeError(f"{text!r} is not NAME,NAME=STD, such as x,y=0.2")
    if pair[0] == pair[1]:
        raise SbvaeError(f"{text!r}: a correlation needs two factors, found {pair[0]} twice")
    return CorrelationConfig(factors=(pair[0], pair[1]), std=std)


def parse_levels(texts: Sequence[str], factors: "Sequence[FactorConfig]") -> dict[str, float]:
    """Parse values of factors, as `hue=0.5,shape=heart`.

    Args:
        texts: Values of the option.
        factors: All factors, whose levels may be given by name.

    Raises:
        SbvaeError: If a factor is unknown, or its value is neither a number nor a level's name.
    """
    known = {factor.name: factor for factor in factors}
    values = {}
    for text in itertools.chain.from_iterable(each.split(",") for each in texts):
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise SbvaeError(f"--at {text}: write name=value, as hue=0.5")
        if name not in known:
            raise SbvaeError(f"--at {text}: {unknown_name(name, known)}")
        try:
            values[name] = parse_value(value, known[name])
        except SbvaeError as error:
            hint = "" if known[name].level_names else "; write name=number, as hue=0.5"
            raise SbvaeError(f"--at {text}: {error}{hint}") from None
    return values
