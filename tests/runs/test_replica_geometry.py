"""Which replicas are drawn, and which runs can share a picture."""

from pathlib import Path

import pytest

from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.replica_geometry import choose
from sbvae_cli.runs.replica_groups import groups_of_runs, have_replicas, require_one_kind
from sbvae_cli.runs.run_facts import RunFacts

SCORES = [0.3, 0.1, 0.5, 0.2]


def model(decoder: str, seed: int, **changed: object) -> RunFacts:
    settings = {
        "model.decoder.kind": decoder,
        "model.likelihood.kind": changed.pop("likelihood", "bernoulli"),
        "objective.kind": "vae",
        "training.steps": 9,
    }
    facts = {
        "data": "xy",
        "images": "a",
        "group": f"xy-{decoder}",
        **changed,
    }
    return RunFacts(Path(f"runs/{decoder}/{seed}"), settings, seed=seed, **facts)


def codes(path: str) -> RunFacts:
    return RunFacts(Path(path), {"folder": str(Path(path).parent)}, Path(path).parent.name)


@pytest.mark.parametrize(
    ("picks", "by", "expected"),
    [
        (("worst", "best"), "mig", [("worst", 1), ("best", 2)]),
        (("worst", "best"), "neg_elbo", [("worst", 2), ("best", 1)]),
        (("median",), "mig", [("median", 3)]),  # the worse one of the two in the middle
        (("median",), "neg_elbo", [("median", 0)]),
        ((7, "best"), "mig", [("", 0), ("best", 2)]),
        (("best", 9), "mig", [("best", 2)]),  # drawn once
        ((77,), "mig", []),
    ],
)
def test_replicas_are_chosen_by_their_scores_or_seeds(
    picks: tuple[str | int, ...], by: str, expected: list[tuple[str, int]]
) -> None:
    assert choose(SCORES, [7, 8, 9, 10], picks, by) == expected  # type: ignore[arg-type]


def test_one_replica_is_neither_the_worst_nor_the_best() -> None:
    assert choose([0.3], [5], ("worst", "best"), "mig") == [("", 0)]


def test_groups_are_called_by_what_tells_them_apart_and_codes_by_their_folders() -> None:
    runs = [model("deconv", 0), model("broadcast", 0), model("deconv", 1), codes("ours/a.npz")]
    groups = groups_of_runs(runs)
    assert {name: [run.path.name for run in own] for name, own in groups.items()} == {
        "deconv": ["0", "1"],
        "broadcast": ["0"],
        "ours": ["a.npz"],
    }
    assert list(groups_of_runs([codes("tmp/a.npz"), codes("tmp/b.npz")])) == ["codes"]


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([model("deconv", 0), model("deconv", 1)], True),
        ([model("deconv", 0), model("broadcast", 1)], False),
        ([model("deconv", 0), model("deconv", 0)], False),  # one run, copied
        ([codes("c/ours.npz"), codes("c/theirs.npz")], False),
        ([codes("c/0.npz"), codes("c/1.npz"), codes("c/2.npz")], True),
        ([codes("a/0.npz"), codes("b/1.npz"), codes("c/2.npz")], False),
    ],
)
def test_replicas_are_several_seeds_of_a_model_or_more_than_two_files(
    runs: list[RunFacts], found: bool
) -> None:
    assert have_replicas(groups_of_runs(runs)) == found


def test_runs_of_other_data_or_likelihoods_are_refused_before_they_are_scored() -> None:
    one, other = model("deconv", 0), model("broadcast", 3, data="rg", images="b")
    with pytest.raises(SbvaeError, match="runs/broadcast/3: was trained on data rg, runs/deconv/0"):
        require_one_kind([one, other], "mig", None)
    require_one_kind([one, other], "mig", "circles:xy")
    with pytest.raises(SbvaeError, match="images of xy with another size or other factors than"):
        require_one_kind([one, model("broadcast", 3, images="b")], "mig", None)
    gaussian = model("broadcast", 3, likelihood="gaussian")
    require_one_kind([one, gaussian], "mig", None)
    with pytest.raises(SbvaeError, match="their ELBOs are not comparable; order replicas `by` mig"):
        require_one_kind([one, gaussian], "neg_elbo", None)
    with pytest.raises(SbvaeError, match=r"c/0.npz: has codes, neg_elbo needs a model"):
        require_one_kind([one, codes("c/0.npz")], "neg_elbo", None)
