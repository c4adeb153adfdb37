"""Export encoder and decoder as ONNX graphs, which other programs run without PyTorch.

The ONNX packages are an optional extra, and only this module imports them.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.networks import decoder_nodes, encoder_nodes
from sbvae_cli.export.nodes import Nodes
from sbvae_cli.export.packages import require_onnx
from sbvae_cli.models.vae import VAE

OPSET = 18  # released in December 2022, and supported by current runtimes
IR_VERSION = 8  # IR version released with this opset

_LARGEST_HALF = float(np.finfo(np.float16).max)


def encoder_onnx(vae: VAE, image_shape: tuple[int, int, int]) -> bytes:
    """Export the encoder as an ONNX graph with a dynamic batch size.

    Args:
        vae: The model.
        image_shape: Shape (C, H, W) of an image.

    Returns:
        ONNX file from `image` (N, C, H, W), float32 in [0, 1], to `mean` and `log_variance`, each
        (N, K).

    Raises:
        SbvaeError: If the packages are missing.
    """
    nodes = encoder_nodes(vae.encoder, list(image_shape[1:]))
    with torch.no_grad():
        latents = vae.encode(next(vae.parameters()).new_zeros(1, *image_shape))[0].shape[1]
    outputs = {"mean": [latents], "log_variance": [latents]}
    return _file(nodes, "encoder", {"image": list(image_shape)}, outputs)


def decoder_onnx(vae: VAE, image_shape: tuple[int, int, int], latent_dim: int) -> bytes:
    """Export the decoder, with the likelihood's mean, as an ONNX graph with a dynamic batch size.

    Args:
        vae: The model.
        image_shape: Shape (C, H, W) of a decoded image.
        latent_dim: Number of latents K.

    Returns:
        ONNX file from `z` (N, K), float32, to `image` (N, C, H, W), the expected image of
        `vae.render`. Values are in [0, 1] for Bernoulli pixels, but not clipped for Gaussian ones.

    Raises:
        SbvaeError: If the packages are missing.
        ValueError: If decoded images have another shape.
    """
    nodes = decoder_nodes(vae.decoder, vae.likelihood)
    with torch.no_grad():
        drawn = tuple(vae.render(next(vae.parameters()).new_zeros(1, latent_dim)).shape[1:])
    if drawn != image_shape:
        raise ValueError(f"the decoder draws images of shape {drawn}, not {image_shape}")
    return _file(nodes, "decoder", {"z": [latent_dim]}, {"image": list(image_shape)})


def halved(graph: bytes) -> bytes:
    """Return a graph with its weights stored in half-precision.

    The weights are cast when the graph starts, so that it computes in single precision as before.
    Biases, which are small, and weights outside of the range of half-precision are not changed.

    Args:
        graph: ONNX file.
    """
    import onnx
    from onnx import numpy_helper

    model = loaded(graph)
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        values = numpy_helper.to_array(weight)
        if np.abs(values).max(initial=0) > _LARGEST_HALF:
            continue
        name, stored = weight.name, f"{weight.name}.half"
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
        casts.append(onnx.helper.make_node("Cast", [stored], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())


@contextmanager
def _names_as_text() -> Iterator[None]:
    """Refuse names that are not UTF-8: protobuf gives them as bytes, and takes none of them."""
    try:
        yield
    except UnicodeDecodeError:
        raise SbvaeError("has names that are not UTF-8; export it again") from None


@_names_as_text()
def renamed(graph: bytes, name: str, output: str) -> bytes:
    """Rename the input and the output of a graph from any program.

    Args:
        graph: ONNX file with one input and one output.
        name: New name of the input.
        output: New name of the output.

    Raises:
        SbvaeError: If the file is not an ONNX file, has more than one input or output, has an input
            that is not float32, has weights in another file, or has names that are not UTF-8.
    """
    import onnx

    model = loaded(graph)
    graphs = (model.graph, *model.functions)
    tensors = (each for one in graphs for each in _tensors(one))
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in tensors):
        todo = "export the graph with its weights in the same file"
        raise SbvaeError(f"keeps weights in another file; {todo}")
    weights = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in weights]
    if (len(inputs), len(model.graph.output)) != (1, 1):
        found = f"{len(inputs)} inputs and {len(model.graph.output)} outputs"
        raise SbvaeError(f"has {found}; export one that only takes codes and gives images")
    if inputs[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise SbvaeError("its input is not float32; export it in single precision")
    names = {inputs[0].name: name, model.graph.output[0].name: output}
    for node in model.graph.node:
        node.input[:] = [names.get(each, each) for each in node.input]
        node.output[:] = [names.get(each, each) for each in node.output]
    inputs[0].name, model.graph.output[0].name = name, output
    return bytes(model.SerializeToString())


def latents_of(graph: bytes) -> int | None:
    """Return the number of latents that a decoder's input `z` states; None where it states none."""
    inputs = {each.name: each.type.tensor_type.shape.dim for each in loaded(graph).graph.input}
    sizes = [each.dim_value for each in inputs.get("z", ())]
    return sizes[1] or None if len(sizes) == 2 else None


