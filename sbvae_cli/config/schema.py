"""Define the configuration of a run as immutable pydantic models without unknown keys."""

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
from sbvae_cli.config.objective import NEED_TWO_IMAGES, BetaTcvaeConfig, ObjectiveConfig, VaeConfig
from sbvae_cli.config.space import SpaceConfig

Side = Annotated[int, Field(ge=1, le=1 << 20)]  # of an image, pixels


class DataConfig(Frozen):
    """Dataset of a run; all fields except `source` are read from the source.

    A resumed run recognises its file by these fields, whatever its path.

    Attributes:
        source: Path of a dataset file, or name of a procedural dataset such as `circles:xy-hole`.
        name: Short name of the dataset, such as `xy-hole`.
        height: Height of an image, in pixels.
        width: Width of an image, in pixels.
        channels: Number of channels of an image, 1 for grey or 3 for colour.
        count: Number of images in the file; None if images are rendered as needed.
        seed: Root seed with which the file was written; None without a file.
        contents_hash: Hash of all images and factors, which the file stores; None if it has none.
        rows_hash: Hash of 256 rows of the file; None without a file, or in runs of older versions.
        space: Factor space, with its held-out regions.
    """

    source: str = "circles:xy"
    name: str = "xy"
    height: Side = 64
    width: Side = 64
    channels: PositiveInt = 3
    count: PositiveInt | None = None
    seed: int | None = None
    contents_hash: str | None = None
    rows_hash: str | None = None
    space: SpaceConfig = SpaceConfig()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape (C, H, W) of an image."""
        return self.channels, self.height, self.width

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Fields that identify the dataset whatever its path, as from `data.fingerprint`."""
        return self.model_dump(mode="json", exclude={"source"})


class TrainingConfig(Frozen):
    """Training of a run; the defaults are the paper's for circles (A.1, Table 4).

    Attributes:
        steps: Number of updates.
        batch_size: Number of images in a minibatch.
        learning_rate: Learning rate of Adam at the first step.
        learning_rate_schedule: `constant`; or `linear` or `cosine`, which decay to zero at `steps`.
        seed: Root seed of the weights, the minibatches and the noise.
        device: Device of the training; `auto` is the first GPU, or the CPU without a GPU.
        precision: `fp32`; `tf32` (matrix products on CUDA); `bf16` (convolutions except the spatial
            broadcast); or `auto`: `bf16` if the device supports it natively, else `fp32`. A run
            stores the choice that `auto` made.
        compile: `auto` compiles the objective by `torch.compile` on CUDA, in runs long enough to
            recover the time of compilation; `off` never does.
        threads: Number of CPU threads; None for PyTorch's default.
        clip_grad: Largest norm of the gradient, separately of the model and of a discriminator;
            None does not clip.
        validation: Share in [0, 1) of the file or fixed set that is kept from training as
            validation rows; their NLL and KL are logged at every checkpoint.
        shuffle: `windows` shuffles a file or fixed set within windows of about 8,192 images, `all`
            as a whole.
        data_on: Place of these images during training: uncompressed on the `device` or in host
            `memory`, or `stream` from the file; `auto` chooses by the free memory.
        fixed_set: Number of images that are rendered once and trained on, the same for every seed;
            None renders the images of a procedural dataset for each minibatch.
        checkpoint_every: Number of steps between checkpoints.
        keep_checkpoints: Whether to keep every checkpoint, as `ckpt-STEP.pt`, besides the last.
        log_every: Number of steps between lines of `log.jsonl`.
        preview: Whether to draw previews in the run folder during training.
        tensorboard: Whether to write the log and the previews for TensorBoard too.
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
        """Read the setting `in_memory` of older versions, which shuffled the whole file."""
        if not isinstance(tree, Mapping) or not isinstance(tree.get("in_memory"), bool):
            return tree
        kept = {name: value for name, value in tree.items() if name != "in_memory"}
        return {"shuffle": "all", **kept} if tree["in_memory"] else kept

    @field_validator("device")
    @classmethod
    def _check_device(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", device):
            raise ValueError(f"unknown device {device!r}; use auto, cpu, cuda, cuda:INDEX or mps")
        return device


class PresetConfig(Frozen):
    """Settings from which the run's settings were derived.

    Attributes:
        dataset: Dataset of the paper with these settings; None if the paper has no such dataset,
            so that the settings are those for circles.
        profile: `paper`; or `quick`, which a CPU trains in minutes.
        source: Source of the settings in the paper, or a note that the paper has none.
        changed: Keys of settings that the profile, a file or options changed.
    """

    dataset: PaperDataset | None = "circles"
    profile: Profile = "paper"
    source: str = ""
    changed: tuple[str, ...] = ()


class Config(Frozen):
    """Complete configuration of a run."""

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
        if batch < 2 and objective.kind in NEED_TWO_IMAGES:
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
        """Short description of the model: decoder, and objective and likelihood if not default."""
        objective, likelihood = self.objective.kind, self.model.likelihood.kind
        return [
            *([] if objective == "vae" else [objective]),
            self.model.decoder.kind,
            *([] if likelihood == "bernoulli" else [likelihood]),
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration in plain containers, as in YAML and in checkpoints."""
        return self.model_dump(mode="json")
