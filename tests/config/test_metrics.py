"""The table of metrics against the functions that compute them and the reference."""

from pathlib import Path

from sbvae_cli.config.metrics import METRICS
from sbvae_cli.metrics.compute import COMPUTE

REFERENCE = (Path(__file__).parents[2] / ".github/REFERENCE.md").read_text(encoding="utf-8")


def test_every_metric_of_codes_has_its_function_and_no_other_has_one() -> None:
    assert list(COMPUTE) == [name for name, each in METRICS.items() if each.source == "codes"]


def test_no_score_is_of_two_metrics_but_the_count_of_latents_of_images_and_of_a_grid() -> None:
    scores = [score for metric in METRICS.values() for score in metric.scores]
    assert sorted(scores) == sorted([*set(scores), "latents_used"])


def test_the_reference_has_every_score_in_the_words_of_the_table() -> None:
    rows = ["| metric | score | what it measures | range | better | missing |", "|" + 6 * "---|"]
    for name, metric in METRICS.items():
        for place, (score, meaning) in enumerate(metric.scores.items()):
            label = name if place == 0 else ""
            rows.append(f"| {label} | `{score}` | {' | '.join(meaning)} |")
    table = REFERENCE[REFERENCE.index(rows[0]) :].split("\n\n")[0]
    assert table.splitlines() == rows
