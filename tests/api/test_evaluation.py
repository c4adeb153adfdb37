"""Which metrics `evaluate` computes."""

import numpy as np

import sbvae_cli as sbvae


def test_all_metrics_are_those_of_one_model() -> None:
    """Codes without factors have scores of few metrics; udr, which compares models, is no lack."""
    codes = np.indices((6, 6)).reshape(2, -1).T / 5

    found = sbvae.evaluate(codes, metrics="all", protocol="quick")

    assert {"gaussian_total_correlation", "latent_mutual_information"} <= found.scores.keys()
    assert any("without mig, factor-vae" in note for note in found.notes)
    assert not any("udr" in note for note in found.notes)
