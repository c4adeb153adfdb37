"""What could be done about a finding, by options for our own models and in words for others."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """What could be done.

    Attributes:
        spread: Where several latents share a factor.
        missing: Where no latent has it.
        crowded: The same where every latent is in use.
        other: Of any other fault.
        look: Of what is turned and no fault.
    """

    spread: str
    missing: str
    crowded: str
    other: str
    look: str


OF_MODELS = Advice(
    spread="train other seeds, or with --model beta-vae --beta 4",
    missing="train longer, or with --model beta-vae --beta 0.5",
    crowded="train longer, or with a larger --latent-dim",
    other="train longer or other seeds",
    look=": look at `sbvae geometry`",
)
OF_CODES = Advice(
    spread="other seeds or a larger beta may part it",
    missing="longer training or a smaller beta may find it",
    crowded="longer training or more latents may find it",
    other="longer training or other seeds may mend it",
    look=": read mig_subspace",
)
