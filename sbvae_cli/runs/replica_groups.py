"""Group runs that differ only in the seed, label them, and check that they are comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sbvae_cli.config.names import GeometryScore
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.groups import group_names
from sbvae_cli.runs.labels import group_labels
from sbvae_cli.runs.run_facts import RunFacts

_ALONE = 2  # most files of codes in a folder that are not taken for replicas


def have_replicas(groups: Mapping[str, Sequence[RunFacts]]) -> bool:
    """Return whether a group has several seeds, or more than two files of codes."""
    models = [own for own in groups.values() if own[0].images]
    codes = [own for own in groups.values() if not own[0].images]
    several_seeds = any(len({run.seed for run in own}) > 1 for own in models)
    return several_seeds or any(len(own) > _ALONE for own in codes)


def groups_of_runs(runs: Sequence[RunFacts]) -> dict[str, list[RunFacts]]:
    """Group runs that differ only in the seed, and codes of one folder, by a short label."""
    named = [
        # The label of codes is the name of their folder.
        replace(run, group=name, settings=run.settings if run.images else {})
        for name, run in zip(group_names(runs), runs, strict=True)
    ]
    labels = group_labels(named)
    if len(labels) == 1 and not runs[0].images:  # there is nothing to tell apart by the folder
        labels = {named[0].group: "codes"}
    found: dict[str, list[RunFacts]] = {}
    for run in named:
        found.setdefault(labels[run.group], []).append(run)
    return found


def require_one_kind(runs: Sequence[RunFacts], by: GeometryScore, data: str | None) -> None:
    """Refuse runs that are not comparable, before anything is computed.

    Args:
        runs: All runs.
        by: Score that orders them.
        data: Data in place of the training data.

    Raises:
        SbvaeError: If the runs were trained on different data and `data` is None; or if the score
            depends on the likelihood, and they are codes or have different likelihoods.
    """
    models = [run for run in runs if run.images]
    if by == "neg_elbo" and len(models) < len(runs):
        codes = next(run for run in runs if not run.images)
        raise SbvaeError(
            f"{codes.path}: has codes, neg_elbo needs a model; order codes `by` mig or affine_r2"
        )
    other = next((run for run in models if run.images != models[0].images), None)
    if other and data is None:
        one = models[0]
        difference = f"data {other.data}, {one.path} on {one.data}"
        if other.data == one.data:
            difference = f"images of {one.data} with another size or other factors than {one.path}"
        raise SbvaeError(
            f"{other.path}: was trained on {difference}: they are not comparable; name runs on "
            "the same data"
        )
    other = next((run for run in models if run.likelihood != models[0].likelihood), None)
    if other and by == "neg_elbo":
        raise SbvaeError(
            f"{other.path}: has the likelihood {other.likelihood}, {models[0].path} "
            f"{models[0].likelihood}: their ELBOs are not comparable; order replicas `by` mig, or "
            "name runs of one likelihood"
        )
