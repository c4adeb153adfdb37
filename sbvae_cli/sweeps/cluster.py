"""Connect to a cluster of machines that run jobs, and check that its machines are alike."""

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
from sbvae_cli.sweeps.worker import Installation, installation_difference, stop_file

_OBJECT_STORE_BYTES = 80_000_000  # of a local cluster; jobs store nothing in it
_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 120.0  # to connect, and for each machine's answer

_OPENMP = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # how idle threads wait, as set by `sbvae`

# The text is Ray's own command line, so that its flags are not arguments of sbvae.
_START = "`ray start --head` on one machine, and ray start `address=HOST:6379` on the others"

Needs = dict[str, float]  # resources of a job by Ray's names: CPU, GPU


@contextmanager
def connected(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to a cluster, or start one on this machine, for the duration of the block.

    Raises:
        SbvaeError: If there is no cluster at the address, or its versions differ.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {"address": "local", "num_cpus": usable_cores(), "include_dashboard": False}
        options["object_store_memory"] = _OBJECT_STORE_BYTES
    elif address != "auto":
        _refuse_unanswered(address)
    with _restore_sigterm_handler():
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises many kinds of errors here
            raise _cannot_connect(address, error) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def marker_file(storage: Path) -> Iterator[Path]:
    """Create a file in a folder for the duration of the block, for other machines to find."""
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
    """Return the machines of the cluster that are large enough for a job.

    Args:
        ray: The connected module.
        needs: Resources of a job.

    Returns:
        The host's name and the number of such jobs that fit at once, by Ray's ID of the machine.
    """
    found = {}
    for node in ray.nodes():
        has = node["Resources"]
        number = min(int(has.get(name, 0.0) / need) for name, need in needs.items() if need)
        if node["Alive"] and number:
            found[node["NodeID"]] = (node["NodeManagerHostname"], number)
    return found


def too_small(ray: Any, needs: Needs) -> SbvaeError:
    """Return the error for jobs that need more than any machine of the cluster has."""
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


def refuse_other_installation(
    host: str,
    there: Installation | str,
    here: Installation,
    storage: Path,
    on_note: Callable[[str], None],
) -> None:
    """Refuse a machine whose runs would differ from those of this machine.

    Args:
        host: Name of the machine.
        there: Installation on that machine, or why sbvae cannot be loaded there.
        here: Installation on this machine.
        storage: Folder of the runs.
        on_note: Called with a line about a difference that changes results only slightly.

    Raises:
        SbvaeError: If the machine does not see the folder, or has no sbvae or a different one.
    """
    if isinstance(there, str):
        raise SbvaeError(
            f"{host}: cannot load sbvae ({there}); install the same version on all machines"
        )
    unlike = installation_difference(there, here, storage)
    if unlike:
        raise SbvaeError(unlike)
    if there.torch != here.torch:
        on_note(
            f"{host}: has PyTorch {there.torch}, here it is {here.torch}; the last digits of "
            "weights may differ"
        )


def remote_functions(ray: Any) -> tuple[Any, Any]:
    """Return the remote task that runs a job, and the one that describes an installation.

    Both are nested functions, because Ray sends those by value: a machine without sbvae can then
    report that it has none.
    """
    spin = {name: os.environ[name] for name in _OPENMP if name in os.environ}

    def run(pickled: bytes, mark: str, here: Installation) -> str:
        for name, value in spin.items():
            os.environ.setdefault(name, value)  # must be set before PyTorch is loaded
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
    """Return the installation of a machine, or why sbvae cannot be loaded there.

    Args:
        ray: The connected module.
        ref: Ray's reference of the task that asks the machine.
        host: Name of the machine.

    Raises:
        SbvaeError: If the machine does not answer.
    """
    try:
        answer: Installation | str = ray.get(ref, timeout=_ANSWER_SECONDS)
    except ray.exceptions.GetTimeoutError as error:
        raise SbvaeError(
            f"{host}: this machine of the cluster has not answered for "
            f"{_ANSWER_SECONDS:.0f} seconds; see `ray status`"
        ) from error
    except ray.exceptions.RayError as error:
        raise SbvaeError(f"{host}: cannot run a task: {last_line(error)}") from error
    return answer


def last_line(error: Exception) -> str:
    """Return the type and message of a task's error as one line."""
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())}"


def _refuse_unanswered(address: str) -> None:
    """Refuse an address where nothing answers; Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in address:
        raise SbvaeError(
            f"is {address}; give HOST:PORT of the cluster's head, such as 10.0.0.1:6379, or auto",
            field="address",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
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
            f"is {address}, a cluster of {there}; here it is {here}; install the same on all "
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
def _restore_sigterm_handler() -> Iterator[None]:
    """Restore this process's handler of SIGTERM after the block, which Ray replaces."""
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
