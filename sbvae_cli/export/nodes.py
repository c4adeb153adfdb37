"""Build a graph of operators node by node, independently of the ONNX package."""

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

Attribute = int | list[int]


@dataclass(frozen=True)
class Node:
    """Operator of a graph.

    Attributes:
        operator: ONNX's name of the operator.
        inputs: Names of the input values and weights, in the operator's order.
        outputs: Names of the output values.
        attributes: Attributes of the operator by name.
    """

    operator: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute]


@dataclass
class Nodes:
    """Operators in the order of execution, and their weights.

    Attributes:
        nodes: Operators added so far.
        weights: Weights and other constants by name.
    """

    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Append an operator.

        Args:
            operator: ONNX's name of the operator.
            inputs: Names of the input values and weights.
            attributes: Attributes of the operator.

        Returns:
            Name of its output.
        """
        name = f"v{len(self.nodes)}"
        self.nodes.append(Node(operator, list(inputs), [name], attributes))
        return name

    def weight(self, name: str, values: Tensor | list[int]) -> str:
        """Store a constant, a tensor or a list of integers, and return its name.

        Raises:
            ValueError: If the name is in use.
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
        """Name the outputs of the last operator, which are the outputs of the graph."""
        last = self.nodes.pop()
        self.nodes.append(Node(last.operator, last.inputs, names, last.attributes))
