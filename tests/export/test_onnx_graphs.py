"""ONNX graphs by onnxruntime against the same modules in PyTorch."""

import itertools
import os
from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from sbvae_cli.config.model import (
    BernoulliConfig,
    BroadcastDecoderConfig,
    CoordConvDecoderConfig,
    DecoderConfig,
    DeconvDecoderConfig,
    EncoderConfig,
    GaussianConfig,
    LearnedGaussianConfig,
    LikelihoodConfig,
    ModelConfig,
)
from sbvae_cli.errors import SbvaeError
from sbvae_cli.export.onnx_graphs import (
    OPSET,
    decoder_onnx,
    encoder_onnx,
    halved,
    metadata_of,
    renamed,
    run_onnx,
    with_metadata,
)
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.vae import VAE

SHAPE = (3, 17, 23)
LATENTS = 3
SMALL = {"hidden_channels": (6, 9)}
BROADCAST = BroadcastDecoderConfig(**SMALL)
UPSCALED = BroadcastDecoderConfig(**SMALL, upscales=2, coordinates="shuffled", hidden_units=(5,))
DECONV = DeconvDecoderConfig(**SMALL, start_channels=4)
COORDCONV = CoordConvDecoderConfig(**SMALL, start_channels=4, kernel_size=3)
LIKELIHOODS = [BernoulliConfig(), GaussianConfig(), LearnedGaussianConfig()]


def made(
    decoder: DecoderConfig,
    shape: tuple[int, int, int] = SHAPE,
    likelihood: LikelihoodConfig = LIKELIHOODS[0],
    **encoder: Any,
) -> VAE:
    """A model whose biases are not zero, as after training."""
    config = ModelConfig(
        latent_dim=LATENTS,
        encoder=EncoderConfig(hidden_channels=(5, 6), hidden_units=(8,), **encoder),
        decoder=decoder,
        likelihood=likelihood,
    )
    vae = build_vae(config, shape, seed=3).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for name, weight in vae.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, generator=generator)
    return vae


@cache
def broadcast() -> tuple[VAE, bytes]:
    vae = made(BROADCAST)
    return vae, decoder_onnx(vae, SHAPE, LATENTS)


def latents(count: int) -> torch.Tensor:
    return 2 * torch.randn(count, LATENTS, generator=torch.Generator().manual_seed(count))


def check_decoder(vae: VAE, graph: bytes, atol: float = 1e-6) -> None:
    for z in (latents(1), latents(7)):
        [(name, images)] = run_onnx(graph, {"z": z.numpy()}).items()
        assert name == "image"
        np.testing.assert_allclose(images, vae.render(z).numpy(), atol=atol, rtol=0)


def check_encoder(vae: VAE, graph: bytes, shape: tuple[int, int, int]) -> None:
    for count in (1, 7):
        images = torch.rand(count, *shape, generator=torch.Generator().manual_seed(count))
        found = run_onnx(graph, {"image": images.numpy()})
        mean, log_variance = vae.encode(images)
        assert list(found) == ["mean", "log_variance"]
        np.testing.assert_allclose(found["mean"], mean.numpy(), atol=1e-6)
        np.testing.assert_allclose(found["log_variance"], log_variance.numpy(), atol=1e-6)


def axes(values: Any) -> list[tuple[str, list[int | str]]]:
    """Names and shapes of a graph's inputs or outputs."""
    shapes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in values]
    return [(v.name, shape) for v, shape in zip(values, shapes, strict=True)]


def test_the_broadcast_decoder_is_that_of_pytorch() -> None:
    check_decoder(*broadcast())


