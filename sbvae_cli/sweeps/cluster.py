"""A cluster of machines that run jobs: how to belong to it, and whether its machines are alike."""

import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sbvae_cli.cores import usable_cores
from sbvae_cli.errors import SbvaeError
from sbvae_cli.sweeps.worker import Installation, stop_file, unlikeness

_STORE = 80_000_000  # bytes of the object store of a cluster that is started here; we use none
_CONNECT, _ANSWER = 5.0, 120.0  # seconds that a cluster, and each machine, may take to answer

_OPENMP = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # how threads wait, as `sbvae` sets it

# Ray's own command, whose flag is no argument of ours.
_START = "`ray start --head` on one machine, and ray start `address=HOST:6379` on the others"

Needs = dict[str, float]  # what a job takes, by Ray's names for resources: CPU, GPU


@contextmanager
def connected(ray: Any, address: str | None) -> Iterator[None]:
    """Belong to a cluster in the block, or have one on this machine.

    Raises:
        SbvaeError: If there is none at the address, or it is not for this version.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {"address": "local", "num_cpus": usable_cores(), "include_dashboard": False}
        options["object_store_memory"] = _STORE
    elif address != "auto":
        _refuse_silence(address)
    with _own_signals():
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # of any kind: it comes from many parts of Ray
            raise _cannot_connect(address, error) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def marked(storage: Path) -> Iterator[Path]:
    """A file in a folder while the block runs, by which other machines know the folder."""
    mark = storage.absolute() / f".seen-{socket.gethostname()}-{os.getpid()}"
    try:
        storage.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError as error:
        raise SbvaeError(f"{storage}: cannot be used: {error.strerror}") from error
    try:
        yield mark
    finally:
        for file in (mark, stop_file(mark)):
            with suppress(OSError):
                file.unlink(missing_ok=True)


def machines_for(ray: Any, needs: Needs) -> dict[str, tuple[str, int]]:
    """Machines of the cluster that are large enough for a job.

    Args:
        ray: The module, connected.
        needs: What a job takes.

    Returns:
        By Ray's name for each: its host's name, and how many such jobs it takes at once.
    """
    found = {}
    for node in ray.nodes():
        has = node["Resources"]
        number = min(int(has.get(name, 0.0) / need) for name, need in needs.items() if need)
        if node["Alive"] and number:
            found[node["NodeID"]] = (node["NodeManagerHostname"], number)
    return found


def too_small(ray: Any, needs: Needs) -> SbvaeError:
    """The error for jobs that no machine of the cluster is large enough for."""
    largest = {
        name: max((node["Resources"].get(name, 0.0) for node in ray.nodes()), default=0.0)
        for name in needs
    }
    name, unit, field = "CPU", "CPU cores", "cpus_per_run"
    if needs["CPU"] <= largest["CPU"]:
        name, unit, field = "GPU", "GPUs", "gpus_per_run"
    return SbvaeError(
        f"asks for {needs[name]:g} {unit} for a process, and the largest machine of the cluster "
        f"has {largest[name]:g}",
        field=field,
    )


def refuse_unlike(
    host: str,
    there: Installation | str,
    here: Installation,
    storage: Path,
    on_note: Callable[[str], None],
) -> None:
    """Refuse a machine whose runs would not be those of this one.

    Args:
        host: Name of the machine.
        there: What is installed there, or why sbvae cannot be loaded.
        here: What is installed here.
        storage: Folder of the runs.
        on_note: Called with a line on what may differ, but little.

    Raises:
        SbvaeError: If it does not see the folder, or has no sbvae or another.
    """
    if isinstance(there, str):
        raise SbvaeError(
            f"{host}: cannot load sbvae ({there}); install the same as here on all machines"
        )
    unlike = unlikeness(there, here, storage)
    if unlike:
        raise SbvaeError(unlike)
    if there.torch != here.torch:
        on_note(
            f"{host}: has PyTorch {there.torch}, and here is {here.torch}; the last digits of "
            "weights may differ"
        )


def remote_functions(ray: Any) -> tuple[Any, Any]:
    """The task that runs a job, and the one that tells what is installed.

    Ray sends functions of functions as they are, so that a machine without sbvae can say so.
    """
    spin = {name: os.environ[name] for name in _OPENMP if name in os.environ}

    def run(pickled: bytes, mark: str, here: Installation) -> str:
        for name, value in spin.items():
            os.environ.setdefault(name, value)  # before PyTorch is loaded
        from sbvae_cli.sweeps.worker import run_pickled

        return run_pickled(pickled, mark, here)

    def probe(mark: str) -> Installation | str:
        try:
            from sbvae_cli.sweeps.worker import describe_installation
        except ImportError as error:
            return str(error)
        return describe_installation(mark)

    return ray.remote(run), ray.remote(num_cpus=0)(probe)


def answer_of(ray: Any, ref: Any, host: str) -> Installation | str:
    """What a machine says of itself: what is installed there, or why sbvae cannot be loaded.

    Args:
        ray: The module, connected.
        ref: What Ray calls the task that asks it.
        host: Name of the machine.

    Raises:
        SbvaeError: If it does not answer.
    """
    try:
        answer: Installation | str = ray.get(ref, timeout=_ANSWER)
    except ray.exceptions.GetTimeoutError as error:
        raise SbvaeError(
            f"{host}: this machine of the cluster has not answered for {_ANSWER:.0f} seconds; "
            "see `ray status`"
        ) from error
    except ray.exceptions.RayError as error:
        raise SbvaeError(f"{host}: cannot run a task: {last_line(error)}") from error
    return answer


def last_line(error: Exception) -> str:
    """What an error in a task was, one line."""
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())}"


def _refuse_silence(address: str) -> None:
    """Refuse an address where nothing answers, for which Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in address:
        raise SbvaeError(
            f"is {address}; give HOST:PORT of the cluster's head, such as 10.0.0.1:6379, or auto",
            field="address",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise SbvaeError(
            f"is {address}, where no Ray cluster answers ({_reason(error)}); start one by {_START}",
            field="address",
        ) from error


def _cannot_connect(address: str | None, error: Exception) -> SbvaeError:
    text = " ".join(str(error).split())
    versions = re.findall(r"(Ray|Python): (\S+)", text)
    if "Version mismatch" in text and len(versions) == 4:
        there, here = (" and ".join(map(" ".join, some)) for some in (versions[:2], versions[2:]))
        return SbvaeError(
            f"is {address}, a cluster of {there}, and here is {here}; install the same on all "
            "machines",
            field="address",
        )
    if address is None:
        return SbvaeError(f"Ray cannot start a cluster here: {text}")
    if address == "auto" and isinstance(error, ConnectionError):
        return SbvaeError(
            f"is auto, and this machine belongs to no Ray cluster; start one by {_START}",
            field="address",
        )
    return SbvaeError(
        f"is {address}, to which Ray cannot connect: {text}; this machine must belong to the "
        f"cluster too, by ray start `address={address}`, and have its token, if it asks for one, "
        "with RAY_AUTH_MODE=token",
        field="address",
    )


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what this process does on SIGTERM, which Ray sets anew."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
