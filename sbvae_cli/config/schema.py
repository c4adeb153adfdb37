"""The configuration of a run: frozen pydantic models, unknown keys refused."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from sbvae_cli.config.frozen import Frozen
from sbvae_cli.config.model import FinitePositive, ModelConfig
from sbvae_cli.config.names import (
    Compilation,
    LearningRateSchedule,
    PaperDataset,
    Placement,
    Precision,
    Profile,
    Shuffle,
)
from sbvae_cli.config.objective import AT_LEAST_TWO, BetaTcvaeConfig, ObjectiveConfig, VaeConfig
from sbvae_cli.config.space import SpaceConfig


class DataConfig(Frozen):
    """Where the images come from and what they show; all but `source` is read from the source.

    Attributes:
        source: A dataset file, or the name of a procedural dataset such as `circles:xy-hole`.
        name: Short name of the dataset, such as `xy-hole`.
        height: Rows of an image, pixels.
        width: Columns of an image, pixels.
        channels: Channels of an image, 1 for grey and 3 for colour.
        count: Number of images in a file; None where they are drawn as needed.
        seed: Root seed that a file was written with.
        contents_hash: Hash of all that a file holds, which it stores itself; by this, the next and
            the rest, a resumed run knows its file again wherever it lies.
        rows_hash: Hash of 256 of a file's rows; None in runs of a former version.
        space: Factors of variation and what is held out of them.
    """

    source: str = "circles:xy"
    name: str = "xy"
    height: PositiveInt = 64
    width: PositiveInt = 64
    channels: PositiveInt = 3
    count: PositiveInt | None = None
    seed: int | None = None
    contents_hash: str | None = None
    rows_hash: str | None = None
    space: SpaceConfig = SpaceConfig()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.height, self.width

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What tells these data from others, wherever a file lies, as `Source.fingerprint` has it.

        Plain containers.
        """
        return self.model_dump(mode="json", exclude={"source"})


class TrainingConfig(Frozen):
    """How the model is trained; the defaults are the paper's for the circles (A.1, Table 4).

    Attributes:
        steps: Updates in all.
        batch_size: Images an update.
        learning_rate: Learning rate of Adam at the first step.
        learning_rate_schedule: `constant`; `linear` or `cosine` fall to zero over `steps`.
        seed: Root seed of the weights, the minibatches and the noise.
        device: `auto` takes the first GPU there is, else the CPU.
        precision: `fp32`, `tf32` (matrix products on CUDA), `bf16` (convolutions but the spatial
            broadcast), or `auto`: `bf16` where the device multiplies it natively, else `fp32`. A
            run's own configuration has what `auto` became.
        compile: `auto` makes kernels of the objective by `torch.compile`, on CUDA in runs that are
            long enough to earn it back; `off` never does.
        threads: Number of CPU threads; None leaves it to PyTorch.
        clip_grad: Largest norm of the gradient, of the model and of a discriminator each; None
            leaves gradients as they are.
        validation: Share of a file's images that training never sees, in [0, 1); their NLL and KL
            are logged at every checkpoint.
        shuffle: Whether images of a file, or of a fixed set, mix within `windows` of some 8,192, or
            `all` of them.
        data_on: Where these images lie, as bytes without compression: on the `device`, in the
            host's `memory`, or in the file, from which they `stream`; `auto` by what fits.
        fixed_set: Number of images that are rendered once and stand for a file, the same for every
            seed; None draws images anew for each minibatch.
        checkpoint_every: Steps between checkpoints.
        keep_checkpoints: Whether every checkpoint is kept, as `ckpt-STEP.pt`, beside the last one.
        log_every: Steps between lines of `log.jsonl`.
        preview: Whether pictures are drawn in the run's folder while it trains.
        tensorboard: Whether what is logged, and pictures that are drawn, are written for
            TensorBoard too.
    """

    steps: PositiveInt = 500_000
    batch_size: Annotated[int, Field(ge=1, le=1 << 20)] = 16
    learning_rate: FinitePositive = 3e-4
    learning_rate_schedule: LearningRateSchedule = "constant"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: str = "auto"
    precision: Precision = "fp32"
    compile: Compilation = "auto"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    clip_grad: FinitePositive | None = None
    validation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    shuffle: Shuffle = "windows"
    data_on: Placement = "auto"
    fixed_set: PositiveInt | None = None
    checkpoint_every: PositiveInt = 1_000
    keep_checkpoints: bool = False
    log_every: PositiveInt = 50
    preview: bool = False
    tensorboard: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_in_memory(cls, tree: Any) -> Any:
        """Runs of a former version had `in_memory`, which shuffled a whole file."""
        if not isinstance(tree, Mapping) or not isinstance(tree.get("in_memory"), bool):
            return tree
        kept = {name: value for name, value in tree.items() if name != "in_memory"}
        return {"shuffle": "all", **kept} if tree["in_memory"] else kept

    @field_validator("device")
    @classmethod
    def _check_device(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", device):
            raise ValueError(f"{device!r} is none; use auto, cpu, cuda, cuda:INDEX or mps")
        return device


class PresetConfig(Frozen):
    """Which settings the run began with, before others changed them.

    Attributes:
        dataset: Dataset of the paper whose settings these are; None where the paper has none like
            the data, and the settings are those for circles.
        profile: `paper`, or what a CPU trains in minutes.
        source: Where the paper has the settings of this model and dataset, or that it has none.
        changed: Settings of the run that are not those; by the profile, a file or options.
    """

    dataset: PaperDataset | None = "circles"
    profile: Profile = "paper"
    source: str = ""
    changed: tuple[str, ...] = ()


class Config(Frozen):
    """Everything that determines a run."""

    preset: PresetConfig = PresetConfig()
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    objective: ObjectiveConfig = VaeConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.data.channels not in (1, 3):
            raise ValueError(f"data.channels is {self.data.channels}; images have 1 or 3")
        if self.training.fixed_set and self.data.count is not None:
            raise ValueError(
                f"training.fixed_set is {self.training.fixed_set}; {self.data.source} is a file, "
                "and so a fixed set already: leave `fixed_set` out"
            )
        objective, batch = self.objective, self.training.batch_size
        if batch < 2 and objective.kind in AT_LEAST_TWO:
            raise ValueError(
                f"training.batch_size is {batch}; {objective.kind} compares images, give 2 or more"
            )
        if isinstance(objective, BetaTcvaeConfig) and objective.dataset_size < batch:
            raise ValueError(
                f"objective.dataset_size is {objective.dataset_size}, smaller than "
                f"training.batch_size = {batch}; choose a smaller `batch_size`"
            )
        return self

    @property
    def kinds(self) -> list[str]:
        """What tells a model in a few words: decoder, and objective and likelihood if special."""
        objective, likelihood = self.objective.kind, self.model.likelihood.kind
        return [
            *([] if objective == "vae" else [objective]),
            self.model.decoder.kind,
            *([] if likelihood == "bernoulli" else [likelihood]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as in YAML and in checkpoints."""
        return self.model_dump(mode="json")
