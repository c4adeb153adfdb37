"""Text of options to values."""

from collections.abc import Collection, Sequence

from sbvae_cli.config.metrics import ALL, METRICS, metric_of
from sbvae_cli.errors import SbvaeError, unknown_name


def parse_metrics(text: str) -> tuple[str, ...]:
    """Read `rates,mig`, or `all`, in capitals too.

    Raises:
        SbvaeError: If a name is that of a score, with the metric that computes it, or unknown, with
            the nearest one, or none is given.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if name in METRICS or name == "all":
            continue
        metric = metric_of(name)
        if metric is not None:
            raise SbvaeError(f"{name} is computed by {metric}; write --metrics {metric}")
        raise unknown_name(name, [*METRICS, "all"], "metric")
    if not names:
        raise SbvaeError(f"--metrics names none; choose from {', '.join(METRICS)}, or all")
    return tuple(name for name in METRICS if name in names or ("all" in names and name in ALL))


def parse_groups(
    texts: Sequence[str], metrics: Collection[str] | None = None
) -> tuple[tuple[str, ...], ...] | None:
    """Read `x,y` of each `--group`.

    Args:
        texts: What the user wrote.
        metrics: Metrics that are computed; None are those of a default, which has mig.

    Raises:
        SbvaeError: If one names fewer than two factors, or mig, which they are for, is not
            computed.
    """
    if texts and metrics is not None and "mig" not in metrics:
        raise SbvaeError(
            "--group is of mig_subspace, a part of mig; add mig to --metrics, or leave --group out"
        )
    groups = [tuple(name.strip() for name in text.split(",") if name.strip()) for text in texts]
    for text, group in zip(texts, groups, strict=True):
        if len(group) < 2:
            raise SbvaeError(f"--group {text}: names {len(group)} factors, a group has two or more")
    return tuple(groups) or None
