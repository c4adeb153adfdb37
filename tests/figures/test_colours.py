"""Colours of series."""

from sbvae_cli.figures.colours import decoder_colours, series_colours
from sbvae_cli.viz.theme import SERIES


def test_a_decoder_has_its_colour_wherever_it_stands() -> None:
    assert series_colours(["deconv", "broadcast"]) == [SERIES[0], SERIES[1]]
    assert series_colours(["broadcast", "coordconv"]) == [SERIES[1], SERIES[2]]
    assert series_colours(["broadcast", "", "deconv"]) == [SERIES[1], SERIES[3], SERIES[0]]


def test_series_of_one_decoder_take_colours_that_are_left() -> None:
    found = series_colours(["broadcast"] * 4)
    assert found[0] == SERIES[1] and len(set(found)) == 4
    many = series_colours([""] * 9)
    assert set(many[:8]) == set(SERIES) and many[8] == many[0]


def test_the_colour_of_a_decoder_goes_to_no_other_while_there_are_more() -> None:
    of_decoders = set(SERIES[:3])
    for decoders in (["broadcast", "broadcast"], ["broadcast", ""], ["", *["deconv"] * 5]):
        for find in (series_colours, decoder_colours):
            found = find(decoders)
            others = {c for c, kind in zip(found, decoders, strict=True) if not kind}
            assert not others & of_decoders
        assert len(set(series_colours(decoders)) & of_decoders) == 1


def test_rows_of_one_decoder_have_one_colour() -> None:
    found = decoder_colours(["deconv", "broadcast", "", "deconv", ""])
    assert found == [SERIES[0], SERIES[1], SERIES[3], SERIES[0], SERIES[3]]
