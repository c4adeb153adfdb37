"""Texts that are given in place of a dataset."""

from pathlib import Path

import pytest

from sbvae_cli.data.text_contents import describe_text


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("table", "image,x\na.png,1\n", "is a table (CSV)"),
        ("table.csv", "x\n1\n", "is a table (CSV)"),
        ("words", "no comma here\nbut one, here\n", "is text"),
        ("noise", "\x01\x02", "has an unknown format"),
    ],
)
def test_a_text_is_described_by_its_first_line(
    name: str, text: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert describe_text(path, text.encode())[0] == found
