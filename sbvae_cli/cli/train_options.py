"""The options of `sbvae train`, and the settings of the configuration that they set."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from sbvae_cli.cli.outputs import run_folder
from sbvae_cli.config.names import (
    PROCEDURAL_DATASETS,
    Compilation,
    Coordinates,
    DecoderKind,
    LikelihoodKind,
    ModelKind,
    PaperDataset,
    Placement,
    Precision,
    Profile,
    ScheduleKind,
    Shuffle,
    choice,
)

_of_model = partial(typer.Option, rich_help_panel="Model")
_of_training = partial(typer.Option, rich_help_panel="Training")

Data = Annotated[
    str | None,
    typer.Option(
        help=f"A dataset file, or {choice(PROCEDURAL_DATASETS)}, whose images are "
        "rendered during training."
    ),
]
ProfileName = Annotated[
    Profile | None,
    typer.Option(
        help="Settings to begin with. paper (the default): Tables 1, 2 and 4; quick: trains in "
        "minutes on a CPU."
    ),
]
Preset = Annotated[
    PaperDataset | None,
    typer.Option(
        metavar="DATASET",
        help=f"Take the paper's settings for {choice(get_args(PaperDataset))}; "
        "default: those that fit the data.",
    ),
]
Size = Annotated[
    str | None,
    typer.Option(help="Size of rendered images in pixels; default: 64 (paper) or 32 (quick)."),
]
Model = Annotated[
    ModelKind | None, _of_model(metavar="NAME", help="Default: vae. All choices are listed below.")
]
Decoder = Annotated[
    DecoderKind | None,
    _of_model(metavar="NAME", help="Default: broadcast. All choices are listed below."),
]
Likelihood = Annotated[
    LikelihoodKind | None,
    _of_model(metavar="NAME", help="Default: bernoulli. All choices are listed below."),
]
LatentDim = Annotated[int | None, _of_model(min=1, help="Number of latents; default: 10.")]
Beta = Annotated[
    float | None,
    _of_model(
        help="Weight of the KL, or of the TC in beta-tcvae; default: 4 for beta-vae, 6 for "
        "beta-tcvae, else 1."
    ),
]
BetaSchedule = Annotated[
    ScheduleKind | None,
    _of_model(
        metavar="NAME",
        help="How beta changes: constant; linear or cyclic, from 0 to beta; or pulse, high for "
        "a while. Default: constant, but pulse for vae with bernoulli (quick).",
    ),
]
Gamma = Annotated[
    float | None,
    _of_model(
        help="Weight of the TC in factor-vae, default 35, or of |KL - capacity| in "
        "annealed-vae, default 1,000."
    ),
]
Capacity = Annotated[
    float | None, _of_model(help="Final KL capacity of annealed-vae in nats; default: 25.")
]
Depth = Annotated[
    int | None,
    _of_model(
        min=2,
        max=32,
        help="Number of convolutions of the decoder (Tables 5 and 6); default: 3 for broadcast "
        "(6 for room), else 5.",
    ),
]
MlpDepth = Annotated[
    int | None,
    _of_model(
        min=0,
        max=32,
        help="Number of fully connected layers before the convolutions (Tables 7 to 9); "
        "default: 0 for broadcast, else 1.",
    ),
]
Upscales = Annotated[
    int | None,
    _of_model(
        min=0,
        help="Number of layers of the broadcast decoder that double the size (Table 10); "
        "default: 0.",
    ),
]
CoordinatesKind = Annotated[
    Coordinates | None,
    _of_model(
        metavar="NAME",
        help="Coordinates of the broadcast decoder: linear (the default), shuffled (Appendix "
        "B), cosine or none.",
    ),
]
Steps = Annotated[
    int | None,
    _of_training(
        min=1,
        help="Number of updates in all; default: those of Table 4, 500,000 for circles "
        "(paper); 1,000 for broadcast, else 3,000 (quick).",
    ),
]
BatchSize = Annotated[
    int | None,
    _of_training(
        min=1, help="Number of images in each update; default: 32 for factor-vae, else 16."
    ),
]
LearningRate = Annotated[
    float | None,
    _of_training(
        help="Learning rate of Adam; default: 1e-4 for factor-vae, else 3e-4 (paper); 2e-3, "
        "falling to 0 (quick)."
    ),
]
ClipGrad = Annotated[
    float | None,
    _of_training(
        help="Largest norm of the gradient; larger gradients are scaled down. Default: none."
    ),
]
ValidationShare = Annotated[
    float | None,
    _of_training(
        help="Share of a file's images that are kept out of training for validation; their NLL "
        "and KL are logged; default: 0."
    ),
]
FixedSet = Annotated[
    int | None,
    _of_training(
        min=1,
        help="Number of images to render once and train on, 500,000 in the paper; default: "
        "each minibatch is rendered anew.",
    ),
]
ShuffleName = Annotated[
    Shuffle | None,
    _of_training(
        help="How a file's images are shuffled: in windows of up to 8,192 (windows, the "
        "default) or all together (all)."
    ),
]
DataOn = Annotated[
    Placement | None,
    _of_training(
        help="Where a file's images are kept while training: on the device, in memory, or in "
        "the file, from which each minibatch is read (stream). Default: auto, the first of these "
        "with room."
    ),
]
Seed = Annotated[
    int | None, _of_training(min=0, help="Root seed of weights, data and noise; default: 0.")
]
Replicas = Annotated[
    int | None,
    _of_training(
        min=1,
        max=1_000,
        help="Number of runs to train, with --seed and the following seeds, each in a folder "
        "named after its seed; default: one run in its own folder.",
    ),
]
Device = Annotated[
    str | None,
    _of_training(help="Device to train on: auto (the default), cpu, cuda, cuda:INDEX or mps."),
]
PrecisionName = Annotated[
    Precision | None,
    _of_training(
        help="Precision of convolutions; auto is bf16 where the device has it in hardware, "
        "else fp32. Default: fp32."
    ),
]
Compile = Annotated[
    Compilation | None,
    _of_training(
        help="auto (the default) compiles the objective for a GPU if the run is long enough to "
        "gain from it; off never does."
    ),
]
Threads = Annotated[
    int | None,
    _of_training(
        min=1, max=1024, help="Number of CPU threads; default: as many as the process may use."
    ),
]
CheckpointEvery = Annotated[
    int | None,
    _of_training(
        min=1, help="Number of steps between checkpoints; default: 1,000 (paper) or 200 (quick)."
    ),
]
KeepCheckpoints = Annotated[
    bool,
    _of_training(
        "--keep-checkpoints",
        help="Keep every checkpoint, as ckpt-STEP.pt; default: only the last one.",
    ),
]
Preview = Annotated[
    bool,
    _of_training(
        "--preview",
        help="Draw pictures in the run's folder during training, and at the end "
        "geometry.gif, which shows how the grid of factors unfolds in latent space.",
    ),
]
Tensorboard = Annotated[
    bool,
    _of_training(
        "--tensorboard",
        help="Write the log, and the pictures of --preview, also as TensorBoard files in the "
        "run's folder.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        callback=run_folder,
        help="Run folder, or folder of --replicas; default: runs/NAME, named after data, model and "
        "changed settings.",
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(help="Continue this run, or these replicas; a larger --steps extends them."),
]
ConfigFile = Annotated[Path | None, typer.Option(help="YAML file of settings.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Value of any setting, such as model.decoder.kernel_size=3.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print settings and cost; train nothing.")]

# Key of the setting of each option.
SETTINGS = {
    "data": "data.source",
    "preset": "preset.dataset",
    "latent_dim": "model.latent_dim",
    "decoder": "model.decoder.kind",
    "upscales": "model.decoder.upscales",
    "coordinates": "model.decoder.coordinates",
    "likelihood": "model.likelihood.kind",
    "model": "objective.kind",
    "beta": "objective.beta",
    "beta_schedule": "objective.beta_schedule.kind",
    "gamma": "objective.gamma",
    "capacity": "objective.capacity",
    "lr": "training.learning_rate",
    **{
        name: f"training.{name}"
        for name in (
            *("steps", "batch_size", "seed", "device", "precision", "compile"),
            *("threads", "clip_grad"),
            *("validation", "fixed_set", "shuffle", "data_on"),
            *("checkpoint_every", "keep_checkpoints", "preview", "tensorboard"),
        )
    },
}


def given_options(context: typer.Context) -> dict[str, Any]:
    """Return the options that the user gave on the command line, by name."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {
        name: context.params[name]
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    }


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the given options set, by key."""
    return {key: given[name] for name, key in SETTINGS.items() if name in given}
