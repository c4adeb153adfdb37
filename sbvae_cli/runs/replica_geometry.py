"""Score replicas, and embed the worst, the best or others (Figures 7, 8 and 13 to 22)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from sbvae_cli.config.names import GeometryScore, Rank
from sbvae_cli.config.score_names import score_style
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.evaluate import OnMetric, no_report
from sbvae_cli.evaluation.findings.verdict import verdict_label
from sbvae_cli.figures.geometry import require_same_points
from sbvae_cli.figures.panel import ChosenReplica, Replicas, draw_panel
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.runs.evaluate import Showing
from sbvae_cli.runs.geometry import Embedded
from sbvae_cli.runs.replica_groups import require_one_kind
from sbvae_cli.runs.run_facts import RunFacts, run_metadata
from sbvae_cli.runs.scores import score_runs
from sbvae_cli.viz.canvas import Canvas

Pick = str | int  # worst, median, best, or a seed

Embed = Callable[[Path], Embedded]


@dataclass(frozen=True)
class EmbeddedReplicas:
    """Replicas of one group, which differ only in the seed.

    Attributes:
        replicas: The data of the figure.
        runs: Replicas that have the score, in the order of the scores in `replicas`.
        embedded: Embeddings of the drawn replicas, in the order of `shown.chosen`.
    """

    replicas: Replicas
    runs: Sequence[RunFacts]
    embedded: Sequence[Embedded]


def embed_replicas(
    groups: Mapping[str, Sequence[RunFacts]],
    by: GeometryScore,
    picks: Sequence[Pick],
    embed: Embed,
    *,
    known_scores: Mapping[Path, float] | None = None,
    protocol: Protocol | None = None,
    data: str | None = None,
    device: str = "auto",
    on_note: Callable[[str], None] = lambda line: None,
    on_target: Callable[[Path, Sequence[Path]], None] = lambda path, targets: None,
    on_metric: OnMetric = no_report,
    showing: Showing = lambda cost, device: nullcontext(lambda images: None),
) -> list[EmbeddedReplicas]:
    """Score all replicas, and embed the chosen ones of each group.

    Args:
        groups: Runs that differ only in the seed, by the name of their group.
        by: Score that orders them; `affine_r2` is that of the embedding itself.
        picks: Replicas to embed: "worst", "median", "best", or seeds.
        embed: Function that embeds the factors in the latents of a run.
        known_scores: Score of each run by its path; None computes the scores.
        protocol: Sample sizes of the scores; None for those of the paper.
        data: Data in place of the training data.
        device: Name of the device that computes.
        on_note: Called with each line about a run that is left out.
        on_target: Called with each run before it is scored, and the list of all runs.
        on_metric: Called with each metric before it is computed, as in `evaluate_targets`.
        showing: Called with the cost of an evaluation, as in `evaluate_targets`.

    Returns:
        The groups in which a run has the score, in their order. At least one of them has an
        embedded replica.

    Raises:
        SbvaeError: If runs are not comparable, none has the score, or no chosen run has it.
    """
    runs = [run for own in groups.values() for run in own]
    paths = [run.path for run in runs]
    require_one_kind(runs, by, data)
    _require_seeds(runs, picks)
    # One run of each group before any is scored, so that an error comes early.
    known = {own[0].path: embed(own[0].path) for own in groups.values()}
    require_same_points({str(path): each.embedding for path, each in known.items()})
    if known_scores is not None:
        scores = dict(known_scores)
    elif by == "affine_r2":
        for run in runs:
            step, steps = run.settings.get("step", 0), run.settings.get("training.steps", 0)
            if step < steps:
                on_note(
                    f"{run.path} is at step {step:,} of {steps:,}, and grouped only with runs at "
                    "that step"
                )
        for path in paths:
            on_target(path, paths)
            known[path] = known.get(path) or embed(path)
        scores = {path: _affine_r2(each) for path, each in known.items()}
    else:
        found = score_runs(
            paths, [by], facts=runs, data=data, device=device, protocol=protocol, on_note=on_note,
            on_target=on_target, on_metric=on_metric, showing=showing,
        )  # fmt: skip
        scores = {each.path: each.values[by] for each in found if by in each.values}
    shown = []
    for name, own in groups.items():
        scored = [run for run in own if run.path in scores]
        if scored:
            values = [scores[run.path] for run in scored]
            shown.append(_group(name, scored, values, by, picks, known, embed))
    wanted = f"no replica of {', '.join(map(str, picks))}"
    if not any(each.embedded for each in shown):
        raise SbvaeError(f"{wanted} has {by}; choose another `replica`")
    for each in shown:
        if not each.embedded:
            on_note(f"{each.replicas.name} has {wanted}: only its histogram is drawn")
    return shown


def choose(
    scores: Sequence[float], seeds: Sequence[int | None], picks: Sequence[Pick], by: GeometryScore
) -> list[tuple[str, int]]:
    """Return the mark ("" for one chosen by seed) and the index of each chosen replica, each once.

    Args:
        scores: Score of each replica.
        seeds: Seed of each replica.
        picks: Chosen replicas: "worst", "median", "best", or seeds.
        by: Name of the score.
    """
    order = sorted(
        range(len(scores)), key=scores.__getitem__, reverse=score_style(by).lower_is_better
    )
    middle = order[(len(order) - 1) // 2]
    places = dict(zip(get_args(Rank), (order[0], middle, order[-1]), strict=True))
    chosen: dict[int, str] = {}
    for pick in picks:
        named = [i for i, seed in enumerate(seeds) if seed == pick]
        for place in [places[pick]] if isinstance(pick, str) else named:
            chosen.setdefault(place, pick if isinstance(pick, str) and len(scores) > 1 else "")
    return [(mark, place) for place, mark in chosen.items()]


def drawn_names(groups: Sequence[EmbeddedReplicas]) -> list[str]:
    """Return the label of each drawn replica: its model, mark and name."""
    return [
        f"{', '.join(filter(None, [group.replicas.name, chosen.mark]))} ({chosen.name})"
        for group in groups
        for chosen in group.replicas.chosen
    ]


def panel_picture(groups: Sequence[EmbeddedReplicas], by: GeometryScore) -> Canvas:
    """Draw the groups that `embed_replicas` returned, ordered by this score."""
    first = next(each for group in groups for each in group.embedded)
    return draw_panel(
        [group.replicas for group in groups],
        first.trained,
        first.source,
        by,
        panel_caption(groups),
        samples=first.samples,
        trained_on=first.trained_on,
    )


def panel_caption(groups: Sequence[EmbeddedReplicas]) -> str:
    """Return the caption: the data, the factors, and the numbers of models and replicas."""
    first = next(each for group in groups for each in group.embedded)
    factors = " and ".join(first.embedding.points.names)
    models = "one model" if len(groups) == 1 else f"{len(groups)} models"
    replicas = sum(len(group.runs) for group in groups)
    data = f"{first.data}: " if first.source else ""
    return f"{data}{factors} in the latents of {models}, {replicas} replicas"


def panel_as_dict(groups: Sequence[EmbeddedReplicas], by: GeometryScore) -> dict[str, Any]:
    """Return the scores of all replicas and the drawn ones as plain containers, for JSON."""
    tables, models = [], []
    for group in groups:
        replicas = [
            {"run": str(run.path), "seed": run.seed, by: score}
            for run, score in zip(group.runs, group.replicas.scores, strict=True)
        ]
        tables.append({"group": group.replicas.name, "by": by, "replicas": replicas})
        for chosen, each in zip(group.replicas.chosen, group.embedded, strict=True):
            own = {"group": group.replicas.name, "replica": chosen.mark or chosen.name}
            pair = each.embedding.pair
            score = group.replicas.scores[chosen.number]
            models.append(
                {**each.about, **own, by: score, **pair.as_dict(), "verdict": verdict_label(pair)}
            )
    return {"groups": tables, "models": models}


def panel_metadata(groups: Sequence[EmbeddedReplicas], by: GeometryScore) -> dict[str, Any]:
    """Return the metadata of the picture: each run, and the labels of the drawn ones."""
    runs = [
        run_metadata(run.path, run.seed, run.settings.get("step"), {by: score})
        | {"group": group.replicas.name}
        for group in groups
        for run, score in zip(group.runs, group.replicas.scores, strict=True)
    ]
    return {"runs": runs, "drawn": drawn_names(groups)}


def _group(
    name: str,
    runs: Sequence[RunFacts],
    scores: Sequence[float],
    by: GeometryScore,
    picks: Sequence[Pick],
    known: Mapping[Path, Embedded],
    embed: Embed,
) -> EmbeddedReplicas:
    marked = choose(scores, [run.seed for run in runs], picks, by)
    embedded = [known.get(path) or embed(path) for path in (runs[i].path for _, i in marked)]
    chosen = [
        ChosenReplica(mark, i, _name(runs[i], runs), each.embedding)
        for (mark, i), each in zip(marked, embedded, strict=True)
    ]
    return EmbeddedReplicas(Replicas(name, scores, chosen, runs[0].decoder), runs, embedded)


def _name(run: RunFacts, others: Sequence[RunFacts]) -> str:
    """Return the seed if no other run has it, else the path; for codes, the name of the file."""
    if run.seed is None:
        return run.path.name
    alike = [other for other in others if other.seed == run.seed]
    return str(run.path) if len(alike) > 1 else f"seed {run.seed}"


def _affine_r2(embedded: Embedded) -> float:
    value = embedded.embedding.scores["affine_r2"]
    if value is None:
        names = " and ".join(embedded.embedding.points.names)
        raise SbvaeError(
            f"{embedded.path}: affine_r2 does not exist for {names}, as one of them is "
            "circular; choose `by` mig or neg_elbo"
        )
    return float(value)


def _require_seeds(runs: Sequence[RunFacts], picks: Sequence[Pick]) -> None:
    """Refuse a chosen seed that no run has."""
    seeds = sorted({run.seed for run in runs if run.seed is not None})
    for pick in picks:
        if isinstance(pick, int) and pick not in seeds:
            found = ", ".join(map(str, seeds)) or "none, since codes have no seeds"
            raise SbvaeError(f"{pick}: no run has this seed; there are {found}", field="replica")
