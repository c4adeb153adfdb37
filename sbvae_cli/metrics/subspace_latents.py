"""Which latents each group of factors is given, for `mig_subspace`."""

from collections.abc import Callable, Iterator, Sequence

from sbvae_cli.metrics.validate import Floats

Group = tuple[str, ...]
Chosen = dict[Group, tuple[int, ...]]

_TRACE = 0.05  # of a factor's entropy: a latent that knows less of a group is no candidate for it
_GAIN = 0.005  # of the summed value: less is chance
_MOST_MOVES = 10


def choose_subspaces(
    known: Floats,
    names: Sequence[str],
    groups: Sequence[Group],
    circular: frozenset[str],
    value: Callable[[Group, tuple[int, ...]], float],
) -> Chosen:
    """One latent for each factor, and a second for a circular one where that helps.

    Each factor takes the latent that knows most of it, the surest first; then latents are exchanged
    for as long as the summed value grows, since a latent that leaks one factor of a plane may know
    more of it than each of the two that hold the plane turned.

    Args:
        known: Share of each factor's entropy that each latent knows, shape (K, F), K at least F.
        names: Names of the factors.
        groups: Every factor in one of them.
        circular: Factors that may take two latents; groups of their own.
        value: What a group with these latents, in order, is worth; its sum is to be largest.

    Returns:
        Latents of each group, in order.
    """
    chosen = _surest_first(known, names, groups, circular)
    total = sum(value(group, own) for group, own in chosen.items())
    for _ in range(_MOST_MOVES):
        best, gain = chosen, _GAIN
        for moved in _moves(chosen, known, names, circular):
            found = sum(value(group, own) for group, own in moved.items()) - total
            if found > gain:
                best, gain = moved, found
        if best is chosen:
            break
        chosen, total = best, total + gain
    return chosen


def _surest_first(
    known: Floats, names: Sequence[str], groups: Sequence[Group], circular: frozenset[str]
) -> Chosen:
    of_factor: list[list[int]] = [[] for _ in names]
    spare = len(known) - len(names)
    for flat in (-known).argsort(axis=None, kind="stable").tolist():
        latent, factor = divmod(flat, len(names))
        own = of_factor[factor]
        second = len(own) == 1 and names[factor] in circular and spare > 0
        if (own and not second) or any(latent in taken for taken in of_factor):
            continue
        own.append(latent)
        spare -= second
    at = {name: of_factor[i] for i, name in enumerate(names)}
    return {group: tuple(sorted(k for name in group for k in at[name])) for group in groups}


def _moves(
    chosen: Chosen, known: Floats, names: Sequence[str], circular: frozenset[str]
) -> Iterator[Chosen]:
    """All choices that differ by one latent, or by an exchange of two."""
    owner = {latent: group for group, own in chosen.items() for latent in own}
    for group, own in chosen.items():
        columns = [list(names).index(name) for name in group]
        candidates = [
            latent
            for latent in range(len(known))
            if latent not in own and known[latent, columns].max() >= _TRACE
        ]
        for new in candidates:
            for old in own:
                moved = {**chosen, group: _exchanged(own, old, new)}
                if new in owner:
                    moved[owner[new]] = _exchanged(chosen[owner[new]], new, old)
                yield moved
        if group[0] in circular:
            if len(own) == 2:
                yield from ({**chosen, group: (latent,)} for latent in own)
            else:
                free = [latent for latent in candidates if latent not in owner]
                yield from ({**chosen, group: tuple(sorted((*own, new)))} for new in free)


def _exchanged(own: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    return tuple(sorted(new if latent == old else latent for latent in own))
