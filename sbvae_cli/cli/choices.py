"""What each choice of a model is and where it comes from: the end of `sbvae train --help`."""

CHOICES = {
    "models": {
        "vae": "NLL + KL (Section A.1)",
        "beta-vae": "NLL + beta KL (Figure 4; Higgins et al. 2017)",
        "factor-vae": "NLL + KL + gamma TC, by a discriminator (Section A.2)",
        "annealed-vae": "NLL + gamma |KL - capacity| (Burgess et al. 2018)",
        "beta-tcvae": "NLL + KL + (beta - 1) TC (Chen et al. 2018)",
        "dip-vae-i": "VAE, covariance of means to 1 (Kumar et al. 2018)",
        "dip-vae-ii": "VAE, covariance of samples to 1 (Kumar et al. 2018)",
    },
    "decoders": {
        "broadcast": "latents tiled beside coordinates, convolved (Section 2)",
        "deconv": "an MLP, then deconvolutions of stride 2 (Table 1)",
        "coordconv": "deconv with coordinates before each layer (Appendix D)",
    },
    "likelihoods": {
        "bernoulli": "logits of the pixels (Appendix A)",
        "gaussian": "means of the pixels, variance 0.3 (Appendix A)",
        "learned-gaussian": "means of the pixels, one variance that is learned",
    },
}


def describe_choices() -> str:
    """The choices, a line each, in a block that the help leaves as it is."""
    lines = ["\b"]
    for what, choices in CHOICES.items():
        lines.append(f"{what.capitalize()}:")
        lines += [f"  {name:<18}{text}" for name, text in choices.items()]
    return "\n".join(lines)
