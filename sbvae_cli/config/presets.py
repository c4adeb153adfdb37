"""The paper's settings by decoder, and the profile that a CPU can train in minutes."""

from typing import Any

from sbvae_cli.config.names import DecoderKind, Profile

Tree = dict[str, Any]

# Table 4; a file of unknown origin is trained as long as the circles are.
CIRCLES_STEPS = 500_000


def paper_preset(decoder: DecoderKind) -> Tree:
    """Settings of Section A.1 and Table 4 for a VAE on the circles."""
    return {
        "model": {"decoder": {"kind": decoder}, "likelihood": {"kind": "bernoulli"}},
        "training": {"steps": CIRCLES_STEPS, "batch_size": 16, "learning_rate": 3e-4},
    }


def profile(name: Profile, decoder: DecoderKind) -> Tree:
    """What a profile changes of the paper's settings.

    `quick` halves every width, raises the learning rate, then lets it fall to zero, so that the
    paper's main effect shows on a CPU within minutes. The deconvolutional decoder, whose steps cost
    less, gets three times the steps.
    """
    if name == "paper":
        return {}
    layers = {"broadcast": 2, "deconv": 4}[decoder]
    return {
        "model": {
            "encoder": {"hidden_channels": [32] * 4, "hidden_units": [128]},
            "decoder": {"hidden_channels": [32] * layers},
        },
        "training": {
            "steps": {"broadcast": 1_000, "deconv": 3_000}[decoder],
            "learning_rate": 2e-3,
            "learning_rate_schedule": "cosine",
            "checkpoint_every": 200,
            "log_every": 20,
        },
    }


# Side of procedural images under the profile `quick`, in pixels; files keep their own size.
QUICK_SIZE = 32
