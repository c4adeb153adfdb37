"""A graph of operators as it is written down, node after node; knows neither ONNX nor networks."""

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

Attribute = int | list[int]


@dataclass(frozen=True)
class Node:
    """One operator.

    Attributes:
        operator: ONNX's name of it.
        inputs: Names of values and weights that it takes, in its order.
        outputs: Names of the values that it gives.
        attributes: Its settings by name.
    """

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]


@dataclass
class Nodes:
    """Operators in the order in which they run, and the weights that they take.

    Attributes:
        nodes: The operators so far.
        weights: Weights and other constants by name.
    """

    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Append an operator.

        Args:
            operator: ONNX's name of it.
            inputs: Names of what it takes.
            attributes: Its settings.

        Returns:
            The name of what it gives.
        """
        name = f"v{len(self.nodes)}"
        self.nodes.append(Node(operator, list(inputs), [name], attributes))
        return name

    def weight(self, name: str, values: Tensor | list[int]) -> str:
        """Store a constant: a tensor, or integers of an axis; its name.

        Raises:
            ValueError: If another one has that name.
        """
        if name in self.weights:
            raise ValueError(f"{name} is there already")
        self.weights[name] = (
            np.array(values, np.int64)
            if isinstance(values, list)
            else values.detach().cpu().contiguous().numpy()
        )
        return name

    def call_outputs(self, names: list[str]) -> None:
        """Name what the last operator gives: the outputs of the graph."""
        last = self.nodes.pop()
        self.nodes.append(Node(last.operator, last.inputs, names, last.attributes))
