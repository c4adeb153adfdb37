"""One update of R replicas at once, with terms and gradients checked on the device."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from sbvae_cli.config.names import Precision
from sbvae_cli.models.compute_settings import tf32
from sbvae_cli.models.vae import VAE
from sbvae_cli.training.stack import Learner, Stack

Terms = dict[str, Tensor]
Weights = Mapping[str, Tensor]  # of the objective at a step, such as beta, each a scalar

# Model (and adversary's network, if there is one), images and noise, then weights by their names,
# to loss terms, among them `loss`; all tensors of one replica.
Objective = Callable[..., Terms]


@dataclass(frozen=True)
class Adversary:
    """A second network of each replica with a loss of its own, from the same forward pass.

    The objective must give that loss no path to the model's weights, and `loss` none to the
    adversary's: then one backward pass serves both.

    Attributes:
        networks: A network for each replica, on the models' device.
        loss: Name of its loss among the objective's terms.
        learning_rate: Learning rate of its Adam at the first step.
        betas: Decay of the two moments of its Adam, each in [0, 1).
    """

    networks: Sequence[nn.Module]
    loss: str
    learning_rate: float
    betas: tuple[float, float]


class Updater:
    """Adam on R models, and on their adversaries; a replica that is not finite stops alone.

    All that an update computes stays on the device, so that no step waits for the host, and a CUDA
    graph may capture it. Terms and gradients are checked there: from its first step that is not
    finite on, a replica's weights and moments stay as they are.

    Args:
        vaes: A model for each replica, of one architecture and on one device.
        objective: Model, images, noise and weights to loss terms, among them `loss`.
        learning_rate: Learning rate of the models' Adam at the first step.
        precision: `tf32` lets CUDA's matrix products and convolutions round their inputs.
        adversary: Networks whose loss moves their own weights only, while `loss` moves the
            models' only.
        clip_grad: Largest norm of each network's gradient; None leaves gradients as they are.

    Attributes:
        vaes: The models.
        device: Where they are.
        failed: Shape (R,); 1 for a replica that was not finite.
    """

    def __init__(
        self,
        vaes: Sequence[VAE],
        objective: Objective,
        learning_rate: float,
        *,
        precision: Precision = "fp32",
        adversary: Adversary | None = None,
        clip_grad: float | None = None,
    ) -> None:
        self.vaes = list(vaes)
        self.adversary = adversary
        self.device = next(self.vaes[0].parameters()).device
        self.failed = torch.zeros(len(self.vaes), device=self.device)
        self._precision, self._clip_grad = precision, clip_grad
        self.learners = [
            Learner(Stack(self.vaes), "loss", "gradient_norm", learning_rate, (0.9, 0.999))
        ]
        if adversary is not None:
            self.learners.append(
                Learner(
                    Stack(adversary.networks),
                    adversary.loss,
                    "discriminator_gradient_norm",
                    adversary.learning_rate,
                    adversary.betas,
                )
            )
        networks = [learner.stack.networks[0] for learner in self.learners]
        self._losses = _Losses(objective, networks)
        self._compiled: Callable[..., Terms] | None = None
        self._names: list[str] = []  # of the terms, then of the gradients' norms

    @property
    def replicas(self) -> int:
        """Number of replicas R."""
        return len(self.vaes)

    def update(self, images: Tensor, noise: Tensor, weights: Weights, decay: Tensor) -> Terms:
        """Move the weights of all replicas once.

        Args:
            images: Shape (R, B, C, H, W), in [0, 1]; as many minibatches as the objective takes.
            noise: Standard normal, shape (R, B, K); as many minibatches as the objective takes.
            weights: The objective's weights at this step, by name, on the device.
            decay: Factor of the learning rates at the first step, in [0, 1], on the device.

        Returns:
            The objective's terms, shape (R,) each, on the device, detached.
        """
        with tf32(self.device, allowed=self._precision == "tf32"):
            states = [learner.stack.state for learner in self.learners]
            compute = self._compiled or self._compute
            terms = compute(states, images, noise, weights)
            total = torch.stack([terms[learner.loss] for learner in self.learners]).sum()
            leaves = [p for learner in self.learners for p in learner.stack.parameters.values()]
            gradients = torch.autograd.grad(total, leaves, materialize_grads=True)
        norms = {}
        for learner in self.learners:
            count = len(learner.stack.parameters)
            own, gradients = gradients[:count], gradients[count:]
            norms[learner.norm_name] = learner.take(own, self._clip_grad)
        terms = {name: term.detach() for name, term in terms.items()}
        self._check({**terms, **norms}, len(terms))
        for learner in self.learners:
            learner.move(decay, self.failed)
        return terms

    def compile(self, **options: Any) -> None:
        """Let `torch.compile`, with these options, make kernels of the objective.

        What was compiled in this process before is forgotten: there is a limit to how often one
        function is compiled anew, after which it would silently run as it is.
        """
        torch.compiler.reset()
        self._compiled = torch.compile(self._compute, dynamic=False, **options)

    def run_plainly(self) -> None:
        """Undo `compile`."""
        self._compiled = None

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Run updates that move nothing and are forgotten, as a CUDA graph needs before it."""
        before = self.failed.clone()
        self.failed.fill_(1.0)
        try:
            yield
        finally:
            self.failed.copy_(before)
            if self._names:
                self._totals.zero_()
                self._first_bad.zero_()

    def read_totals(self, *, keep: bool = False) -> list[dict[str, float]]:
        """Sums of each replica's terms since the last reading; waits for the device.

        Args:
            keep: Whether the sums go on, as if they had not been read.
        """
        if not self._names:
            return [{} for _ in self.vaes]
        columns = self._totals.T.tolist()
        if not keep:
            self._totals.zero_()
        return [dict(zip(self._term_names, column, strict=True)) for column in columns]

    def failures(self) -> list[dict[str, float] | None]:
        """For each replica, terms and gradient norms of its first step that was not finite.

        None where there was none; waits for the device.
        """
        failed = self.failed.tolist()
        if not any(failed):
            return [None] * self.replicas
        seen = self._first_bad.T.tolist()
        return [
            dict(zip(self._names, values, strict=True)) if bad else None
            for bad, values in zip(failed, seen, strict=True)
        ]

    def weights_are_finite(self) -> list[bool]:
        """For each replica whether every weight is a number; waits for the device."""
        found = [learner.stack.are_finite() for learner in self.learners]
        return [all(of_replica) for of_replica in zip(*found, strict=True)]

    def updates_made(self) -> list[int]:
        """Updates that moved each replica, those before a resumption included; syncs."""
        return [int(steps) for steps in self.learners[0].steps.tolist()]

    def weights(self, replica: int) -> dict[str, Tensor]:
        """State dict of a replica's model, of tensors of its own."""
        return self.learners[0].stack.state_dict(replica)

    def state_dict(self, replica: int) -> dict[str, Any]:
        """State of a replica's optimizer, as an Adam of its model's parameters has it."""
        return self.learners[0].state_dict(replica)

    def adversary_state_dict(self, replica: int) -> dict[str, Any] | None:
        """Weights of a replica's adversary and its optimizer's state; None where there is none."""
        if self.adversary is None:
            return None
        learner = self.learners[1]
        return {
            "model": learner.stack.state_dict(replica),
            "optimizer": learner.state_dict(replica),
        }

    def load_state_dict(
        self,
        replica: int,
        optimizer: dict[str, Any],
        adversary: dict[str, Any] | None = None,
    ) -> None:
        """Take up what `state_dict` and `adversary_state_dict` gave.

        Raises:
            ValueError: If that is not what an updater of these networks gave.
        """
        self.learners[0].load_state_dict(replica, optimizer)
        if self.adversary is None:
            return
        try:
            state = adversary or {}
            self.adversary.networks[replica].load_state_dict(state["model"])
            self.learners[1].load_state_dict(replica, state["optimizer"])
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise ValueError(f"the discriminator's part is missing or damaged ({error})") from error

    def _compute(
        self,
        states: list[dict[str, Tensor]],
        images: Tensor,
        noise: Tensor,
        weights: Weights,
    ) -> Terms:
        """Terms of all replicas, shape (R,) each."""

        def of_one(states: list[dict[str, Tensor]], images: Tensor, noise: Tensor) -> Terms:
            named = {f"{i}.{n}": value for i, s in enumerate(states) for n, value in s.items()}
            terms: Terms = functional_call(self._losses, named, (images, noise, dict(weights)))
            return terms

        if self.replicas == 1:
            own = [{name: value.squeeze(0) for name, value in s.items()} for s in states]
            terms = of_one(own, images.squeeze(0), noise.squeeze(0))
            return {name: term[None] for name, term in terms.items()}
        terms = vmap(of_one)(states, images, noise)
        return terms

    def _check(self, seen: Terms, count: int) -> None:
        """Add up the terms, the first `count`, and mark replicas that are not finite."""
        values = torch.stack([value.float() for value in seen.values()])  # (T, R)
        if not self._names:
            self._names, self._term_names = list(seen), list(seen)[:count]
            self._totals = torch.zeros_like(values[:count])
            self._first_bad = torch.zeros_like(values)
        self._totals += values[:count]
        # What the first failing step saw stays.
        self._first_bad.copy_(torch.where(self.failed.bool(), self._first_bad, values))
        finite = torch.isfinite(values).all(0)
        self.failed.copy_(torch.maximum(self.failed, (~finite).float()))


class _Losses(nn.ModuleList):
    """An objective of networks, as one module that may be called with other weights."""

    def __init__(self, objective: Objective, networks: Sequence[nn.Module]) -> None:
        super().__init__(networks)
        self._objective = objective

    def forward(self, images: Tensor, noise: Tensor, weights: dict[str, Tensor]) -> Terms:
        return self._objective(*self, images, noise, **weights)
