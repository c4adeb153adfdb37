"""One update of the weights, with the finiteness of loss and gradients checked on the device."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from sbvae_cli.config.names import LearningRateSchedule, Precision
from sbvae_cli.models.vae import VAE

Objective = Callable[[VAE, Tensor, Tensor], dict[str, Tensor]]


def scheduled_rate(rate: float, schedule: LearningRateSchedule, step: int, steps: int) -> float:
    """Learning rate of an update.

    Args:
        rate: At the first step.
        schedule: `constant`; `linear` or `cosine` fall to zero after `steps`.
        step: From 0.
        steps: Of the whole run.
    """
    done = min(step / steps, 1.0)
    match schedule:
        case "constant":
            return rate
        case "linear":
            return rate * (1 - done)
        case "cosine":
            return rate * 0.5 * (1 + math.cos(math.pi * done))


class Updater:
    """Adam on one model; from the first step that is not finite on, nothing moves any more.

    Loss and gradients are checked on the device, so that no step waits for the host. The host
    looks at `failure` when it reads the loss terms anyhow.

    Args:
        vae: On its device.
        objective: Model, images and noise to loss terms, among them `loss`.
        precision: `bf16` runs the networks under autocast; `tf32` concerns CUDA only.
    """

    def __init__(self, vae: VAE, objective: Objective, precision: Precision = "fp32") -> None:
        self.vae = vae
        self.objective = objective
        self.device = next(vae.parameters()).device
        self._fused = self.device.type != "mps"  # whose fused kernel does not look at the flag
        self.optimizer = torch.optim.Adam(vae.parameters(), lr=0.0, fused=self._fused)
        self.failed = torch.zeros((), device=self.device)
        self._failure: dict[str, Tensor] = {}
        self._precision = precision

    def update(self, images: Tensor, noise: Tensor, learning_rate: float) -> dict[str, Tensor]:
        """Move the weights once.

        Args:
            images: Shape (B, C, H, W), in [0, 1].
            noise: Standard normal, shape (B, K).
            learning_rate: Of this step.

        Returns:
            The loss terms, on the device, detached.
        """
        self.optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            terms = self.objective(self.vae, images, noise)
        terms["loss"].backward()  # type: ignore[no-untyped-call]
        terms = {name: term.detach() for name, term in terms.items()}
        self._check(terms)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        if not self._fused and self.failed.item():
            return terms
        # Fused Adam leaves weights and moments alone where this flag is set (as for loss scaling).
        self.optimizer.found_inf = self.failed  # type: ignore[attr-defined]
        self.optimizer.step()
        return terms

    def failure(self) -> dict[str, float] | None:
        """Loss terms and gradient norm of the first step that was not finite, or None; syncs."""
        if not self.failed.item():
            return None
        return {name: value.item() for name, value in self._failure.items()}

    def weights_are_finite(self) -> bool:
        """Whether every weight is a number; syncs."""
        norm = nn.utils.get_total_norm(
            [p.detach() for p in self.vae.parameters()], norm_type=torch.inf
        )
        return bool(torch.isfinite(norm).item())

    def updates_made(self) -> int:
        """Updates that moved the weights, those before a resumption included; syncs."""
        state = self.optimizer.state[next(self.vae.parameters())]
        return int(state["step"].item()) if state else 0

    def state_dict(self) -> dict[str, Any]:
        """State of the optimizer."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the state of the optimizer."""
        self.optimizer.load_state_dict(state)

    def _check(self, terms: dict[str, Tensor]) -> None:
        gradients = [p.grad for p in self.vae.parameters() if p.grad is not None]
        seen = {**terms, "gradient_norm": nn.utils.get_total_norm(gradients)}
        finite = torch.isfinite(torch.stack([value.float() for value in seen.values()])).all()
        if not self._failure:
            self._failure = seen
        else:  # keep what the first failing step saw
            self._failure = {
                name: torch.where(self.failed.bool(), self._failure[name], value)
                for name, value in seen.items()
            }
        self.failed = torch.maximum(self.failed, (~finite).float())

    def _autocast(self) -> AbstractContextManager[Any]:
        if self._precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()
