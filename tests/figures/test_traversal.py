"""The traversal picture repeats what was swept, in the order given."""

import numpy as np

from sbvae_cli.evaluation.traversal import NON_CODING, Traversal
from sbvae_cli.figures.traversal import draw_traversal
from sbvae_cli.viz.traversal import Examples, Sweep, draw_sweeps


def test_rows_are_the_swept_latents_with_their_own_std_and_start() -> None:
    rng = np.random.default_rng(0)
    inputs, decoded = rng.integers(0, 256, (2, 8, 16, 16, 3), dtype=np.uint8)
    sweeps = rng.integers(0, 256, (2, 3, 16, 16, 3), dtype=np.uint8)
    held_out = np.arange(8) > 5
    code = np.array([0.1, -0.9, 0.8])
    stds = np.array([0.2, 0.4, NON_CODING])
    values = np.linspace(-1, 1, 3)

    picture = draw_traversal(
        Traversal(inputs, decoded, held_out, code, stds, (2, 0), values, sweeps), "caption"
    ).raster()

    rows = [Sweep(2, NON_CODING, False, 0.8, sweeps[0]), Sweep(0, 0.2, True, 0.1, sweeps[1])]
    expected = draw_sweeps(Examples(inputs, decoded, held_out), rows, values, "caption").raster()
    assert picture.tobytes() == expected.tobytes()
