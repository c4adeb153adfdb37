"""Runs that differ in the seed alone, by short names, and which can stand in one picture."""

from collections.abc import Mapping, Sequence

from sbvae_cli.config.names import GeometryScore
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.groups import group_names
from sbvae_cli.runs.run_facts import RunFacts

_ALONE = 2  # files of codes in a folder that need not be replicas of one model


def have_replicas(groups: Mapping[str, Sequence[RunFacts]]) -> bool:
    """Whether a group has several runs, or more files of codes than those of two models."""
    return any(len(own) > (1 if own[0].kinds else _ALONE) for own in groups.values())


def groups_of_runs(runs: Sequence[RunFacts]) -> dict[str, list[RunFacts]]:
    """Runs that differ in the seed alone, and codes of one folder, by short names.

    A name is that of model and decoder where these tell the groups apart, else that of the folder
    that all of a group stand in, else the long one that has all their settings.
    """
    found: dict[str, list[RunFacts]] = {}
    for name, run in zip(group_names(runs), runs, strict=True):
        found.setdefault(name, []).append(run)
    members = list(found.values())
    kinds = [own[0].kinds or "codes" for own in members]
    folders = [{run.path.resolve().parent for run in own} for own in members]
    names = [next(iter(own)).name if len(own) == 1 else "" for own in folders]
    for choice in (kinds, names):
        if all(choice) and len(set(choice)) == len(members):
            return dict(zip(choice, members, strict=True))
    return found


def require_one_kind(runs: Sequence[RunFacts], by: GeometryScore, data: str | None) -> None:
    """Refuse runs that cannot stand in one picture, before any is computed.

    Args:
        runs: All runs.
        by: Score that they are ordered by.
        data: Data in place of the models' own.

    Raises:
        SbvaeError: If they were trained on different data and none is named, or have different
            likelihoods and the score depends on these.
    """
    models = [run for run in runs if run.images]
    other = next((run for run in models if run.images != models[0].images), None)
    if other and data is None:
        raise SbvaeError(
            f"{other.path}: was trained on {other.data}, {models[0].path} on {models[0].data}: "
            "their scores do not compare; name runs on the same data, or show all on one dataset "
            "by `data`"
        )
    other = next((run for run in models if run.likelihood != models[0].likelihood), None)
    if other and by == "neg_elbo":
        raise SbvaeError(
            f"{other.path}: has the likelihood {other.likelihood}, {models[0].path} "
            f"{models[0].likelihood}: their ELBOs do not compare; order replicas `by` mig, or name "
            "runs of one likelihood"
        )
