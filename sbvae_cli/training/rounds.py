"""Run updates from buffers on the device; on CUDA as one captured graph that is replayed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch

from sbvae_cli.training.inputs import InputMaker, Inputs
from sbvae_cli.training.update import Updater

# Largest number of steps in a block with and without CUDA. With CUDA, a block is copied at once and
# spares the host for a while; on a CPU, a longer block would only need more memory.
_MAX_STEPS = {True: 256, False: 16}
_MAX_BYTES = 256 << 20  # largest size of a block's inputs
_WARM_UPS = 3  # calls before a graph is captured, in which libraries initialise themselves

Step = Callable[[], None]
Capture = Callable[[Step], Step]  # returns a function that repeats the step; may run the step


def block_length(updater: Updater, inputs: Inputs) -> int:
    """Return the number of steps in a block, at least 1.

    Args:
        updater: Updater of the models.
        inputs: Any block of its inputs.
    """
    most = _MAX_STEPS[updater.device.type == "cuda"]
    return max(1, min(most, _MAX_BYTES // max(1, inputs.step_bytes)))


class Rounds:
    """Consecutive updates of all replicas, called rounds, from buffers with a block of inputs.

    The number of the next slot of the buffers is stored on the device, so that every round executes
    the same operations and can be captured.

    Args:
        updater: Updater of the models.
        maker: Maker of the inputs.
        first: Block of inputs that determines the shapes of the buffers.
        capture: Function that captures a round and returns its replay; None captures a CUDA graph
            on CUDA, and nothing on other devices.
        compiled: Whether to compile the objective by `torch.compile`.

    Attributes:
        note: Line for the user that says why compilation failed; empty otherwise.
    """

    def __init__(
        self,
        updater: Updater,
        maker: InputMaker,
        first: Inputs,
        *,
        capture: Capture | None = None,
        compiled: bool = False,
    ) -> None:
        self._updater, self._maker, self.note = updater, maker, ""
        length, device = block_length(updater, first), updater.device
        self._slots = first.each(
            lambda part: part.new_zeros((length, *part.shape[1:]), device=device)
        )
        self._at = torch.zeros(1, dtype=torch.int64, device=device)
        self.load(first)
        if capture is None and device.type == "cuda":
            capture = partial(captured_graph, device=device)
        self._replay: Step | None = None
        if capture or compiled:
            with updater.without_effect(), _measured_convolutions():
                if compiled:
                    self._compile()
                if capture:
                    self._replay = capture(self._round)
            self._at.zero_()

    def run(self) -> None:
        """Update every replica once from the next slot."""
        if self._replay:
            self._replay()
        else:
            self._round()

    def load(self, block: Inputs) -> None:
        """Copy a block of inputs to the device; it may have fewer steps than there are slots."""
        for slots, part in zip(self._slots, block, strict=True):
            if slots is not None and part is not None:
                slots[: block.steps].copy_(part, non_blocking=True)
        self._at.zero_()

    def _round(self) -> None:
        taken = self._slots.each(lambda part: part.index_select(0, self._at)[0])
        self._at.add_(1).remainder_(self._slots.steps)
        decay, *weights = taken.settings.unbind()
        named = dict(zip(self._maker.weight_names, weights, strict=True))
        pixels = self._maker.feed.pixels(taken.images, taken.colours)
        self._updater.update(pixels, taken.noise, named, decay)

    def _compile(self) -> None:
        """Compile the objective; any error but lack of memory means that compilation is skipped."""
        self._updater.compile()
        try:
            self._round()
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            self._updater.discard_compilation()
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.note = (
                f"torch.compile does not work here ({reason}); training continues without it"
            )


def captured_graph(step: Step, device: torch.device) -> Step:
    """Capture a step as a CUDA graph and return a function that replays it in a single call.

    Args:
        step: Function that must not synchronise with the device, and must read and write the same
            tensors in every call.
        device: CUDA device of the step.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(device):
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                step()
        torch.cuda.current_stream().wait_stream(side)
        # Other threads may allocate pinned memory at the same time; the default mode forbids it.
        with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            step()

    def replay() -> None:
        with torch.cuda.device(device):
            graph.replay()

    return replay


@contextmanager
def _measured_convolutions() -> Iterator[None]:
    """Let cuDNN choose algorithms by benchmarks, which pays for a graph of fixed shapes."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