def with_metadata(graph: bytes, metadata: Mapping[str, str]) -> bytes:
    """Add metadata to a graph; `metadata_of` reads it.

    Args:
        graph: ONNX file.
        metadata: Texts by name, which replace those of the same name.
    """
    import onnx

    model = loaded(graph)
    onnx.helper.set_model_props(model, {**metadata_of(graph), **metadata})
    return bytes(model.SerializeToString())


def metadata_of(graph: bytes) -> dict[str, str]:
    """Return the metadata of an ONNX file, texts by name.

    Raises:
        SbvaeError: If the file is not an ONNX file.
    """
    return {text_of(each.key): text_of(each.value) for each in loaded(graph).metadata_props}


def text_of(text: str | bytes) -> str:
    """Return a text of protobuf, which gives bytes for one that is not UTF-8."""
    return text if isinstance(text, str) else text.decode(errors="replace")


def loaded(graph: bytes) -> Any:
    """Parse an ONNX file without reading weights in other files.

    Args:
        graph: Contents of the file.

    Raises:
        SbvaeError: If the file is not an ONNX file, or the packages are missing.
    """
    require_onnx()
    import onnx

    try:
        model = onnx.load_model_from_string(graph)
        named = bool(model.graph.output)
    except Exception as error:  # protobuf's DecodeError, known by name to not import protobuf
        if type(error).__name__ != "DecodeError":
            raise
        named = False
    if not named:
        raise SbvaeError("is not an ONNX file")
    return model


def element_type(number: int) -> str:
    """Return ONNX's name of an element type, such as `float` or `int64`; else `type NUMBER`."""
    import onnx

    kinds = onnx.TensorProto.DataType
    return str(kinds.Name(number)).lower() if number in kinds.values() else f"type {number}"


def run_onnx(
    graph: bytes, inputs: Mapping[str, np.ndarray], most_seconds: float = 600.0
) -> dict[str, np.ndarray]:
    """Run a graph with onnxruntime on one CPU thread.

    Args:
        graph: ONNX file.
        inputs: Arrays by the names of the graph's inputs.
        most_seconds: Time after which it is stopped, as a graph may have loops.

    Returns:
        Arrays by the names of the graph's outputs.

    Raises:
        SbvaeError: If the packages are missing.
        TimeoutError: If it was stopped.
    """
    require_onnx()
    # Or it writes an identifier of the user's to their home, and sends what it measures. It is read
    # as the package is loaded; who has set it has decided.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised, so that they need not be printed too
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    run = onnxruntime.RunOptions()
    timer = threading.Timer(most_seconds, setattr, (run, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        return dict(zip(names, session.run(names, dict(inputs), run), strict=True))
    except Exception as error:
        if run.terminate:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def _file(
    nodes: Nodes, name: str, inputs: Mapping[str, list[int]], outputs: Mapping[str, list[int]]
) -> bytes:
    """Make an ONNX file; inputs and outputs have the batch axis N before the given shapes."""
    require_onnx()
    import onnx
    from onnx import helper, numpy_helper

    def described(shapes: Mapping[str, list[int]]) -> list[Any]:
        kind = onnx.TensorProto.FLOAT
        return [
            helper.make_tensor_value_info(key, kind, ["N", *shape]) for key, shape in shapes.items()
        ]

    operators = [
        helper.make_node(each.operator, each.inputs, each.outputs, **each.attributes)
        for each in nodes.nodes
    ]
    weights = [numpy_helper.from_array(values, key) for key, values in nodes.weights.items()]
    graph = helper.make_graph(operators, name, described(inputs), described(outputs), weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    return bytes(model.SerializeToString(deterministic=True))


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield the weights and constants of a graph, or of a function, and of its subgraphs."""
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    for attribute in (each for node in graph.node for each in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for inner in (attribute.g, *attribute.graphs):
            if inner.node or inner.initializer:
                yield from _tensors(inner)
