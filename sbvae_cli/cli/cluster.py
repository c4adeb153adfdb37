"""Options of `--engine ray`: address of the cluster, and cores and GPU share of each run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from sbvae_cli.cli.console import note_once
from sbvae_cli.config.names import EngineName
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:  # it loads PyTorch
    from sbvae_cli.sweeps.folder import SweepFolder
    from sbvae_cli.sweeps.ray_engine import RayEngine

_SHARE_TOLERANCE = 1e-9  # tolerance of the sum of shares, such as three thirds of a GPU

AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="With --engine ray: address of the cluster that this machine belongs to, or "
        "auto to find it; default: RAY_ADDRESS, else this machine alone.",
    ),
]
CpusPerRunOption = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        max=1_000.0,
        metavar="NUMBER",
        help="With --engine ray: number of CPU cores of each process; default: its number of "
        "threads.",
    ),
]
GpusPerRunOption = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=100.0,
        metavar="NUMBER",
        help="With --engine ray: share of a GPU for each run, such as 0.25; default: no "
        "GPU, runs train on CPUs.",
    ),
]


@dataclass(frozen=True)
class ClusterOptions:
    """Options of the engine `ray`.

    Attributes:
        address: Address of the cluster; None is that of `RAY_ADDRESS`, or else this machine.
        cpus_per_run: Number of CPU cores of each process; None is its number of threads.
        gpus_per_run: Share of a GPU of each run; None trains on CPUs.
    """

    address: str | None = None
    cpus_per_run: float | None = None
    gpus_per_run: float | None = None

    def refuse_without(self, engine: EngineName) -> None:
        """Refuse these options for other engines.

        Raises:
            SbvaeError: If an option is set and the engine is not `ray`.
        """
        for name, value in vars(self).items():
            if value is not None and engine != "ray":
                raise SbvaeError("applies to clusters; add `engine=ray`", field=name)

    def arguments(self, engine: EngineName) -> dict[str, str]:
        """Return the arguments, by name, that a command to resume the sweep needs."""
        given = {name: f"{value}" for name, value in vars(self).items() if value is not None}
        return {"engine": engine, **given} if engine == "ray" else {}

    def device(self, name: str) -> str:
        """Return the device of the workers, `cuda` or `cpu`, which this machine need not have.

        Args:
            name: Requested device; `auto` is `cuda` if runs take a share of a GPU, else `cpu`.

        Raises:
            SbvaeError: If the requested device contradicts the share of a GPU.
        """
        if self.gpus_per_run:
            if name not in ("auto", "cuda"):
                raise SbvaeError(f"is {name}, but `gpus_per_run` asks for cuda", field="device")
            return "cuda"
        if name not in ("auto", "cpu"):
            raise SbvaeError(
                f"is {name}; on a cluster, set the share of a GPU for a run, as `gpus_per_run=1`",
                field="device",
            )
        return "cpu"

    @property
    def most_per_gpu(self) -> int | None:
        """Greatest number of runs that share a GPU; None on CPUs."""
        share = self.gpus_per_run
        return max(1, int(1 / share + _SHARE_TOLERANCE)) if share else None

    def engine(self, folder: "SweepFolder", at_once: int | None) -> "RayEngine":
        """Return the engine for a sweep.

        Args:
            folder: Folder of the sweep.
            at_once: Greatest number of jobs at once; None for no limit but the cluster's.
        """
        from sbvae_cli.sweeps.ray_engine import RayEngine

        return RayEngine(
            folder.runs,
            self.address,
            self.cpus_per_run,
            self.gpus_per_run or 0.0,
            at_once,
            on_note=note_once(),
        )


THIS_MACHINE = ClusterOptions()
