"""Named streams of random numbers."""

import itertools

import numpy as np
import pytest

from sbvae_cli.random import _TAGS, seed_of, stream


def test_a_stream_depends_on_seed_name_and_position_alone() -> None:
    first = stream(3, "noise", 7).random(5)

    assert np.array_equal(first, stream(3, "noise", 7).random(5))
    for other in (stream(4, "noise", 7), stream(3, "drawn", 7), stream(3, "noise", 8)):
        assert not np.array_equal(first, other.random(5))


def test_no_two_streams_of_a_seed_are_equal() -> None:
    for one, other in itertools.combinations(_TAGS, 2):
        assert stream(0, one, 1).random() != stream(0, other, 1).random(), (one, other)


def test_tags_are_those_that_data_and_runs_were_made_with() -> None:
    written, noise = np.random.default_rng([5, 2, 0x66696C65]), [5, 0x6E6F, 2]

    assert stream(5, "file", 2).random() == written.random()
    assert stream(5, "noise", 2).random() == np.random.default_rng(noise).random()
    assert seed_of(5, "noise", 2) == np.random.SeedSequence(noise).generate_state(1, np.uint64)[0]


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(KeyError):
        stream(0, "nosie")