@pytest.mark.parametrize(
    ("decoder", "shape", "likelihood"),
    [
        (UPSCALED, (1, 16, 9), LIKELIHOODS[2]),
        (COORDCONV, SHAPE, LIKELIHOODS[1]),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_other_decoders_and_likelihoods_are_those_of_pytorch(
    decoder: DecoderConfig, shape: tuple[int, int, int], likelihood: LikelihoodConfig
) -> None:
    vae = made(decoder, shape, likelihood)
    graph = decoder_onnx(vae, shape, LATENTS)
    check_decoder(vae, graph)
    rendered = vae.render(latents(7))
    assert rendered.min() < 0 or rendered.max() > 1  # what is compared was not clipped


def test_the_encoder_is_that_of_pytorch() -> None:
    vae = made(BROADCAST)
    graph = encoder_onnx(vae, SHAPE)
    check_encoder(vae, graph, SHAPE)
    model = onnx.load_model_from_string(graph)
    assert axes(model.graph.input) == [("image", ["N", *SHAPE])]
    assert axes(model.graph.output) == [
        ("mean", ["N", LATENTS]),
        ("log_variance", ["N", LATENTS]),
    ]


@pytest.mark.parametrize("shape", [(1, 9, 16), (3, 17, 23), (3, 32, 32)], ids=str)
@pytest.mark.parametrize(
    ("decoder", "likelihood"),
    [
        *itertools.product([BROADCAST, UPSCALED, DECONV, COORDCONV], LIKELIHOODS),
        *(
            (BroadcastDecoderConfig(**SMALL, coordinates=kind), LIKELIHOODS[0])
            for kind in ("shuffled", "cosine", "none")
        ),
        *(
            (BroadcastDecoderConfig(hidden_channels=(6,) * depth, upscales=up), LIKELIHOODS[0])
            for depth, up in [(1, 0), (4, 0), (2, 1), (2, 3)]
        ),
        *((DeconvDecoderConfig(hidden_channels=(4,) * d), LIKELIHOODS[0]) for d in (1, 3, 5)),
        *((BroadcastDecoderConfig(**SMALL, kernel_size=k), LIKELIHOODS[0]) for k in (1, 3, 5)),
    ],
    ids=lambda value: value.kind,
)
def test_every_decoder_likelihood_and_size_is_that_of_pytorch(
    decoder: DecoderConfig, likelihood: LikelihoodConfig, shape: tuple[int, int, int]
) -> None:
    vae = made(decoder, shape, likelihood)
    graph = decoder_onnx(vae, shape, LATENTS)
    check_decoder(vae, graph, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [3, 4, 5])
@pytest.mark.parametrize("shape", [(1, 9, 16), (3, 17, 23), (3, 32, 32)], ids=str)
def test_encoders_of_every_size_are_those_of_pytorch(
    shape: tuple[int, int, int], kernel_size: int
) -> None:
    vae = made(BROADCAST, shape, kernel_size=kernel_size)
    check_encoder(vae, encoder_onnx(vae, shape), shape)


def test_a_graph_has_names_a_free_batch_and_no_paths() -> None:
    graph = broadcast()[1]
    model = onnx.load_model_from_string(graph)
    onnx.checker.check_model(model)
    assert axes(model.graph.input) == [("z", ["N", LATENTS])]
    assert axes(model.graph.output) == [("image", ["N", *SHAPE])]
    assert [each.version for each in model.opset_import] == [OPSET]
    assert b"sbvae_cli" not in graph and b".py" not in graph


def test_the_first_layer_convolves_the_latents_on_a_small_plane() -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(broadcast()[1]))
    values = [*model.graph.input, *model.graph.value_info]
    shapes = dict(axes(values)) | {w.name: list(w.dims) for w in model.graph.initializer}
    planes = [shapes[node.input[0]][1:] for node in model.graph.node if node.op_type == "Conv"]
    kernel = BROADCAST.kernel_size
    assert [LATENTS, kernel, kernel] in planes
    assert [LATENTS, *SHAPE[1:]] not in planes


@pytest.mark.parametrize("decoder", [BROADCAST, UPSCALED, DECONV, COORDCONV], ids=str)
def test_nothing_is_padded_cropped_or_joined(decoder: DecoderConfig) -> None:
    vae = made(decoder)
    for graph in (encoder_onnx(vae, SHAPE), decoder_onnx(vae, SHAPE, LATENTS)):
        found = {node.op_type for node in onnx.load_model_from_string(graph).graph.node}
        assert found.isdisjoint({"Pad", "Slice", "Concat", "Transpose", "Cast"})


def test_networks_of_another_kind_are_refused() -> None:
    vae = made(BROADCAST)
    with pytest.raises(TypeError, match="cannot export Linear to ONNX"):
        decoder_onnx(VAE(vae.encoder, torch.nn.Linear(3, 4), vae.likelihood), SHAPE, LATENTS)


def test_half_precision_is_that_of_the_stored_weights_alone() -> None:
    vae, graph = broadcast()
    half = halved(graph)
    onnx.checker.check_model(onnx.load_model_from_string(half))
    assert len(half) < 0.7 * len(graph)  # the nodes of so small a graph are a third of it
    rounded = onnx.load_model_from_string(graph)
    for weight in rounded.graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT and len(weight.dims) > 1:
            values = onnx.numpy_helper.to_array(weight).astype(np.float16).astype(np.float32)
            weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    z = latents(7).numpy()
    images = run_onnx(half, {"z": z})["image"]
    np.testing.assert_array_equal(images, run_onnx(rounded.SerializeToString(), {"z": z})["image"])
    assert 1e-5 < np.abs(images - vae.render(latents(7)).numpy()).max() < 1 / 255


def test_weights_that_half_precision_cannot_hold_stay() -> None:
    graph = onnx.load_model_from_string(broadcast()[1])
    large = next(w for w in graph.graph.initializer if len(w.dims) == 4 and w.data_type == 1)
    values = onnx.numpy_helper.to_array(large) * np.float32(1e7)
    large.CopyFrom(onnx.numpy_helper.from_array(values, large.name))
    stored = onnx.load_model_from_string(halved(graph.SerializeToString())).graph.initializer
    kinds = {weight.name: weight.data_type for weight in stored}
    assert kinds[large.name] == onnx.TensorProto.FLOAT
    assert onnx.TensorProto.FLOAT16 in kinds.values()


def test_nothing_is_sent_to_anybody_unless_the_user_has_it_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ONNX Runtime reads the variable when it is loaded, and without it sends what it measures."""
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    check_decoder(*broadcast())
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    check_decoder(*broadcast())
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "0"


def test_metadata_is_read_as_it_was_written() -> None:
    first = with_metadata(broadcast()[1], {"space": '{"x": "ü"}', "step": "1"})
    again = with_metadata(first, {"step": "2"})
    assert metadata_of(again) == {"space": '{"x": "ü"}', "step": "2"}
    check_decoder(broadcast()[0], again)


def test_a_decoder_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 17, 23\), not \(1, 17, 23\)"):
        decoder_onnx(broadcast()[0], (1, 17, 23), LATENTS)


@pytest.mark.parametrize("content", [b"", b"no graph at all", b"\x08\x0a"])
def test_other_files_are_no_graphs(content: bytes) -> None:
    with pytest.raises(SbvaeError, match="is not an ONNX file"):
        metadata_of(content)


def test_no_plane_of_the_coordinates_is_stored() -> None:
    weights = sum(weight.numel() for weight in broadcast()[0].decoder.parameters())
    grid = 2 * SHAPE[1] * SHAPE[2]
    stored = onnx.load_model_from_string(broadcast()[1]).graph.initializer
    numbers = sum(int(np.prod(w.dims)) for w in stored if w.data_type == onnx.TensorProto.FLOAT)
    assert numbers == weights + grid


def test_a_loop_without_an_end_is_stopped() -> None:
    value, node, kind = onnx.helper.make_tensor_value_info, onnx.helper.make_node, onnx.TensorProto
    body = onnx.helper.make_graph(
        [node("Identity", ["go"], ["on"]), node("Identity", ["a"], ["b"])],
        "body",
        [value("i", kind.INT64, []), value("go", kind.BOOL, []), value("a", kind.FLOAT, None)],
        [value("on", kind.BOOL, []), value("b", kind.FLOAT, None)],
    )
    arrays = {"n": np.array(2**62), "yes": np.array(True)}
    graph = onnx.helper.make_graph(
        [node("Loop", ["n", "yes", "z"], ["image"], body=body)],
        "g",
        [value("z", kind.FLOAT, ["N", 2])],
        [value("image", kind.FLOAT, ["N", 2])],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    with pytest.raises(TimeoutError):
        run_onnx(model, {"z": np.zeros((1, 2), np.float32)}, most_seconds=0.2)


@pytest.mark.parametrize("place", ["weight", "constant", "function"])
def test_weights_in_another_file_are_refused(place: str) -> None:
    weight = onnx.numpy_helper.from_array(np.zeros((3, 4), np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "../../secret"
    value, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    constant = node("Constant", [], ["w"], value=weight)
    opset = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("d", 1)]
    before = {"weight": [], "constant": [constant], "function": [node("F", [], ["w"], domain="d")]}
    graph = onnx.helper.make_graph(
        [*before[place], node("MatMul", ["c", "w"], ["o"])],
        "g",
        [value("c", onnx.TensorProto.FLOAT, ["N", 3])],
        [value("o", onnx.TensorProto.FLOAT, ["N", 4])],
        [weight] if place == "weight" else [],
    )
    inside = onnx.helper.make_function("d", "F", [], ["w"], [constant], opset[:1])
    functions = [inside] if place == "function" else []
    model = onnx.helper.make_model(graph, opset_imports=opset, functions=functions)
    with pytest.raises(SbvaeError, match="keeps weights in another file"):
        renamed(model.SerializeToString(), "z", "image")


def test_texts_that_are_none_are_refused_as_names_and_replaced_in_metadata() -> None:
    value = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1]) for n in "co"]
    nodes = [onnx.helper.make_node("Identity", ["c"], ["inner"])]
    nodes.append(onnx.helper.make_node("Identity", ["inner"], ["o"]))
    graph = onnx.helper.make_graph(nodes, "g", value[:1], value[1:])
    content = with_metadata(onnx.helper.make_model(graph).SerializeToString(), {"known": "text"})
    assert metadata_of(renamed(content, "z", "image")) == {"known": "text"}
    with pytest.raises(SbvaeError, match="has names that are not UTF-8; export it again"):
        renamed(content.replace(b"inner", b"\xffnner"), "z", "image")
    odd = content.replace(b"known", b"\xffnown")
    assert metadata_of(with_metadata(odd, {"a": "b"})) == {"\ufffdnown": "text", "a": "b"}
