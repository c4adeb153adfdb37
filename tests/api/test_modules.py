"""The decoder and the broadcast in anybody's network."""

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import sbvae_cli as sbvae


def test_the_broadcast_tiles_and_appends_x_across_and_y_down() -> None:
    z = torch.arange(6.0).reshape(1, 2, 3)
    found = sbvae.spatial_broadcast(z, (2, 5))
    assert tuple(found.shape) == (1, 2, 5, 2, 5)
    assert (found[0, :, :3] == z[0, :, :, None, None]).all()
    assert found[0, 1, 3, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert found[0, 1, 4, :, 2].tolist() == [-1, 1]
    assert (sbvae.spatial_broadcast(z[0, 0], (2, 5)) == found[0, 0]).all()
    assert (sbvae.spatial_broadcast(torch.zeros(1, 0), (2, 5))[0] == found[0, 0, 3:]).all()
    layer = sbvae.SpatialBroadcast((2, 5))
    assert (layer(z) == found).all()
    assert list(layer.state_dict()) == []
    assert layer.to(torch.float64)(z.double()).dtype == torch.float64


@pytest.mark.parametrize("kind", [torch.long, torch.bool, torch.complex64])
def test_latents_that_are_no_floating_point_are_refused(kind: torch.dtype) -> None:
    """Coordinates in whole numbers would be -1, 0, 0 and 1."""
    calls = (
        lambda z: sbvae.spatial_broadcast(z, 4),
        sbvae.SpatialBroadcast(4),
        sbvae.SpatialBroadcastDecoder((3, 8, 8), 2),
    )
    for call in calls:
        with pytest.raises(sbvae.SbvaeError, match=r"^`z` has dtype .*; give floating") as caught:
            call(torch.zeros(1, 2, dtype=kind))
        assert caught.value.field == "z"


def test_coordinates_have_the_precision_of_the_latents() -> None:
    for kind in (torch.float16, torch.bfloat16, torch.float64):
        found = sbvae.spatial_broadcast(torch.zeros(1, 0, dtype=kind), 4)
        assert found.dtype == kind
        wanted = torch.tensor([-1, -1 / 3, 1 / 3, 1], dtype=kind)
        torch.testing.assert_close(found[0, 0, 0], wanted)


def test_whole_numbers_of_numpy_are_sizes_too() -> None:
    decoder = sbvae.SpatialBroadcastDecoder(
        np.array([3, 8, 6]), np.int64(2), np.array([4, 4]).tolist(), np.int64(3)
    )
    assert decoder(torch.zeros(1, 2)).shape == (1, 3, 8, 6)
    assert sbvae.spatial_broadcast(torch.zeros(1, 2), np.int32(4)).shape == (1, 4, 4, 4)
    assert sbvae.SpatialBroadcast(np.array([2, 5])).grid.shape == (2, 2, 5)


def test_the_decoder_is_a_broadcast_and_convolutions() -> None:
    decoder = sbvae.SpatialBroadcastDecoder((4, 9, 13), 6, (5, 7), 3)
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    h = sbvae.spatial_broadcast(z, (9, 13))
    layers = [m for m in decoder.modules() if hasattr(m, "weight")]
    for i, layer in enumerate(layers):
        h = functional.conv2d(functional.relu(h) if i else h, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(decoder(z), h, atol=1e-5, rtol=1e-4)


def test_it_is_a_plain_module_whose_weights_the_usual_seed_draws() -> None:
    state = torch.get_rng_state()
    try:
        torch.manual_seed(3)
        one = sbvae.SpatialBroadcastDecoder((3, 8, 8), 2)
        torch.manual_seed(3)
        two = sbvae.SpatialBroadcastDecoder((3, 8, 8), 2)
        three = sbvae.SpatialBroadcastDecoder((3, 8, 8), 2)
    finally:
        torch.set_rng_state(state)
    z = torch.ones(1, 2)
    assert (one(z) == two(z)).all() and (one(z) != three(z)).any()
    three.load_state_dict(one.state_dict())
    assert (copy.deepcopy(three)(z) == one(z)).all()
    optimizer = torch.optim.Adam(one.parameters(), 0.01)
    for _ in range(20):
        loss = one(z).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert one(z).square().mean() < two(z).square().mean() / 2
    torch.testing.assert_close(torch.func.vmap(two)(z[None]), two(z)[None])


def test_what_is_no_generator_is_refused() -> None:
    with pytest.raises(sbvae.SbvaeError, match=r"`generator` is 5; give a torch\.Generator"):
        sbvae.SpatialBroadcastDecoder((3, 8, 8), 2, generator=5)


@pytest.mark.parametrize(
    ("arguments", "field", "line"),
    [
        (((64, 64), 3), "image_shape", "give (channels, height, width), as (3, 64, 64)"),
        (((3, 8, 8), 0), "latent_dim", "give a whole number of at least 1"),
        (((3, 8, 8), True), "latent_dim", "give a whole number of at least 1"),
        ((5, 3), "image_shape", "give (channels, height, width), as (3, 64, 64)"),
        (((3, True, 8), 3), "image_shape", "give (channels, height, width), as (3, 64, 64)"),
        (((3, 8, 8), 2, 64), "hidden_channels", "write a list, as [64, 64]"),
        (((3, 8, 8), 2, (4,), 0), "kernel_size", "`kernel_size` is 0"),
    ],
)
def test_settings_that_are_none_are_refused(arguments: Any, field: str, line: str) -> None:
    with pytest.raises(sbvae.SbvaeError) as caught:
        sbvae.SpatialBroadcastDecoder(*arguments)
    assert caught.value.field == field
    assert line in str(caught.value)


def test_channels_at_the_end_are_warned_of_and_slots_are_told_how() -> None:
    with pytest.warns(UserWarning, match=r"for images of 16x8 give \(3, 16, 8\)"):
        sbvae.SpatialBroadcastDecoder((16, 8, 3), 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoder = sbvae.SpatialBroadcastDecoder((4, 8, 3), 2)
    with pytest.raises(sbvae.SbvaeError, match=r"give z.flatten\(0, 1\)"):
        decoder(torch.zeros(2, 5, 2))
    with pytest.raises(sbvae.SbvaeError, match=r"give z\[None\]"):
        decoder(torch.zeros(2))
