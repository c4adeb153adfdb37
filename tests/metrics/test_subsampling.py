"""How rows are split into those that models are fitted to and those that test them."""

import numpy as np
import pytest

from sbvae_cli.metrics.labelled_codes import LabelledCodes
from sbvae_cli.metrics.subsampling import split


@pytest.mark.parametrize(
    ("rows", "share", "fitted"), [(20, 0.8, 16), (20, 0.01, 1), (20, 0.99, 19), (2, 0.5, 1)]
)
def test_a_split_has_every_row_once_and_leaves_one_for_each_part(
    rows: int, share: float, fitted: int
) -> None:
    codes = np.arange(rows)[:, None] / rows
    levels = np.arange(rows)[:, None] % 2
    sample = LabelledCodes(codes, levels, ("shape",), frozenset(), "full", rows, share)

    to_fit, its_classes, to_test, other_classes = split(sample)

    assert len(to_fit) == fitted
    np.testing.assert_array_equal(np.concatenate([to_fit, to_test]), codes)
    np.testing.assert_array_equal(np.concatenate([its_classes, other_classes]), levels)
