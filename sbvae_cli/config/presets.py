"""Settings of the paper by model, dataset and decoder, and the profile for a CPU."""

from collections.abc import Mapping
from typing import Any

from sbvae_cli.config.catalogue import RENDERERS
from sbvae_cli.config.names import DecoderKind, LikelihoodKind, ModelKind, PaperDataset, Profile

Tree = dict[str, Any]

# Table 4. Its column VAE applies to beta-VAE, CoordConv VAE and the ablation too.
VAE_STEPS: dict[PaperDataset, int] = {
    "sprites": 1_500_000,
    "chairs": 700_000,
    "room": 2_500_000,
    "circles": 500_000,
}
FACTOR_VAE_STEPS: dict[PaperDataset, int] = {"sprites": 1_000_000, "circles": 500_000}

TABLE_1 = {"encoder": [64, 64, 64, 64], "deconv": [64, 64, 64, 64]}
TABLE_2 = {"encoder": [32, 32, 64, 64], "deconv": [64, 64, 32, 32]}

# Side of procedural images under the profile `quick`, in pixels; files keep their size.
QUICK_SIZE = 32


def paper_dataset(renderer: str | None, name: str) -> PaperDataset | None:
    """Return the paper's dataset that a dataset corresponds to; None if its renderer has none.

    A file of unknown origin corresponds to circles.

    Args:
        renderer: Name of the renderer; None if only stored images exist.
        name: Name of the dataset, which identifies imports of public datasets.
    """
    for record in RENDERERS.values():
        if record.name == renderer or (renderer is None and name in record.public):
            return record.paper
    return "circles"


def paper_preset(model: ModelKind, dataset: PaperDataset | None, decoder: DecoderKind) -> Tree:
    """Return the settings of Sections A.1 and A.2 and Tables 1, 2 and 4.

    FactorVAE has the networks of Table 2, every other model those of Table 1. The broadcast decoder
    is the same in both, with three more layers for 3D rooms. FactorVAE has the VAE's number of
    steps for datasets on which the paper does not train it. A dataset that is not in the paper has
    the settings for circles.
    """
    like = dataset or "circles"
    table = TABLE_2 if model == "factor-vae" else TABLE_1
    layers: Tree = {"kind": decoder, "hidden_channels": table["deconv"]}
    if decoder == "broadcast":
        layers["hidden_channels"] = [64] * (5 if dataset == "room" else 2)
    training: Tree = {
        "steps": VAE_STEPS[like],
        "batch_size": 16,
        "learning_rate": 3e-4,
    }
    objective: Tree = {"kind": model}
    if model == "factor-vae":
        training["steps"] = FACTOR_VAE_STEPS.get(like, VAE_STEPS[like])
        training |= {"batch_size": 32, "learning_rate": 1e-4}
        objective |= {"gamma": 35.0, "discriminator_learning_rate": 2e-5}
    if model == "annealed-vae":
        objective["capacity_schedule"] = {"kind": "linear"}
    return {
        "preset": {
            "dataset": dataset,
            "profile": "paper",
            "source": _source(model, dataset, decoder),
        },
        "model": {
            "encoder": {"hidden_channels": table["encoder"], "hidden_units": [256]},
            "decoder": layers,
            "likelihood": {"kind": "bernoulli"},
        },
        "objective": objective,
        "training": training,
    }


def _source(model: ModelKind, dataset: PaperDataset | None, decoder: DecoderKind) -> str:
    """Name the source of the settings in the paper, or say that the paper has none."""
    if dataset is None:
        return "not in the paper; the settings for circles"
    match model:
        case "vae":
            if decoder == "coordconv" and dataset != "sprites":
                return "not in the paper; Appendix D has coordconv on colored sprites"
            return "Section A.1, Tables 1 and 4"
        case "beta-vae":
            if decoder == "coordconv":
                return "not in the paper; Figure 4 has broadcast and deconv on colored sprites"
            if dataset != "sprites":
                return "not in the paper; Figure 4 has beta from 0.4 to 5.4 on colored sprites"
            return "Section A.1, Tables 1 and 4; Figure 4 has beta from 0.4 to 5.4"
        case "factor-vae":
            if dataset not in FACTOR_VAE_STEPS:
                return f"not in the paper; Section A.2 and Table 2, steps of the VAE on {dataset}"
            if decoder == "coordconv":
                return "not in the paper; Section A.2 and Table 2 with coordinates appended"
            return "Section A.2, Tables 2 and 4"
        case _:
            return "not in the paper; Section A.1, Tables 1 and 4 of the VAE"


def profile(name: Profile, preset: Tree, likelihood: LikelihoodKind = "bernoulli") -> Tree:
    """Return the changes that a profile makes to the paper's settings.

    `quick` halves all widths and raises the learning rate, which decays to zero, so that the
    paper's main effect is visible on a CPU within minutes. Deconvolutional decoders, whose steps
    are cheaper, train for three times as many. The weight of the KL of a VAE with the Bernoulli
    likelihood has a pulse, which removes redundant latents. There is no pulse for models with
    their own beta, nor for other likelihoods: with the Gaussian one it would outweigh the images.

    Args:
        name: Name of the profile.
        preset: Settings from `paper_preset`.
        likelihood: Likelihood of the run.
    """
    if name == "paper":
        return {}
    model: Tree = {
        part: {"hidden_channels": [w // 2 for w in preset["model"][part]["hidden_channels"]]}
        for part in ("encoder", "decoder")
    }
    model["encoder"]["hidden_units"] = [128]
    objective: Tree = {}
    if preset["objective"]["kind"] == "vae" and likelihood == "bernoulli":
        objective = {"beta_schedule": {"kind": "pulse"}}
    if preset["objective"]["kind"] == "factor-vae":
        objective = {"discriminator_units": [256] * 4, "discriminator_learning_rate": 1e-3}
    return {
        "preset": {"profile": name},
        "model": model,
        "objective": objective,
        "training": {
            "steps": 1_000 if preset["model"]["decoder"]["kind"] == "broadcast" else 3_000,
            "learning_rate": 2e-3,
            "learning_rate_schedule": "cosine",
            "checkpoint_every": 200,
            "log_every": 20,
        },
    }


def differences(preset: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """Return the keys, such as `training.steps`, at which a configuration differs from a preset.

    Args:
        preset: Complete tree; only keys in it are compared.
        config: Complete tree.
    """
    found: list[str] = []

    def walk(wanted: Mapping[str, Any], actual: Mapping[str, Any], path: str) -> None:
        for key, value in wanted.items():
            name = f"{path}.{key}" if path else key
            if isinstance(value, Mapping):
                walk(value, actual.get(key) or {}, name)
            elif actual.get(key) != value:
                found.append(name)

    for section in ("model", "objective", "training"):
        walk(preset[section], config[section], section)
    return found
