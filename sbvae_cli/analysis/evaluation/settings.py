"""Models and constants of the metrics, for reports."""

from collections.abc import Callable, Collection
from typing import Any

from sbvae_cli.config.names import Metric
from sbvae_cli.metrics.beta_vae_score import BETA_VAE_SETTINGS
from sbvae_cli.metrics.dci import dci_settings
from sbvae_cli.metrics.explicitness import EXPLICITNESS_SETTINGS
from sbvae_cli.metrics.factor_vae_score import LEAST_DEVIATION
from sbvae_cli.metrics.geometry_scores import DEAD_BELOW
from sbvae_cli.metrics.infomec import NEIGHBOURS
from sbvae_cli.metrics.information import MAX_CLASSES
from sbvae_cli.metrics.sap import SAP_SETTINGS

USED_BELOW = 0.5  # posterior deviation of a latent in use (Appendix F)


def metric_settings(metrics: Collection[Metric], bins: int) -> dict[str, Any]:
    """Models and constants of the metrics, for a report."""
    counted = {"bins": bins, "binning": "equal width over each latent's own range, left-closed"}
    every: dict[Metric, Callable[[], dict[str, Any]]] = {
        "rates": lambda: {"posterior_samples": 1, "used_below": USED_BELOW},
        "mig": lambda: {**counted, "codes": "posterior means", "max_classes": MAX_CLASSES},
        "modularity": lambda: counted,
        "factor-vae": lambda: {"least_deviation": LEAST_DEVIATION, "variance": "ddof 1"},
        "beta-vae": lambda: BETA_VAE_SETTINGS,
        "dci": lambda: dci_settings("boosting"),
        "dci-fast": lambda: dci_settings("forest"),
        "sap": lambda: SAP_SETTINGS,
        "explicitness": lambda: EXPLICITNESS_SETTINGS,
        "irs": lambda: {"quantile": 0.99},
        "infomec": lambda: {"estimator": "Ross (2014)", "neighbours": NEIGHBOURS},
        "unsupervised": lambda: counted,
        "geometry": lambda: {"dead_below": DEAD_BELOW},
    }
    return {name: every[name]() for name in metrics if name in every}
