"""One update of the weights, with the finiteness of terms and gradients checked on the device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sbvae_cli.config.names import Precision
from sbvae_cli.models.compute_settings import tf32
from sbvae_cli.models.vae import VAE

# Model, images, noise and the number of updates before, to loss terms, among them `loss`.
Objective = Callable[[VAE, Tensor, Tensor, int], dict[str, Tensor]]


@dataclass(frozen=True)
class Adversary:
    """A second network with a loss of its own, which the same forward pass computes.

    Attributes:
        network: The network, on the model's device.
        loss: Name of its loss among the objective's terms.
        learning_rate: Learning rate of its Adam at the first step.
        betas: Decay of the two moments of its Adam, each in [0, 1).
    """

    network: nn.Module
    loss: str
    learning_rate: float
    betas: tuple[float, float]


class Updater:
    """Adam on a model, and on its adversary; from the first step that is not finite on, both stop.

    Terms and gradients are checked on the device, so that no step waits for the host. The host
    looks at `failure` when it reads the loss terms anyhow.

    Args:
        vae: The model, on its device.
        objective: Model, images, noise and step to loss terms, among them `loss`.
        learning_rate: Learning rate of the model's Adam at the first step.
        precision: `tf32` lets matrix products on CUDA round their inputs.
        adversary: Network whose loss moves its own weights only, while `loss` moves the model's
            only.
        clip_grad: Largest norm of each network's gradient; None leaves gradients as they are.
    """

    def __init__(
        self,
        vae: VAE,
        objective: Objective,
        learning_rate: float,
        *,
        precision: Precision = "fp32",
        adversary: Adversary | None = None,
        clip_grad: float | None = None,
    ) -> None:
        self.vae = vae
        self.objective = objective
        self.device = next(vae.parameters()).device
        self.failed = torch.zeros((), device=self.device)
        self._failure: dict[str, Tensor] = {}
        self._precision = precision
        self._clip_grad = clip_grad
        self.adversary = adversary
        self._learners = [_Learner(vae, "loss", "gradient_norm", learning_rate, (0.9, 0.999))]
        if adversary is not None:
            self._learners.append(
                _Learner(
                    adversary.network,
                    adversary.loss,
                    "discriminator_gradient_norm",
                    adversary.learning_rate,
                    adversary.betas,
                )
            )

    @property
    def optimizer(self) -> torch.optim.Adam:
        """Adam of the model."""
        return self._learners[0].optimizer

    def update(
        self, images: Tensor, noise: Tensor, step: int, decay: float = 1.0
    ) -> dict[str, Tensor]:
        """Move the weights once.

        Args:
            images: Shape (B, C, H, W), in [0, 1]; as many minibatches as the objective takes.
            noise: Standard normal, shape (B, K); as many minibatches as the objective takes.
            step: Number of updates before.
            decay: Factor of the learning rates at the first step, in [0, 1].

        Returns:
            The objective's terms, on the device, detached.
        """
        norms = {}
        with tf32(self.device, allowed=self._precision == "tf32"):
            terms = self.objective(self.vae, images, noise, step)
            for learner in self._learners:
                learner.differentiate(terms[learner.loss])
                norms[learner.norm_name] = learner.norm(self._clip_grad)
        terms = {name: term.detach() for name, term in terms.items()}
        self._check({**terms, **norms})
        for learner in self._learners:
            learner.move(decay, self.failed)
        return terms

    def failure(self) -> dict[str, float] | None:
        """Terms and gradient norms of the first step that was not finite, or None; syncs."""
        if not self.failed.item():
            return None
        return {name: value.item() for name, value in self._failure.items()}

    def weights_are_finite(self) -> bool:
        """Whether every weight is a number; syncs."""
        norms = [
            nn.utils.get_total_norm([p.detach() for p in learner.parameters], norm_type=torch.inf)
            for learner in self._learners
        ]
        return bool(torch.isfinite(torch.stack(norms)).all().item())

    def updates_made(self) -> int:
        """Updates that moved the weights, those before a resumption included; syncs."""
        state = self.optimizer.state[self._learners[0].parameters[0]]
        return int(state["step"].item()) if state else 0

    def state_dict(self) -> dict[str, Any]:
        """State of the model's optimizer."""
        return self.optimizer.state_dict()

    def adversary_state_dict(self) -> dict[str, Any] | None:
        """Weights of the adversary and state of its optimizer, or None where there is none."""
        if self.adversary is None:
            return None
        return {
            "model": self.adversary.network.state_dict(),
            "optimizer": self._learners[1].optimizer.state_dict(),
        }

    def load_state_dict(
        self, optimizer: dict[str, Any], adversary: dict[str, Any] | None = None
    ) -> None:
        """Take up what `state_dict` and `adversary_state_dict` gave.

        Raises:
            ValueError: If that is not what an updater of these networks gave.
        """
        self._learners[0].load(optimizer)
        if self.adversary is None:
            return
        try:
            state = adversary or {}
            self.adversary.network.load_state_dict(state["model"])
            self._learners[1].load(state["optimizer"])
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise ValueError(f"the discriminator's part is missing or damaged ({error})") from error

    def _check(self, seen: dict[str, Tensor]) -> None:
        finite = torch.isfinite(torch.stack([value.float() for value in seen.values()])).all()
        if not self._failure:
            self._failure = seen
        else:  # keep what the first failing step saw
            self._failure = {
                name: torch.where(self.failed.bool(), self._failure[name], value)
                for name, value in seen.items()
            }
        self.failed = torch.maximum(self.failed, (~finite).float())


class _Learner:
    """A network, the loss that moves it, and its Adam."""

    def __init__(
        self,
        network: nn.Module,
        loss: str,
        norm_name: str,
        learning_rate: float,
        betas: tuple[float, float],
    ) -> None:
        self.network, self.loss, self.norm_name = network, loss, norm_name
        self.parameters = list(network.parameters())
        self.learning_rate = learning_rate
        # The fused kernel of MPS does not look at the flag.
        self._fused = self.parameters[0].device.type != "mps"
        self.optimizer = torch.optim.Adam(self.parameters, lr=0.0, betas=betas, fused=self._fused)

    def load(self, state: dict[str, Any]) -> None:
        """Take up the optimizer's state, checked: the fused kernel would write out of bounds."""
        try:
            moments = state["state"]
            for i, parameter in enumerate(self.parameters if moments else []):
                for name in ("exp_avg", "exp_avg_sq"):
                    if moments[i][name].shape != parameter.shape:
                        raise ValueError(f"{name} of weight {i} has another shape")
                if moments[i]["step"].numel() != 1:
                    raise ValueError(f"weight {i} has no number of steps")
            self.optimizer.load_state_dict(state)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"a part is missing ({error})") from error

    def differentiate(self, loss: Tensor) -> None:
        """Gradients of these weights alone: where the loss depends on others, they get none."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=self.parameters)  # type: ignore[no-untyped-call]

    def norm(self, largest: float | None) -> Tensor:
        """Norm of the gradient, which is then scaled down to the largest one, if there is one."""
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        if largest is not None:
            nn.utils.clip_grads_with_norm_(self.parameters, largest, norm)
        return norm

    def move(self, decay: float, failed: Tensor) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * decay
        if not self._fused and failed.item():
            return
        # Fused Adam leaves weights and moments alone where this flag is set (as for loss scaling).
        self.optimizer.found_inf = failed  # type: ignore[attr-defined]
        self.optimizer.step()
