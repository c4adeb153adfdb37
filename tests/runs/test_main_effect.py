"""The paper's main effect on a small scale: x and y in two latents, nearly affinely."""

from collections.abc import Callable
from pathlib import Path

from sbvae_cli.evaluation.grid_embedding import embed_factor_grid
from sbvae_cli.runs.open import open_checkpoint, open_data

SMALLER = {
    "model.encoder.hidden_channels": "[16, 16, 16]",
    "model.encoder.hidden_units": "[64]",
    "model.decoder.hidden_channels": "[16, 16]",
    "training.learning_rate": 5e-3,
}


def test_broadcast_decoder_learns_x_and_y_in_400_steps(
    sbvae: Callable[..., object], tmp_path: Path
) -> None:
    arguments = ["--data", "circles:xy", "--profile", "quick", "--steps", 400, "--size", 16]
    for name, value in SMALLER.items():
        arguments += ["--set", f"{name}={value}"]
    done = sbvae("train", *arguments, "--threads", 1, "--device", "cpu", "--out", "run")
    assert done.code == 0
    checkpoint = open_checkpoint(Path("run"))
    embedding = embed_factor_grid(checkpoint.build_vae(), open_data(checkpoint))
    assert embedding.scores["affine_r2"] > 0.98
    assert embedding.scores["inverse_r2"] > 0.98
    assert embedding.scores["latents_used"] == 2  # no copies
