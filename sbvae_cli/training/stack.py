"""Stack networks of one architecture: the weights of R replicas are the rows of one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

_EPSILON = 1e-8  # Adam's epsilon, added to the root of the second moment

# Other settings in the state of `torch.optim.Adam`.
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
    """R networks whose parameters are views of one tensor, so that one call computes all.

    Args:
        networks: Networks of one architecture, on one device. Their parameters keep their values
            and share memory with `weights` from now on.

    Attributes:
        networks: The networks.
        weights: All parameters, shape (R, P), with one row for each network.
        parameters: Views of `weights` by name, shape (R, ...), for which gradients are computed.
        buffers: Buffers by name, shape (R, ...).
        sizes: Number of elements of each parameter, in order; their sum is P.
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
        """Parameters and buffers by name, for `torch.func.functional_call`."""
        return {**self.parameters, **self.buffers}

    def flatten(self, gradients: Sequence[Tensor]) -> Tensor:
        """Concatenate the gradients of `parameters`, in their order, to shape (R, P)."""
        return torch.cat([g.reshape(len(self), -1) for g in gradients], dim=1)

    def state_dict(self, replica: int) -> dict[str, Tensor]:
        """Return a copy of the state dict of one network."""
        state: dict[str, Tensor] = self.networks[replica].state_dict()
        return {name: value.clone() for name, value in state.items()}

    def are_finite(self) -> list[bool]:
        """Return for each network whether all its weights are finite; waits for the device."""
        found: list[bool] = torch.isfinite(self.weights).all(1).tolist()
        return found


class Learner:
    """Stacked networks with their loss and Adam (Kingma and Ba 2015).

    PyTorch's fused kernel updates a whole row at once, and skips it if a flag on the device is set.
    It is called directly, since importing `torch.optim` takes seconds.

    Args:
        stack: The networks.
        loss: Name of their loss among the objective's terms.
        norm_name: Name of the gradient norm in error messages.
        learning_rate: Learning rate at the first step.
        betas: Decay rates of the two moments, each in [0, 1).

    Attributes:
        gradient: Gradients of the last update, shape (R, P).
        steps: Number of updates applied to each replica, shape (R,).
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

    def store_gradients(self, gradients: Sequence[Tensor], largest: float | None) -> Tensor:
        """Store gradients for the next `move`, clipping their norms.

        Args:
            gradients: Gradients of the stack's parameters, in their order.
            largest: Largest norm of a replica's gradient; None does not clip.

        Returns:
            Norm of each replica's gradient before clipping, shape (R,).
        """
        self.gradient = self.stack.flatten(gradients)
        norm: Tensor = torch.linalg.vector_norm(self.gradient, dim=1)
        if largest is not None:
            self.gradient *= (largest / (norm + 1e-6)).clamp(max=1.0)[:, None]
        return norm

    def adam_step(self, decay: Tensor, failed: Tensor) -> None:
        """Make one step of Adam.

        Args:
            decay: Factor of the initial learning rate, a scalar on the device.
            failed: Shape (R,); 1 for a replica that is not changed.
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
            # On MPS the kernel supports neither the flag nor a learning rate on the device.
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
        """Return the state of one replica in the format of `torch.optim.Adam`."""
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
        """Load and check a state from `state_dict`; wrong shapes would corrupt memory.

        Raises:
            ValueError: If it is not the state of an Adam of this network.
        """
        try:
            moments = state["state"]
            is_mapping = isinstance(moments, dict)
            if not is_mapping or not all(isinstance(each, dict) for each in moments.values()):
                raise TypeError("the state of a weight is no mapping")
            if not moments:
                return
            for i, parameter in enumerate(self.stack.networks[replica].parameters()):
                for name in self._moments:
                    if moments[i][name].shape != parameter.shape:
                        raise ValueError(f"{name} of weight {i} has another shape")
                    if not moments[i][name].is_floating_point():
                        raise ValueError(f"{name} of weight {i} has no real numbers")
                if moments[i]["step"].numel() != 1:
                    raise ValueError(f"weight {i} has no number of steps")
            self.steps[replica] = moments[0]["step"].reshape(())
            for name, stacked in self._moments.items():
                parts = [moments[i][name].flatten() for i in range(len(self.stack.sizes))]
                stacked[replica] = torch.cat(parts)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"a part is missing ({error})") from error
