"""What each latent does to one image (Figure 2)."""

from sbvae_cli.evaluation.traversal import NON_CODING, Traversal
from sbvae_cli.viz.canvas import Canvas
from sbvae_cli.viz.traversal import draw_sweeps
from sbvae_cli.viz.traversal_layout import Examples, Sweep


def draw_traversal(traversal: Traversal, caption: str = "") -> Canvas:
    """Draw inputs above reconstructions above one row of images for each latent that was swept.

    Args:
        traversal: Images that a model made.
        caption: Line at the top of the picture.
    """
    examples = Examples(traversal.inputs, traversal.reconstructions, traversal.held_out)
    sweeps = []
    for latent, images in zip(traversal.latents, traversal.sweeps, strict=True):
        std, start = float(traversal.stds[latent]), float(traversal.code[latent])
        sweeps.append(Sweep(latent, std, std < NON_CODING, start, images))
    return draw_sweeps(examples, sweeps, traversal.values, caption)
