"""Colours of series, the same for a decoder in every figure."""

from collections.abc import Sequence

from sbvae_cli.viz.theme import QUIET, SERIES, Role

_OF_DECODERS = {"deconv": SERIES[0], "broadcast": SERIES[1], "coordconv": SERIES[2]}


def series_colours(decoders: Sequence[str]) -> list[Role]:
    """A colour for each series: the paper's deconv is blue, broadcast red, wherever they stand.

    Args:
        decoders: Kind of each series' decoder, "" where it has none or is not known. The first
            series of a decoder has its colour, the others those that are left, in their order,
            those of decoders last; with more series than colours they repeat.
    """
    own = {
        decoders.index(kind): colour for kind, colour in _OF_DECODERS.items() if kind in decoders
    }
    of_none = [colour for colour in SERIES if colour not in _OF_DECODERS.values()]
    left = [*of_none, *(c for c in _OF_DECODERS.values() if c not in own.values())]
    others = [number for number in range(len(decoders)) if number not in own]
    found = {number: left[i % len(left)] for i, number in enumerate(others)}
    return [(own | found)[number] for number in range(len(decoders))]


def distinct_colours(decoders: Sequence[str]) -> list[Role]:
    """A colour for each of so many series as there are colours, and grey for those that follow.

    Args:
        decoders: Kind of each series' decoder, as `series_colours` takes them.
    """
    most = len(SERIES)
    return [*series_colours(decoders[:most]), *(QUIET for _ in decoders[most:])]


def decoder_colours(decoders: Sequence[str]) -> list[Role]:
    """A colour for each row of a chart, whose label tells it from others of the same decoder.

    Args:
        decoders: Kind of each row's decoder, whose colour it has; "" where it has none or is not
            known, and the row has one that no decoder has.
    """
    kinds = list(dict.fromkeys(decoders))
    colours = dict(zip(kinds, series_colours(kinds), strict=True))
    return [colours[kind] for kind in decoders]
