"""Models and constants of the metrics, for reports."""

from collections.abc import Callable, Collection
from typing import Any

from sbvae_cli.config.names import Metric
from sbvae_cli.metrics.beta_vae_score import BETA_VAE_SETTINGS
from sbvae_cli.metrics.classes import MAX_CLASSES, ROWS_OF_A_LEVEL
from sbvae_cli.metrics.dci import dci_settings
from sbvae_cli.metrics.explicitness import EXPLICITNESS_SETTINGS
from sbvae_cli.metrics.factor_vae_score import LEAST_STD
from sbvae_cli.metrics.geometry_scores import DEAD_BELOW
from sbvae_cli.metrics.infomec import NEIGHBOURS
from sbvae_cli.metrics.sap import SAP_SETTINGS

USED_BELOW = 0.5  # posterior std of a latent in use (Appendix F)


def metric_settings(metrics: Collection[Metric], bins: int, with_model: bool) -> dict[str, Any]:
    """Models and constants of the metrics, for a report.

    Args:
        metrics: That were computed.
        bins: Of latents and continuous factors.
        with_model: Whether the prior's std of 1 is the codes' scale.
    """
    unit = "prior stds"
    if not with_model:
        unit += ", or those of the widest latent where they are less"
    continuous = {"levels_above": MAX_CLASSES, "rows_of_a_level_below": ROWS_OF_A_LEVEL}
    counted = {"bins": bins, "binning": "equal width over each latent's own range, left-closed"}
    every: dict[Metric, Callable[[], dict[str, Any]]] = {
        "rates": lambda: {"posterior_samples": 1, "used_below": USED_BELOW},
        "mig": lambda: {**counted, "codes": "posterior means", "continuous": continuous},
        "modularity": lambda: counted,
        "factor-vae": lambda: {
            "least_std": LEAST_STD,
            "unit": unit,
            "variance": "ddof 1",
        },
        "beta-vae": lambda: BETA_VAE_SETTINGS,
        "dci": lambda: dci_settings("boosting"),
        "dci-fast": lambda: dci_settings("forest"),
        "sap": lambda: SAP_SETTINGS,
        "explicitness": lambda: EXPLICITNESS_SETTINGS,
        "irs": lambda: {"quantile": 0.99},
        "infomec": lambda: {"estimator": "Ross (2014)", "neighbours": NEIGHBOURS},
        "unsupervised": lambda: counted,
        "geometry": lambda: {"dead_below": DEAD_BELOW, "unit": unit},
    }
    return {name: every[name]() for name in metrics if name in every}
