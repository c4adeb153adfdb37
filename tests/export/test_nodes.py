"""Graphs as they are written down."""

import pytest
import torch

from sbvae_cli.export.nodes import Nodes


def test_two_weights_of_one_name_are_refused() -> None:
    nodes = Nodes()
    nodes.weight("w", torch.ones(2))
    with pytest.raises(ValueError, match="w is there already"):
        nodes.weight("w", [1])


def test_the_last_operator_gives_the_outputs() -> None:
    nodes = Nodes()
    nodes.add("Split", nodes.add("Relu", "x"), axis=1)
    nodes.call_outputs(["a", "b"])
    assert [(node.inputs, node.outputs) for node in nodes.nodes] == [
        (["x"], ["v0"]),
        (["v0"], ["a", "b"]),
    ]
