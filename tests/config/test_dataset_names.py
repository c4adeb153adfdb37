"""Names of datasets that are drawn, and what a misspelt one may have meant."""

import pytest

from sbvae_cli.config.dataset_names import near_dataset


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("circle", "did you mean circles?"),
        ("sprite:xy", "did you mean sprites?"),
        ("circle:xy-hol", "did you mean circles:xy-hole?"),
        ("xy-hole", "did you mean circles:xy-hole?"),
        ("circle.h5", ""),
        ("holidays", ""),
        ("holidays.zip", ""),
    ],
)
def test_a_name_that_is_like_a_dataset_and_like_no_file_is_a_misspelt_one(
    text: str, told: str
) -> None:
    assert near_dataset(text) == told
