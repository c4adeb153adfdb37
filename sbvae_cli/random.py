"""Named streams of random numbers: each a pure function of seed, name and position.

Nothing else in the package makes a generator, seeds global state or stores a random state.
"""

import numpy as np

# The tag that keeps a stream apart from the others of the same seed: up to four ASCII letters,
# fixed, since data and runs were made with them.
_TAGS = {
    "file": "file",  # factors of a written file; position: block of 64 rows
    "drawn": "onli",  # images drawn while training; position: minibatch
    "colours": "colo",  # colours that a file's masks are painted in; position: minibatch
    "shuffle": "wind",  # order of a file's rows; position: epoch, then 0 or 1 + window
    "validation": "hold",  # rows kept from training
    "validation-noise": "home",  # posterior samples of the validation rows
    "noise": "no",  # posterior samples of training; position: step
    "discriminator": "disc",  # its first weights
    "images": "code",  # images drawn to be encoded; position: block of 64 images
    "picked": "pick",  # rows of a file that are encoded; position: none, then 1 + first image
    "codes": "rows",  # rows of a file of codes
    "evaluation": "eval",  # images, noise, votes of a model's scores; position: evaluation.images
    "pool-votes": "pool",  # votes that share images
    "geometry": "geom",  # stored images of two factors, where there are more than a picture shows
    "distribution": "dist",  # factors of training images that a picture shows
    "ranking": "rank",  # images that several models are compared on
    "jackknife": "jack",  # groups of rows left out in turn
    "parts": "part",  # disjoint parts of the rows
    "fit": "fit",  # rows in the order in which they are fitted and tested
    "subspace": "subs",  # the half of the rows that turns a plane
    "pairs": "pair",  # pairs of images of the BetaVAE score
    "resample": "boot",  # bootstrap resamples; position: resample
    "traverse": "trav",  # example images of a traversal
    "prior": "prio",  # codes that a model decodes
    "samples": "samp",  # images of a sheet of samples
    "export": "expo",  # images and codes that exported graphs are checked with
}


def stream(seed: int, name: str, *position: int) -> np.random.Generator:
    """A generator of its own for each seed, name and position.

    Args:
        seed: Root seed, at least 0.
        name: Name of the stream, one of the table above.
        position: Place within the stream, such as a step or an epoch; each at least 0.

    Raises:
        KeyError: If there is no such stream.
    """
    return np.random.default_rng(_entropy(seed, name, position))


def seed_of(seed: int, name: str, *position: int) -> int:
    """A 64-bit seed for a generator of another library; arguments as those of `stream`."""
    if name == "discriminator":  # as the first runs drew its weights
        return seed ^ _number(name)
    sequence = np.random.SeedSequence(_entropy(seed, name, position))
    return int(sequence.generate_state(1, np.uint64)[0])


def _entropy(seed: int, name: str, position: tuple[int, ...]) -> list[int]:
    tag = _number(name)
    if name == "file":  # the order in which the first files were written
        return [seed, *position, tag]
    return [seed, tag, *position]


def _number(name: str) -> int:
    return int.from_bytes(_TAGS[name].encode("ascii"), "big")
