"""A training step with the broadcast decoder against the same step written as Algorithm 1 says.

Both take the same weights, images and noise; steps alternate, and the ratio is taken pair by pair,
so that a machine whose speed drifts does not matter. Run it on a quiet machine:

    python tests/benchmarks/step_benchmark.py --pairs 15 --threads 2
"""

import argparse
import copy
import functools
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from sbvae_cli.config.model import ModelConfig
from sbvae_cli.models.build import build_vae
from sbvae_cli.models.spatial_broadcast import spatial_broadcast
from sbvae_cli.models.vae import VAE
from sbvae_cli.objectives.elbo import elbo
from sbvae_cli.training.update import Updater


class PlainDecoder(nn.Module):
    """Algorithm 1, then convolutions with `padding="same"`."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.grid: Tensor = decoder.broadcast.grid
        layers = [decoder.broadcast, *decoder.convolutions[1::2]]
        self.weights = nn.ParameterList(copy.deepcopy(layer.weight) for layer in layers)
        self.biases = nn.ParameterList(copy.deepcopy(layer.bias) for layer in layers)

    def forward(self, z: Tensor) -> Tensor:
        x = spatial_broadcast(z, self.grid)
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = functional.conv2d(torch.relu(x) if i else x, weight, bias, padding="same")
        return x


def compare(ours: VAE, plain: VAE, images: Tensor, noise: Tensor) -> tuple[float, float]:
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


def timed(step: Callable[[], object], device: torch.device) -> float:
    began = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="Using padding='same'")
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    shape = (3, options.size, options.size)

    ours, plain = build_vae(ModelConfig(), shape), build_vae(ModelConfig(), shape)
    plain.decoder = PlainDecoder(plain.decoder)
    ours, plain = ours.to(device), plain.to(device)
    images = torch.rand(options.batch_size, *shape, device=device)
    noise = torch.randn(options.batch_size, 10, device=device)
    of_outputs, of_gradients = compare(ours, plain, images, noise)
    print(f"relative difference: outputs {of_outputs:.1e}, gradients {of_gradients:.1e}")

    steps = [
        functools.partial(
            Updater(vae, functools.partial(elbo, beta=1.0)).update, images, noise, 1e-6
        )
        for vae in (ours, plain)
    ]
    for _ in range(3):
        for step in steps:
            timed(step, device)
    times = [[timed(step, device) for step in steps] for _ in range(options.pairs)]
    ratios = sorted(a / b for a, b in times)
    print(
        f"ours {1e3 * statistics.median(a for a, _ in times):.1f} ms, "
        f"plain {1e3 * statistics.median(b for _, b in times):.1f} ms a step, "
        f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}), "
        f"{options.threads} threads"
    )


if __name__ == "__main__":
    main()
