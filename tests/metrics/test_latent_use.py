"""How many latents a grid moves, and copies beside the chosen two."""

import numpy as np
import pytest

from sbvae_cli.metrics.latent_use import latent_use

LINE = np.linspace(-1, 1, 11)
X, Y = (each.ravel() for each in np.meshgrid(LINE, LINE))
STDS = np.tile([0.1, 0.1, 0.1, 1.0], (len(X), 1))


def test_two_latents_that_hold_all_leave_nothing_outside() -> None:
    use = latent_use(np.column_stack([X, Y, 0 * X, 0 * X]), STDS)
    assert use.scores((0, 1)) == {"latents_used": 3, "information_outside": 0.0}
    assert use.scores((0, 3))["information_outside"] == pytest.approx(0.5)


def test_a_third_latent_that_holds_as_much_is_a_third() -> None:
    use = latent_use(np.column_stack([X, Y, -X, 0 * X]), STDS)
    assert use.scores((1, 2))["information_outside"] == pytest.approx(1 / 3)


def test_shares_are_those_of_gaussian_channels() -> None:
    means = np.column_stack([3 * X, Y, 0.2 * X, 0.1 * Y])
    use = latent_use(means, STDS)
    nats = [0.5 * np.log(1 + m.var() / s**2) for m, s in zip(means.T, STDS[0], strict=True)]
    assert use.shares == pytest.approx([each / sum(nats) for each in nats])


def test_what_averages_leave_of_noise_tells_nothing() -> None:
    means = np.column_stack([X, Y, -X, 0 * X])
    noise = np.array([0.0, 0.0, X.var(), 0.0])
    assert latent_use(means, STDS, noise).scores((0, 1))["information_outside"] == 0


def test_latents_that_tell_nothing_have_no_shares() -> None:
    ones = np.ones((len(X), 2))
    assert latent_use(1e-3 * np.column_stack([X, Y]), ones).scores((0, 1)) == {
        "latents_used": 0,
        "information_outside": None,
    }
    assert latent_use(np.column_stack([X, Y]), 0 * ones).shares == pytest.approx([0.5, 0.5])
    assert latent_use(np.column_stack([X, Y]), ones, others_vary=True).shares is None
