"""Updates from buffers on the device: on CUDA one captured graph, replayed for every round."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch

from sbvae_cli.training.inputs import InputMaker, Inputs
from sbvae_cli.training.update import Updater

# Steps of a block at most, by whether a GPU computes: there a block is copied in one go and the
# host is to be left alone for a while, on a CPU the images only take memory.
_MOST_STEPS = {True: 256, False: 16}
_MOST_BYTES = 256 << 20  # of a block's inputs
_WARM_UPS = 3  # calls before a graph is captured, in which libraries set themselves up

Step = Callable[[], None]
Capture = Callable[[Step], Step]  # to what repeats the step, which it may run any number of times


def block_length(updater: Updater, inputs: Inputs) -> int:
    """Number of steps in a block, at least 1.

    Args:
        updater: What is to be updated.
        inputs: Any block of what it takes.
    """
    most = _MOST_STEPS[updater.device.type == "cuda"]
    return max(1, min(most, _MOST_BYTES // max(1, inputs.step_bytes)))


class Rounds:
    """Updates of all replicas, one after the other, from buffers that hold a block of inputs.

    A round reads the slot whose number stands on the device, so that it is the same for every
    step and may be captured.

    Args:
        updater: What is updated.
        maker: What made the inputs.
        first: A block of inputs, whose shapes the buffers get.
        capture: Makes what repeats a round; None captures a CUDA graph on CUDA and nothing
            elsewhere.
        compiled: Whether `torch.compile` makes kernels of the objective.

    Attributes:
        note: A line that says why it could not; empty otherwise.
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
            with updater.trial(), _measured_convolutions():
                if compiled:
                    self._compile()
                if capture:
                    self._replay = capture(self._round)
            self._at.zero_()

    def run(self) -> None:
        """Update every replica once from the slot whose turn it is, and go to the next."""
        if self._replay:
            self._replay()
        else:
            self._round()

    def load(self, block: Inputs) -> None:
        """Copy inputs to the device, of as many steps as there are slots or fewer."""
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
        """Compile, or go on without where no compiler works, which shows in errors of any kind."""
        self._updater.compile()
        try:
            self._round()
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            self._updater.run_plainly()
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.note = f"torch.compile does not work here ({reason}); training goes on without it"


def captured_graph(step: Step, device: torch.device) -> Step:
    """What replays a step as one CUDA graph: all kernels are queued by a single call.

    Args:
        step: Must not wait for the device, and must read and write the same tensors every time.
        device: Where it computes.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(device):
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                step()
        torch.cuda.current_stream().wait_stream(side)
        # Other threads may allocate pinned memory meanwhile, which the default mode would not bear.
        with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
            step()

    def replay() -> None:
        with torch.cuda.device(device):
            graph.replay()

    return replay


@contextmanager
def _measured_convolutions() -> Iterator[None]:
    """Let cuDNN choose convolutions by measuring them, which pays for a graph of fixed shapes."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
