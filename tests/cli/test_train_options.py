"""Options of `sbvae train` and the settings that they are."""

import inspect

from sbvae_cli.cli.train import train
from sbvae_cli.cli.train_options import SETTINGS, settings_of

HANDLED_APART = {
    *("context", "profile", "size", "depth", "mlp_depth", "out", "resume", "config", "settings"),
    *("dry_run", "force", "replicas"),
}


def test_every_option_is_a_setting_or_handled_apart() -> None:
    assert HANDLED_APART.isdisjoint(SETTINGS)
    assert set(inspect.signature(train).parameters) == HANDLED_APART | SETTINGS.keys()


def test_only_what_was_given_is_in_the_tree() -> None:
    given = {"decoder": "deconv", "upscales": 0, "lr": 0.1, "shuffle": "all", "out": "run"}

    assert settings_of(given) == {
        "model.decoder.kind": "deconv",
        "model.decoder.upscales": 0,
        "training.learning_rate": 0.1,
        "training.shuffle": "all",
    }
