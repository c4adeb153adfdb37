"""Training steps: decoders against the same networks written plainly, models against the VAE.

Two ways take the same weights, images and noise; steps alternate, and ratios are taken pair by
pair, so that a machine whose speed drifts does not matter. Run it on a quiet machine:

    python tests/benchmarks/step_benchmark.py --pairs 15 --threads 2
    python tests/benchmarks/step_benchmark.py models --decoder deconv
"""

import argparse
import copy
import warnings
from collections.abc import Callable
from typing import Any, get_args

import torch
from pairs import compare
from torch import Tensor, nn
from torch.nn import functional

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.names import DecoderKind, ModelKind
from sbvae_cli.config.presets import paper_preset
from sbvae_cli.config.schema import Config
from sbvae_cli.models.decoders import BroadcastDecoder, DeconvDecoder
from sbvae_cli.models.spatial_broadcast import (
    BroadcastConvTranspose2d,
    spatial_broadcast,
)
from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.training.build import (
    build_updater,
    images_per_update,
    noise_shape,
    scheduled_weights,
)
from sbvae_cli.training.update import Updater

VARIANTS: dict[str, dict[str, Any]] = {
    "broadcast": {"kind": "broadcast"},
    **{f"broadcast, {n} upscales": {"upscales": n} for n in (1, 2, 3)},
    **{f"broadcast, MLP of {n}": {"hidden_units": [256] * n} for n in (1, 2, 3)},
    "broadcast, no coordinates": {"coordinates": "none"},
    "broadcast, cosines": {"coordinates": "cosine"},
    "broadcast, shuffled": {"coordinates": "shuffled"},
    "deconv": {"kind": "deconv"},
    "coordconv": {"kind": "coordconv"},
}


class PlainBroadcast(nn.Module):
    """Algorithm 1, then convolutions with `padding="same"` or transposed ones."""

    def __init__(self, decoder: BroadcastDecoder) -> None:
        super().__init__()
        self.hidden = copy.deepcopy(decoder.hidden)
        self.grid = decoder.broadcast.grid
        layers = [decoder.broadcast, *decoder.convolutions[1::2]]
        self.transposed = [
            isinstance(layer, BroadcastConvTranspose2d | nn.ConvTranspose2d) for layer in layers
        ]
        self.weights = nn.ParameterList(copy.deepcopy(layer.weight) for layer in layers)
        self.biases = nn.ParameterList(copy.deepcopy(layer.bias) for layer in layers)

    def forward(self, z: Tensor) -> Tensor:
        x = spatial_broadcast(self.hidden(z), self.grid)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.relu(x) if i else x
            if self.transposed[i]:
                x = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
            else:
                x = functional.conv2d(x, weight, bias, padding="same")
        return x


class AppendCoordinates(nn.Module):
    def __init__(self, grid: Tensor) -> None:
        super().__init__()
        self.register_buffer("grid", grid)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.grid.expand(len(x), -1, -1, -1)], dim=1)


def plain_deconv(decoder: DeconvDecoder) -> nn.Sequential:
    """The same network of PyTorch's own layers."""
    layers: list[nn.Module] = [
        copy.deepcopy(decoder.hidden),
        nn.Unflatten(1, (decoder.start_channels, *decoder.sizes[0])),
    ]
    for i, ours in enumerate(decoder.deconvolutions):
        if i:
            layers.append(nn.ReLU())
        if decoder.grids:
            layers.append(AppendCoordinates(decoder.get_buffer(decoder.grids[i])))
        plain = nn.ConvTranspose2d(ours.in_channels, ours.out_channels, 4, stride=2, padding=1)
        plain.load_state_dict(ours.state_dict())
        layers.append(plain)
    return nn.Sequential(*layers)


