"""What a user says of columns."""

import pytest

from sbvae_cli.cli.parse_columns import parse_declared
from sbvae_cli.data.importers.factor_columns import DeclaredColumns
from sbvae_cli.errors import SbvaeError


def test_several_stand_between_commas_or_in_options_of_their_own() -> None:
    found = parse_declared(["a=levels, b=range", "c=x=levels"], ["d,e=180", "f"])
    kinds = {"a": "levels", "b": "range", "c=x": "levels"}
    assert found == DeclaredColumns(kinds, {"d": None, "e": 180.0, "f": None})
    assert parse_declared((), ()) == DeclaredColumns()


@pytest.mark.parametrize(
    ("kinds", "circular", "message"),
    [
        (["a"], [], "--kind a: write a=levels or a=range"),
        (["a=level"], [], "--kind a=level: kind level is unknown; did you mean levels?"),
        (["a=range,a=levels"], [], "--kind: names a twice; name it once"),
        (["=range"], [], "--kind =range: names no column"),
        ([], ["a,"], "--circular ,: names no column"),
        ([], ["a=b"], "--circular a=b: write the length of the turn, as a=360"),
        ([], ["a=-1"], "--circular a=-1: write the length of the turn, as a=360"),
        ([], ["a=inf"], "--circular a=inf: write the length"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    kinds: list[str], circular: list[str], message: str
) -> None:
    with pytest.raises(SbvaeError) as caught:
        parse_declared(kinds, circular)
    assert str(caught.value).startswith(message)
