"""Scores that a sweep left in a run's folder are used, and only where they are those asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sbvae_cli.checkpoint import Checkpoint, save_checkpoint
from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.config.model import BroadcastDecoderConfig, EncoderConfig, ModelConfig
from sbvae_cli.config.schema import Config, DataConfig
from sbvae_cli.config.score_names import requested_score
from sbvae_cli.metrics.protocol import Protocol, named_protocol
from sbvae_cli.models.build import build_vae
from sbvae_cli.runs import evaluate
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.run_facts import RunFacts, read_facts
from sbvae_cli.runs.scores import RunScores, score_runs
from sbvae_cli.runs.stored_scores import protocol_of_scores, stored_records
from sbvae_cli.sweeps.scoring import score_run

SOURCE = "circles:xy-hole"
SIZE = {"height": 8, "width": 8}
QUICK = named_protocol("quick")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of a model that nobody trained, which a sweep has scored."""
    data = DataConfig(source=SOURCE, name="xy-hole", space=named_space(SOURCE), **SIZE)
    model = ModelConfig(
        latent_dim=2,
        encoder=EncoderConfig(hidden_channels=(4,), hidden_units=(8,)),
        decoder=BroadcastDecoderConfig(hidden_channels=(4,)),
    )
    config, path = Config(data=data, model=model), tmp_path / "beta-0.5"
    path.mkdir()
    vae = build_vae(model, data.image_shape)
    save_checkpoint(path / "ckpt.pt", Checkpoint(config, 7, vae.state_dict(), {}, threads=1))
    (path / "config.yaml").write_text("")
    score_run(RunFolder(path), ["rates", "mig"], "quick", "cpu")
    return path


def of_scores(run: Path, notes: list[str]) -> RunScores:
    (found,) = score_runs([run], ["kl", "mig"], protocol=QUICK, on_note=notes.append)
    return found


def test_they_are_those_that_would_be_computed_and_nothing_is_then(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = (run / "scores.json").rename(run / "away.json")
    computed_notes: list[str] = []
    computed = of_scores(run, computed_notes)
    away.rename(run / "scores.json")
    monkeypatch.setattr(evaluate, "evaluate_targets", None)
    notes: list[str] = []
    assert of_scores(run, notes) == computed
    said = "the scores are read from scores.json in their folders"
    assert said in notes and said not in computed_notes
    assert not {"kl", "mig"} - computed.values.keys()


def test_only_those_of_the_same_model_data_and_protocol_are_used(run: Path) -> None:
    facts = read_facts(run)
    stored = run / "scores.json"
    whole = json.loads(stored.read_text())

    def used(protocol: Protocol = QUICK, facts: RunFacts = facts, scores: str = "kl") -> bool:
        own = protocol_of_scores(protocol, [requested_score(scores)], lenient=True)
        return bool(stored_records([facts], own))

    assert used() and used(scores="nll") and used(facts=replace(facts, path=run / "ckpt.pt"))
    assert not used(named_protocol("paper"))
    assert not used(replace(QUICK, seed=1))
    assert not used(replace(QUICK, population="train"))
    assert not used(scores="irs") and not used(scores="udr_lasso")  # which was not asked for
    assert not used(facts=read_facts(run, "circles:xy"))
    assert not used(facts=replace(facts, seed=1))
    assert not used(facts=replace(facts, settings={**facts.settings, "step": 8}))
    damaged: list[Callable[[dict[str, Any]], object]] = [
        lambda tree: tree.pop("asked"),
        lambda tree: tree.pop("protocol"),
        lambda tree: tree.update(run=5),
        lambda tree: tree.update(scores=None),
    ]
    for damage in damaged:
        tree = json.loads(json.dumps(whole))
        damage(tree)
        stored.write_text(json.dumps(tree))
        assert not used()
    stored.write_text("{")
    assert not used()
