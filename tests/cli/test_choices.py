"""The ends of the help."""

from collections.abc import Callable

from sbvae_cli.config.metrics import METRICS


def test_the_help_of_eval_says_what_each_metric_is(sbvae: Callable[..., object]) -> None:
    shown = sbvae("eval", "--help").out
    ends = {" ".join(line.split()) for line in shown.split("Metrics:")[1].splitlines()}
    assert {f"{name} {metric.help}" for name, metric in METRICS.items()} <= ends
    assert max(map(len, shown.splitlines())) <= 80
