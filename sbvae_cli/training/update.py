"""Update R replicas at once, checking terms and gradients on the device."""

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
Weights = Mapping[str, Tensor]  # weights of the objective at a step, such as beta, each a scalar

# Function of model (then the adversary's network, if any), images, noise, and weights by name.
# Returns loss terms, including `loss`. All tensors are those of one replica.
Objective = Callable[..., Terms]


@dataclass(frozen=True)
class Adversary:
    """Second network of each replica with its own loss from the same forward pass.

    For autograd, this loss must not depend on the model's weights, and `loss` not on the
    adversary's, so that one backward pass serves both.

    Attributes:
        networks: One network for each replica, on the models' device.
        loss: Name of its loss among the objective's terms.
        learning_rate: Learning rate of its Adam at the first step.
        betas: Decay rates of the two moments of its Adam, each in [0, 1).
    """

    networks: Sequence[nn.Module]
    loss: str
    learning_rate: float
    betas: tuple[float, float]


class Updater:
    """Adam updates of R models and their adversaries; a diverged replica does not stop the others.

    An update does not synchronise with the host, so that a CUDA graph can capture it. Terms and
    gradients are checked on the device: from its first step with a value that is not finite, a
    replica's weights and moments do not change any more.

    Args:
        vaes: One model for each replica, of one architecture and on one device.
        objective: Function of model, images, noise and weights that returns loss terms, including
            `loss`.
        learning_rate: Learning rate of the models' Adam at the first step.
        precision: `tf32` lets CUDA's matrix products and convolutions round their inputs to TF32.
        adversary: Second networks with their own loss; None if the objective has none.
        clip_grad: Largest norm of each network's gradient; None does not clip.

    Attributes:
        vaes: The models.
        device: Device of the models.
        failed: Shape (R,); 1 for a replica that diverged.
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
        self._names: list[str] = []  # names of the terms, then of the gradient norms

    @property
    def replicas(self) -> int:
        """Number of replicas R."""
        return len(self.vaes)

    def update(self, images: Tensor, noise: Tensor, weights: Weights, decay: Tensor) -> Terms:
        """Update the weights of all replicas once.

        Args:
            images: Shape (R, n, C, H, W), in [0, 1]; n is one or several minibatches, depending on
                the objective.
            noise: Standard normal noise, shape (R, n, K), with the n of the objective.
            weights: Weights of the objective at this step, by name, on the device.
            decay: Factor of the initial learning rates, in [0, 1], on the device.

        Returns:
            Terms of the objective, shape (R,) each, on the device, detached.
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
            norms[learner.norm_name] = learner.store_gradients(own, self._clip_grad)
        terms = {name: term.detach() for name, term in terms.items()}
        self._check({**terms, **norms}, len(terms))
        for learner in self.learners:
            learner.adam_step(decay, self.failed)
        return terms

    def compile(self, **options: Any) -> None:
        """Compile the objective by `torch.compile` with these options.

        Earlier compilations in this process are discarded: PyTorch limits how often a function is
        recompiled, and beyond the limit it silently runs the function uncompiled.
        """
        torch.compiler.reset()
        self._compiled = torch.compile(self._compute, dynamic=False, **options)

    def discard_compilation(self) -> None:
        """Undo `compile`."""
        self._compiled = None

    @contextmanager
    def without_effect(self) -> Iterator[None]:
        """Run updates without any effect in a block, for the warm-up of a CUDA graph."""
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
        """Return the sums of each replica's terms since the last reading; waits for the device.

        Args:
            keep: Whether to keep the sums rather than to reset them to zero.
        """
        if not self._names:
            return [{} for _ in self.vaes]
        columns = self._totals.T.tolist()
        if not keep:
            self._totals.zero_()
        return [dict(zip(self._term_names, column, strict=True)) for column in columns]

    def failures(self) -> list[dict[str, float] | None]:
        """Return the terms and gradient norms of each replica's first step that was not finite.

        The value is None for a replica without such a step. Waits for the device.
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
        """Return for each replica whether all its weights are finite; waits for the device."""
        found = [learner.stack.are_finite() for learner in self.learners]
        return [all(of_replica) for of_replica in zip(*found, strict=True)]

    def updates_made(self) -> list[int]:
        """Return the number of updates of each replica since step 0; waits for the device."""
        return [int(steps) for steps in self.learners[0].steps.tolist()]

    def weights(self, replica: int) -> dict[str, Tensor]:
        """Return a copy of the state dict of a replica's model."""
        return self.learners[0].stack.state_dict(replica)

    def state_dict(self, replica: int) -> dict[str, Any]:
        """Return the state of a replica's optimizer in the format of `torch.optim.Adam`."""
        return self.learners[0].state_dict(replica)

    def adversary_state_dict(self, replica: int) -> dict[str, Any] | None:
        """Return weights and optimizer state of a replica's adversary; None if there is none."""
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
        """Load states from `state_dict` and `adversary_state_dict`.

        Raises:
            ValueError: If they are not the states of an updater of these networks.
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
        """Compute the terms of all replicas, shape (R,) each."""

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
        """Add the first `count` values, which are terms, to the sums; mark diverged replicas."""
        values = torch.stack([value.float() for value in seen.values()])  # (T, R)
        if not self._names:
            self._names, self._term_names = list(seen), list(seen)[:count]
            self._totals = torch.zeros_like(values[:count])
            self._first_bad = torch.zeros_like(values)
        self._totals += values[:count]
        # The values of a replica's first step that is not finite are kept.
        self._first_bad.copy_(torch.where(self.failed.bool(), self._first_bad, values))
        finite = torch.isfinite(values).all(0)
        self.failed.copy_(torch.maximum(self.failed, (~finite).float()))


class _Losses(nn.ModuleList):
    """Objective and networks as one module, for `functional_call` with other weights."""

    def __init__(self, objective: Objective, networks: Sequence[nn.Module]) -> None:
        super().__init__(networks)
        self._objective = objective

    def forward(self, images: Tensor, noise: Tensor, weights: dict[str, Tensor]) -> Terms:
        return self._objective(*self, images, noise, **weights)
