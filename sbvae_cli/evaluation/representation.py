"""Codes beside the factors of their images, of a model or of anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.config.names import ColorBasis, FactorKind
from sbvae_cli.config.space import FactorConfig
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.colour_basis import factors_in_rgb, in_other_basis, names_in_rgb
from sbvae_cli.metrics.labelled_codes import LabelledCodes, train_share
from sbvae_cli.metrics.protocol import Protocol
from sbvae_cli.random import stream

_LEAST_RANGE = 1e-70  # whose squares, and products of these, are not 0

Bools = NDArray[np.bool_]
Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Representation:
    """Codes of images beside their factors: what `encode` writes and `eval` scores.

    Attributes:
        codes: Posterior means, shape (N, K).
        factors: Shape (N, F); NaN where an image is blank.
        names: Names of the factors, F of them; one called `present` is 0 where an image is blank.
        circular: Factors whose range is a full turn.
        stds: Posterior stds, at least 0, shape (N, K); None where these are not known.
        held_out: Images that training left out, shape (N,); None where that is not known.
        population: Which the images were drawn from; "file" for rows of a file.
        at_random: Whether the rows are independent draws, in no order.
        unread: Names of arrays of a file that say nothing here.
        kinds: Whether a factor has levels or a range, by its name; of others the values tell.
        space: Serial form of the factors' space, as a data file has it; None where not known.
        rows: Numbers of the rows of a data file, (N,), where these are not all, in order.
        files: Names of the image files, N of them; None where they are not known.
    """

    codes: Numbers
    factors: Numbers
    names: tuple[str, ...]
    circular: frozenset[str] = frozenset()
    stds: Numbers | None = None
    held_out: Bools | None = None
    population: str = "file"
    at_random: bool = False
    unread: tuple[str, ...] = ()
    kinds: Mapping[str, FactorKind] = field(default_factory=dict)
    space: Mapping[str, Any] | None = None
    files: Sequence[str] | None = None
    rows: NDArray[np.int64] | None = None

    @property
    def present(self) -> Numbers | None:
        """0 for each blank image, shape (N,); None where there is no such factor."""
        if "present" not in self.names:
            return None
        return self.factors[:, self.names.index("present")]

    @property
    def shown(self) -> Self:
        """The rows that show something, without the factor `present`."""
        if self.present is None:
            return self
        column, rows = self.names.index("present"), self.present > 0
        return replace(
            self,
            codes=self.codes[rows],
            factors=np.delete(self.factors[rows], column, axis=1),
            names=(*self.names[:column], *self.names[column + 1 :]),
            stds=None if self.stds is None else self.stds[rows],
            held_out=None if self.held_out is None else self.held_out[rows],
            files=None,
            rows=None,
        )

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the factors that have several values."""
        several = (self.factors != self.factors[:1]).any(axis=0)
        return tuple(name for name, many in zip(self.names, several, strict=True) if many)

    @property
    def unordered(self) -> tuple[str, ...]:
        """Names of the factors that vary and whose levels have names, which have no order."""
        known = self.space["factors"] if self.space else ()
        named = {factor["name"] for factor in known if factor["level_names"]}
        return tuple(name for name in self.varying if name in named)

    def in_basis(self, basis: ColorBasis | None) -> Self:
        """With colours in this basis; None leaves them.

        Raises:
            SbvaeError: If there are no such colours.
        """
        if not in_other_basis(self.names, self.names, basis):
            return self
        factors = factors_in_rgb(self.factors, self.names, self.names)
        return replace(self, names=names_in_rgb(self.names), factors=factors)

    def labelled(self, bins: int) -> LabelledCodes:
        """All rows beside the factors that vary among them, for metrics.

        Args:
            bins: Number of bins of a continuous factor.

        Raises:
            SbvaeError: If codes are too small to be squared.
        """
        widest = float(np.ptp(self.codes, axis=0).max())
        if 0 < widest < _LEAST_RANGE:
            raise SbvaeError(f"codes range over {widest:.0e} at most; scale them up, to about 1")
        known = self.stds is not None
        return LabelledCodes(
            self.codes.astype(np.float64, copy=False),
            self.factors[:, [self.names.index(name) for name in self.varying]].astype(np.float64),
            self.varying,
            self.circular,
            self.population,
            len(self.codes),
            bins=bins,
            unit=1.0 if known else min(1.0, float(self.codes.std(axis=0).max())),
            stds=None if self.stds is None else self.stds.astype(np.float64, copy=False),
            held_out=self.held_out,
            kinds=self.kinds,
        )


def kinds_of(factors: Sequence[FactorConfig]) -> dict[str, FactorKind]:
    """Whether each factor has levels or a range, by its name."""
    return {factor.name: "levels" if factor.levels else "range" for factor in factors}


def sample_of(whole: LabelledCodes, protocol: Protocol, at_random: bool) -> LabelledCodes:
    """As many rows as the protocol takes, of those that training saw where that is the population.

    Args:
        whole: All rows.
        protocol: How many, of which population.
        at_random: Whether the rows are of that population and in no order already.

    Raises:
        SbvaeError: If it is not known which rows training saw, or it saw fewer than two.
    """
    if not at_random:
        whole = _shuffled(whole, protocol)
    rows = len(whole.codes)
    images, share = min(protocol.images, rows), train_share(protocol, rows)
    return replace(whole, images=images, train_share=share, most_levels=protocol.most_levels)


def _shuffled(whole: LabelledCodes, protocol: Protocol) -> LabelledCodes:
    rows = np.arange(len(whole.codes))
    if protocol.population == "train":
        if whole.held_out is None:
            why = "train: needs an array held_out beside the codes"
            raise SbvaeError(why, field="population")
        rows = np.flatnonzero(~whole.held_out)
        if len(rows) < 2:
            raise SbvaeError(f"train: {len(rows)} rows are not held out", field="population")
        whole = replace(whole, population="train")
    order = stream(protocol.seed, "codes").permutation(rows)
    return whole.at(order[: protocol.pool(protocol.metrics or ())])
