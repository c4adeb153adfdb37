"""Time and memory of the metrics on one core: python tests/benchmarks/metrics_benchmark.py.

10,000 rows (5,000 more to test what was fitted), 10 codes of which two are noise, 8 factors of 3 to
20 classes. The best of some calls is printed beside what was asked for; SAP takes turns with plain
scikit-learn calls. Boosting takes minutes: --boosting.
"""

import os

# Before numpy: one thread for its algebra, and one core for everything else.
os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
from pairs import compare
from sklearn.svm import LinearSVC

from sbvae_cli.metrics.beta_vae_score import beta_vae_score
from sbvae_cli.metrics.dci import Model, boosting, dci, forest
from sbvae_cli.metrics.explicitness import explicitness
from sbvae_cli.metrics.infomec import infomec
from sbvae_cli.metrics.information import count
from sbvae_cli.metrics.irs import irs
from sbvae_cli.metrics.mig import mutual_information_gap
from sbvae_cli.metrics.mig_subspace import mig_subspace
from sbvae_cli.metrics.modularity import modularity
from sbvae_cli.metrics.sap import sap
from sbvae_cli.metrics.unsupervised import unsupervised

LEVELS = (3, 4, 5, 6, 8, 10, 15, 20)
NAMES = tuple(f"factor{index}" for index in range(len(LEVELS)))
LATENTS, GROUP_IMAGES = 10, 64
VOTES = ((800, 800), (10_000, 5_000))

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def sample(rows: int, angle_degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Codes of a latent for each factor, turned in pairs, and classes."""
    rng = np.random.default_rng(0)
    classes = np.stack([rng.integers(0, levels, rows) for levels in LEVELS], axis=1)
    codes = rng.normal(size=(rows, LATENTS))
    codes[:, : len(LEVELS)] *= 0.05
    codes[:, : len(LEVELS)] += 3.4 * (classes / (np.array(LEVELS) - 1) - 0.5)
    c, s = np.cos(np.radians(angle_degrees)), np.sin(np.radians(angle_degrees))
    for first in range(0, len(LEVELS), 2):
        codes[:, first : first + 2] = codes[:, first : first + 2] @ np.array([[c, -s], [s, c]])
    return codes, classes


def vote_groups(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (V, L, K) whose images share one factor, and which."""
    rng = np.random.default_rng(0)
    fixed = rng.integers(len(LEVELS), size=count)
    codes = rng.normal(size=(count, GROUP_IMAGES, LATENTS))
    rows = np.arange(count)
    codes[rows, :, fixed] = codes[rows, :1, fixed]
    return codes, fixed


def report(name: str, asked: str, call: Callable[[], object], repeats: int = 3) -> None:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    print(f"{name:36}{min(times):9.3f} s   {asked:10}{peak():6.0f} MB so far", flush=True)


def peak() -> float:
    """Of the process's memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plain_sap(split: Split) -> list[float]:
    """The fits of SAP and nothing else."""
    codes, classes, other, truth = split
    return [
        float((_machine().fit(z, v).predict(unseen) == answers).mean())
        for z, unseen in zip(codes.T[..., None], other.T[..., None], strict=True)
        for v, answers in zip(classes.T, truth.T, strict=True)
    ]


def _machine() -> LinearSVC:
    return LinearSVC(C=0.01, class_weight="balanced", dual=False)


def of_counts(codes: np.ndarray, classes: np.ndarray) -> None:
    """Metrics without a fit, and InfoMEC."""

    def gap_alone() -> float:
        """What the MIG takes without the jackknife of its interval."""
        best = np.sort((counts := count(codes, classes)).information(), axis=0)
        return float(((best[-1] - best[-2]) / counts.entropies()).mean())

    report("mig, no interval", "0.05 s", gap_alone)
    report("mig", "2 s", lambda: mutual_information_gap(codes, classes))
    report(
        "mig, bins of equal frequency",
        "2 s",
        lambda: mutual_information_gap(codes, classes, binning="frequency"),
    )
    groups = (NAMES[:2],)
    report("mig_subspace", "", lambda: mig_subspace(codes, classes, NAMES, groups))
    report("modularity", "0.05 s", lambda: modularity(codes, classes))
    report("unsupervised", "0.1 s", lambda: unsupervised(codes))
    report("irs", "0.03 s", lambda: irs(codes, classes))
    report("infomec", "", lambda: infomec(codes, classes))


def of_fits(split: Split, models: tuple[Model, ...]) -> None:
    """Metrics that fit a model to some rows and test it on others."""
    report("sap", "", lambda: sap(*split))
    ratio = compare(lambda: sap(*split), lambda: plain_sap(split), 5, calls=1)
    print(f"    against scikit-learn alone: {ratio}")
    report("explicitness", "", lambda: explicitness(*split))
    for model in models:
        asked, repeats = ("5 s", 3) if model is forest else ("", 1)
        found = []
        report(
            f"dci, {model.__name__}",
            asked,
            lambda model=model, found=found: found.append(dci(*split, model=model)),
            repeats,
        )
        print(
            f"    disentanglement {found[0].disentanglement:.3f}, completeness "
            f"{found[0].completeness:.3f}, informativeness {found[0].informativeness:.3f}"
        )


def of_votes() -> None:
    for train, evaluation in VOTES:
        codes, fixed = vote_groups(train + evaluation)
        votes = {"votes_train": train, "votes_eval": evaluation, "seed": 0}
        report(
            f"beta_vae_score, {train}+{evaluation} votes",
            "a minute",
            lambda codes=codes, fixed=fixed, train=train, votes=votes: beta_vae_score(
                codes, fixed, train, len(LEVELS), **votes
            ),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--angle", type=float, default=0.0, help="degrees that codes are turned by")
    parser.add_argument("--boosting", action="store_true")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    codes, classes = sample(options.rows * 3 // 2, options.angle)
    cut = options.rows
    print(f"{cut} rows, {LATENTS} codes turned by {options.angle:g} degrees, {len(LEVELS)} factors")
    of_counts(codes[:cut], classes[:cut])
    split = codes[:cut], classes[:cut], codes[cut:], classes[cut:]
    of_fits(split, (forest, boosting) if options.boosting else (forest,))
    print(f"peak of the process so far: {peak():.0f} MB (asked: under 500)")
    of_votes()


if __name__ == "__main__":
    main()
