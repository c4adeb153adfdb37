"""Descriptions and sources of choices, the end of the help of `train` and `eval`."""

from collections.abc import Mapping

from sbvae_cli.config.metrics import METRICS

CHOICES = {
    "models": {
        "vae": "NLL + KL (Section A.1)",
        "beta-vae": "NLL + beta KL (Figure 4; Higgins et al. 2017)",
        "factor-vae": "NLL + KL + gamma TC, by a discriminator (Section A.2)",
        "annealed-vae": "NLL + gamma |KL - capacity| (Burgess et al. 2018)",
        "beta-tcvae": "NLL + KL + (beta - 1) TC (Chen et al. 2018)",
        "dip-vae-i": "VAE, means decorrelated, variance 1 (Kumar et al. 2018)",
        "dip-vae-ii": "VAE, samples decorrelated, variance 1 (Kumar et al. 2018)",
    },
    "decoders": {
        "broadcast": "latents tiled beside coordinates, convolved (Section 2)",
        "deconv": "an MLP, then deconvolutions of stride 2 (Table 1)",
        "coordconv": "deconv with coordinates before each layer (Appendix D)",
    },
    "likelihoods": {
        "bernoulli": "Bernoulli pixels, given as logits (Appendix A)",
        "gaussian": "Gaussian pixels of variance 0.3 (Appendix A)",
        "learned-gaussian": "Gaussian pixels of one learned variance",
    },
}


def describe_choices() -> str:
    """Return the choices of `train`, one per line, in a block that the help does not wrap."""
    return _block(CHOICES)


def describe_metrics() -> str:
    """Return the metrics of `eval`, one per line, in a block that the help does not wrap."""
    return _block({"metrics": {name: metric.help for name, metric in METRICS.items()}})


def _block(kinds: Mapping[str, Mapping[str, str]]) -> str:
    width = 2 + max(len(name) for choices in kinds.values() for name in choices)
    lines = ["\b"]
    for kind, choices in kinds.items():
        lines.append(f"{kind.capitalize()}:")
        lines += [f"  {name:<{width}}{text}" for name, text in choices.items()]
    return "\n".join(lines)
