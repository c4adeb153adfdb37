"""Functions of all metrics that need only codes and factors, by name."""

from collections.abc import Callable, Mapping

from sbvae_cli.metrics.dci import dci_fast_scores, dci_scores
from sbvae_cli.metrics.explicitness import explicitness_scores
from sbvae_cli.metrics.infomec import infomec_scores
from sbvae_cli.metrics.irs import irs_scores
from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.mig import mig_scores
from sbvae_cli.metrics.modularity import modularity_scores
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.metrics.sap import sap_scores
from sbvae_cli.metrics.score import Scores
from sbvae_cli.metrics.unsupervised import unsupervised_scores
from sbvae_cli.metrics.vote_scores import beta_vae_scores, factor_vae_scores

COMPUTE: Mapping[str, Callable[[LabelledCodes, Protocol], Scores]] = {
    "mig": mig_scores,
    "factor-vae": factor_vae_scores,
    "beta-vae": beta_vae_scores,
    "dci": dci_scores,
    "dci-fast": dci_fast_scores,
    "sap": sap_scores,
    "modularity": modularity_scores,
    "explicitness": explicitness_scores,
    "irs": irs_scores,
    "infomec": infomec_scores,
    "unsupervised": unsupervised_scores,
}


def compute(metric: str, sample: LabelledCodes, protocol: Protocol) -> Scores:
    """Compute the scores of one metric by its name.

    Args:
        metric: Name of a metric of codes and factors.
        sample: Codes and factors, at least as many as the metric needs.
        protocol: Settings of the metric.

    Raises:
        SbvaeError: If the metric cannot be computed for these codes and factors.
        KeyError: If the metric needs more than codes and factors.
    """
    return COMPUTE[metric](sample, protocol)
