"""Named streams of random numbers, each a pure function of seed, name and position.

No other module of the package makes a generator, seeds global state or stores a random state.
"""

import numpy as np

# Tag that distinguishes the streams of one seed: up to four ASCII letters. A changed tag would
# change the images and runs that a seed gives.
_TAGS = {
    "file": "file",  # factors of a dataset file; position: block of 64 rows
    "drawn": "onli",  # factors of images rendered during training; position: minibatch
    "colours": "colo",  # colours of objects stored as masks; position: minibatch
    "shuffle": "wind",  # order of a file's rows; position: epoch, then 0 or 1 + window
    "validation": "hold",  # choice of the validation rows
    "validation-noise": "home",  # posterior samples of the validation rows
    "noise": "no",  # posterior samples in training; position: step
    "discriminator": "disc",  # initial weights of the discriminator
    "images": "code",  # factors of rendered images to encode; position: block of 64 images
    "picked": "pick",  # choice of a file's rows to encode; position: none, then 1 + first image
    "codes": "rows",  # choice of rows of a file of codes
    "evaluation": "eval",  # images, noise and votes of scores; position: see evaluation/images.py
    "pool-votes": "pool",  # votes that share a pool of images
    "geometry": "geom",  # choice of stored images, if they are more than a geometry plot shows
    "distribution": "dist",  # training images in plots of the factor distribution
    "ranking": "rank",  # images on which several models are compared
    "jackknife": "jack",  # groups of rows, each left out once
    "parts": "part",  # disjoint parts of the rows
    "fit": "fit",  # order of the rows before the split into fitted and test rows
    "subspace": "subs",  # half of the rows that `mig_subspace` is fitted on
    "pairs": "pair",  # pairs of images of the BetaVAE score
    "resample": "boot",  # bootstrap resamples; position: resample
    "traverse": "trav",  # example images of a traversal
    "prior": "prio",  # samples of the prior
    "samples": "samp",  # images of a sheet of samples
    "export": "expo",  # images and codes that check exported graphs
}


def stream(seed: int, name: str, *position: int) -> np.random.Generator:
    """Return the generator of a seed, a stream and a position in it.

    Args:
        seed: Root seed, at least 0.
        name: Name of the stream, a key of the table above.
        position: Position in the stream, such as a step or an epoch; each number at least 0.

    Raises:
        KeyError: If `name` is not in the table.
    """
    return np.random.default_rng(_entropy(seed, name, position))


def seed_of(seed: int, name: str, *position: int) -> int:
    """Return a 64-bit seed for a generator of another library; arguments are those of `stream`."""
    if name == "discriminator":  # keeps the initial weights of earlier versions
        return seed ^ _number(name)
    sequence = np.random.SeedSequence(_entropy(seed, name, position))
    return int(sequence.generate_state(1, np.uint64)[0])


def _entropy(seed: int, name: str, position: tuple[int, ...]) -> list[int]:
    tag = _number(name)
    if name == "file":  # keeps the contents of files of earlier versions
        return [seed, *position, tag]
    return [seed, tag, *position]


def _number(name: str) -> int:
    return int.from_bytes(_TAGS[name].encode("ascii"), "big")
