"""Networks of one architecture, stacked: the weights of R replicas as the rows of one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

_EPSILON = 1e-8  # of Adam, added to the root of its second moment

# Other settings that `torch.optim.Adam` has in its state.
_PLAIN_ADAM = {
    "weight_decay": 0,
    "amsgrad": False,
    "maximize": False,
    "foreach": None,
    "capturable": False,
    "differentiable": False,
    "fused": None,
    "decoupled_weight_decay": False,
}


class Stack:
    """R networks whose parameters are views of one tensor, so that one call computes for all.

    Args:
        networks: Networks of one architecture, on one device; they keep their values, and from
            here on a change of `weights` changes them and the other way round.

    Attributes:
        networks: The networks.
        weights: All parameters, shape (R, P), each network's in a row.
        parameters: Views of it by name, shape (R, ...), that gradients are asked of.
        buffers: Buffers by name, shape (R, ...).
        sizes: Number of weights of each parameter, in order; P in all.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.networks = list(networks)
        first = self.networks[0]
        rows = [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in self.networks]
        self.weights = torch.stack(rows)
        self.parameters: dict[str, Tensor] = {}
        self.sizes = [p.numel() for p in first.parameters()]
        columns = torch.split(self.weights, self.sizes, dim=1)
        for (name, parameter), column in zip(first.named_parameters(), columns, strict=True):
            stacked = column.view(len(rows), *parameter.shape)
            self.parameters[name] = stacked.detach().requires_grad_()
            for network, row in zip(self.networks, stacked, strict=True):
                network.get_parameter(name).data = row
        self.buffers: dict[str, Tensor] = {}
        for name, _ in first.named_buffers():
            self.buffers[name] = torch.stack([n.get_buffer(name) for n in self.networks])
            owner, _, own_name = name.rpartition(".")
            for network, row in zip(self.networks, self.buffers[name], strict=True):
                setattr(network.get_submodule(owner), own_name, row)

    def __len__(self) -> int:
        return len(self.networks)

    @property
    def state(self) -> dict[str, Tensor]:
        """Parameters and buffers by name, as `torch.func.functional_call` takes them."""
        return {**self.parameters, **self.buffers}

    def flatten(self, gradients: Sequence[Tensor]) -> Tensor:
        """Gradients of `parameters`, in their order, as one tensor, shape (R, P)."""
        return torch.cat([g.reshape(len(self), -1) for g in gradients], dim=1)

    def state_dict(self, replica: int) -> dict[str, Tensor]:
        """State dict of one network, of tensors of its own."""
        state: dict[str, Tensor] = self.networks[replica].state_dict()
        return {name: value.clone() for name, value in state.items()}

    def are_finite(self) -> list[bool]:
        """For each network whether all of its weights are numbers; waits for the device."""
        found: list[bool] = torch.isfinite(self.weights).all(1).tolist()
        return found


class Learner:
    """Stacked networks, the loss that moves them, and Adam (Kingma and Ba 2015) for each.

    PyTorch's fused kernel works on a whole row, and leaves weights and moments alone where a flag
    on the device says so; `torch.optim.Adam` around it would take seconds to import.

    Args:
        stack: The networks.
        loss: Name of the loss among the objective's terms.
        norm_name: Name of the gradient's norm among what is checked.
        learning_rate: Learning rate at the first step.
        betas: Decay of the two moments, each in [0, 1).

    Attributes:
        gradient: Gradients of the last update, shape (R, P).
        steps: Number of updates that moved each replica, shape (R,).
    """

    def __init__(
        self,
        stack: Stack,
        loss: str,
        norm_name: str,
        learning_rate: float,
        betas: tuple[float, float],
    ) -> None:
        self.stack, self.loss, self.norm_name = stack, loss, norm_name
        self._learning_rate, self._betas = learning_rate, betas
        self.gradient = torch.zeros_like(stack.weights)
        self.steps = stack.weights.new_zeros(len(stack))
        self._moments = {
            "exp_avg": torch.zeros_like(stack.weights),
            "exp_avg_sq": torch.zeros_like(stack.weights),
        }

    def take(self, gradients: Sequence[Tensor], largest: float | None) -> Tensor:
        """Keep gradients for the next move.

        Args:
            gradients: Those of the stack's parameters, in their order.
            largest: Norm that a gradient is scaled down to if it is larger; None leaves it.

        Returns:
            Norm of each replica's gradient before it is scaled, shape (R,).
        """
        self.gradient = self.stack.flatten(gradients)
        norm: Tensor = torch.linalg.vector_norm(self.gradient, dim=1)
        if largest is not None:
            self.gradient *= (largest / (norm + 1e-6)).clamp(max=1.0)[:, None]
        return norm

    def move(self, decay: Tensor, failed: Tensor) -> None:
        """One step of Adam.

        Args:
            decay: Factor of the first learning rate, a scalar on the device.
            failed: Shape (R,); 1 for a replica that stays as it is.
        """
        rate = decay * self._learning_rate
        self.steps += 1 - failed
        rows = zip(
            self.stack.weights,
            self.gradient,
            *self._moments.values(),
            self.steps,
            failed,
            strict=True,
        )
        for weights, gradient, first, second, steps, flag in rows:
            # MPS has neither the flag nor learning rates on the device.
            on_mps = weights.device.type == "mps"
            if on_mps and flag.item():
                continue
            torch._fused_adam_(
                [weights],
                [gradient],
                [first],
                [second],
                [],
                [steps],
                lr=rate.item() if on_mps else rate,
                beta1=self._betas[0],
                beta2=self._betas[1],
                weight_decay=0.0,
                eps=_EPSILON,
                amsgrad=False,
                maximize=False,
                grad_scale=None,
                found_inf=None if on_mps else flag,
            )

    def state_dict(self, replica: int) -> dict[str, Any]:
        """State of one replica, as a `torch.optim.Adam` of its network's parameters has it."""
        state = {}
        if self.steps[replica] > 0:
            names = list(self._moments)
            parts = [torch.split(self._moments[name][replica], self.stack.sizes) for name in names]
            parameters = self.stack.networks[replica].parameters()
            for i, (parameter, *moments) in enumerate(zip(parameters, *parts, strict=True)):
                own = (part.reshape(parameter.shape).clone() for part in moments)
                state[i] = {
                    "step": self.steps[replica].clone(),
                    **dict(zip(names, own, strict=True)),
                }
        group = {
            "lr": self._learning_rate,
            "betas": self._betas,
            "eps": _EPSILON,
            **_PLAIN_ADAM,
            "params": list(range(len(self.stack.sizes))),
        }
        return {"state": state, "param_groups": [group]}

    def load_state_dict(self, replica: int, state: dict[str, Any]) -> None:
        """Take up what `state_dict` gave, checked: a fused kernel would write out of bounds.

        Raises:
            ValueError: If that is not the state of an Adam of this network.
        """
        try:
            moments = state["state"]
            if not moments:
                return
            for i, parameter in enumerate(self.stack.networks[replica].parameters()):
                for name in self._moments:
                    if moments[i][name].shape != parameter.shape:
                        raise ValueError(f"{name} of weight {i} has another shape")
                if moments[i]["step"].numel() != 1:
                    raise ValueError(f"weight {i} has no number of steps")
            self.steps[replica] = moments[0]["step"].reshape(())
            for name, stacked in self._moments.items():
                parts = [moments[i][name].flatten() for i in range(len(self.stack.sizes))]
                stacked[replica] = torch.cat(parts)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"a part is missing ({error})") from error
