"""Colours of series, the same for each decoder in all figures."""

from collections.abc import Sequence

from sbvae_cli.viz.theme import QUIET, SERIES, Role

_DECODER_COLOURS = {"deconv": SERIES[0], "broadcast": SERIES[1], "coordconv": SERIES[2]}


def series_colours(decoders: Sequence[str]) -> list[Role]:
    """Choose a colour for each series; deconv is always blue and broadcast red, as in the paper.

    Args:
        decoders: Kind of each series' decoder, "" if it has none or it is unknown. The first series
            of a decoder gets its colour. The others get the remaining colours in their order, those
            of decoders last; if there are too few colours, they repeat.
    """
    own = {
        decoders.index(kind): colour
        for kind, colour in _DECODER_COLOURS.items()
        if kind in decoders
    }
    of_none = [colour for colour in SERIES if colour not in _DECODER_COLOURS.values()]
    left = [*of_none, *(c for c in _DECODER_COLOURS.values() if c not in own.values())]
    others = [number for number in range(len(decoders)) if number not in own]
    found = {number: left[i % len(left)] for i, number in enumerate(others)}
    return [(own | found)[number] for number in range(len(decoders))]


def distinct_colours(decoders: Sequence[str]) -> list[Role]:
    """Choose a different colour for each series while colours last, then grey.

    Args:
        decoders: Kind of each series' decoder, as in `series_colours`.
    """
    most = len(SERIES)
    return [*series_colours(decoders[:most]), *(QUIET for _ in decoders[most:])]


def decoder_colours(decoders: Sequence[str]) -> list[Role]:
    """Choose a colour for each row of a chart; rows of one decoder are told apart by their labels.

    Args:
        decoders: Kind of each row's decoder, which determines the colour; rows with "" (none or
            unknown) get one that no decoder has.
    """
    kinds = list(dict.fromkeys(decoders))
    colours = dict(zip(kinds, series_colours(kinds), strict=True))
    return [colours[kind] for kind in decoders]