def difference(ours: VAE, plain: VAE, images: Tensor, noise: Tensor) -> tuple[float, float]:
    """Largest difference of outputs and gradients, relative to their largest value."""
    results = []
    for vae in (ours, plain):
        vae.zero_grad()
        elbo(vae, images, noise, 1.0)["loss"].backward()
        with torch.no_grad():
            output = vae.decode(vae.encode(images)[0])
        results.append((output, [p.grad.clone() for p in vae.encoder.parameters()]))
    (out_a, grads_a), (out_b, grads_b) = results
    of_gradients = max(
        ((a - b).abs().max() / b.abs().max()).item() for a, b in zip(grads_a, grads_b, strict=True)
    )
    return ((out_a - out_b).abs().max() / out_b.abs().max()).item(), of_gradients


def configure(options: argparse.Namespace, model: ModelKind, decoder: dict[str, Any]) -> Config:
    """The paper's networks of FactorVAE for models, of VAE for decoders."""
    kind: DecoderKind = decoder.get("kind", "broadcast")
    table: ModelKind = "factor-vae" if options.what == "models" else "vae"
    networks = paper_preset(table, "circles", kind)["model"]
    training = {"device": options.device, "learning_rate": 1e-6, "batch_size": options.batch_size}
    return build_config(
        merge(
            {"model": networks, "objective": {"kind": model}},
            {"model": {"decoder": {"kind": kind, **decoder}}, "training": training},
            {"data": {"height": options.size, "width": options.size}},
        )
    )


def stepper(
    updater: Updater, config: Config, images: Tensor, noise: Tensor
) -> Callable[[], object]:
    one = torch.tensor(1.0, device=images.device)
    weights = dict.fromkeys(scheduled_weights(config.objective), one)
    return lambda: updater.update(images[None], noise[None], weights, one)


def benchmark_decoders(options: argparse.Namespace) -> None:
    """Ours against plain; the ratio is ours over plain."""
    for name, decoder in VARIANTS.items():
        config = configure(options, "vae", decoder)
        ours, vae = build_updater(config), copy.deepcopy(build_updater(config).vaes[0])
        network = vae.decoder
        is_broadcast = isinstance(network, BroadcastDecoder)
        replaced = PlainBroadcast(network) if is_broadcast else plain_deconv(network)
        vae.decoder = replaced.to(options.device)
        plain = Updater([vae], elbo, 1e-6)
        images = torch.rand(options.batch_size, 3, options.size, options.size).to(options.device)
        noise = torch.randn(options.batch_size, 10).to(options.device)
        outputs, gradients = difference(ours.vaes[0], plain.vaes[0], images, noise)
        times = compare(
            stepper(ours, config, images, noise),
            stepper(plain, config, images, noise),
            options.pairs,
            options.device,
        )
        print(f"{name:27}{times}; differ by {outputs:.0e}, gradients by {gradients:.0e}")


def benchmark_models(options: argparse.Namespace) -> None:
    """Each model against the VAE, both with the networks of Table 2 and the same batch."""
    for model in get_args(ModelKind)[1:]:
        config = configure(options, model, {"kind": options.decoder})
        plain = configure(options, "vae", {"kind": options.decoder})
        steps = []
        for one in (config, plain):
            shape = (images_per_update(one), 3, options.size, options.size)
            images = torch.rand(shape).to(options.device)
            noise = torch.randn(noise_shape(one)).to(options.device)
            steps.append(stepper(build_updater(one), one, images, noise))
        times = compare(steps[0], steps[1], options.pairs, options.device)
        print(f"{model:14}{times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("decoders", "models"), default="decoders")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--decoder", choices=get_args(DecoderKind), default="broadcast")
    parser.add_argument("--batch-size", type=int, help="default: the paper's, 16 or 32")
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    options.batch_size = options.batch_size or (32 if options.what == "models" else 16)
    warnings.filterwarnings("ignore", message="Using padding='same'")
    torch.set_num_threads(options.threads)
    print(f"batch {options.batch_size}, {options.threads} threads, {options.device}")
    {"decoders": benchmark_decoders, "models": benchmark_models}[options.what](options)


if __name__ == "__main__":
    main()
