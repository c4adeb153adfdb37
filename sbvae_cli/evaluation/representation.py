"""Codes with the factors of their images, from a model or from a user's file."""

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

_MIN_RANGE = 1e-70  # squares of smaller ranges, and their products, could be 0

Bools = NDArray[np.bool_]
Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Representation:
    """Codes of images with their factors: output of `encode` and input of `eval`.

    Attributes:
        codes: Posterior means, shape (N, K).
        factors: Factor values, shape (N, F); NaN where an image is blank.
        names: Names of the F factors; one named `present` is 0 where an image is blank.
        circular: Names of factors whose range is a full turn.
        stds: Posterior stds, at least 0, shape (N, K); None if unknown.
        held_out: Whether training left out each image, shape (N,); None if unknown.
        population: Name of the images' population; "file" for rows of a file.
        at_random: Whether the rows are independent draws in no particular order.
        unread: Names of arrays of a file that were not read.
        kinds: "levels" or "range" by the factor's name; other factors' kinds are guessed from
            values.
        space: Factor space in the serial form of a data file; None if unknown.
        rows: Row numbers in a data file, ascending, shape (N,); None for all rows.
        files: Names of the N image files; None if unknown.
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
        """The factor `present`, 0 for each blank image, shape (N,); None if there is none."""
        if "present" not in self.names:
            return None
        return self.factors[:, self.names.index("present")]

    @property
    def nonblank(self) -> Self:
        """Rows that are not blank, without the factor `present`."""
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
        """Names of varying factors with named levels, which have no order."""
        known = self.space["factors"] if self.space else ()
        named = {factor["name"] for factor in known if factor["level_names"]}
        return tuple(name for name in self.varying if name in named)

    def in_basis(self, basis: ColorBasis | None) -> Self:
        """Convert colours to a basis; None leaves them unchanged.

        Raises:
            SbvaeError: If the factors have no colours in a suitable basis.
        """
        if not in_other_basis(self.names, self.names, basis):
            return self
        factors = factors_in_rgb(self.factors, self.names, self.names)
        return replace(self, names=names_in_rgb(self.names), factors=factors)

    def labelled(self, bins: int) -> LabelledCodes:
        """Return all rows with the factors that vary among them, for metrics.

        Args:
            bins: Number of bins of a continuous factor.

        Raises:
            SbvaeError: If the range of the codes is too small for their squares.
        """
        widest = float(np.ptp(self.codes, axis=0).max())
        if 0 < widest < _MIN_RANGE:
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
    """Return "levels" or "range" for each factor, by its name."""
    return {factor.name: "levels" if factor.levels else "range" for factor in factors}


def sample_of(whole: LabelledCodes, protocol: Protocol, at_random: bool) -> LabelledCodes:
    """Draw the protocol's number of rows, only rows of training if its population is "train".

    Args:
        whole: All rows.
        protocol: Protocol, which has the number of images and the population.
        at_random: Whether the rows are already of that population and in random order.

    Raises:
        SbvaeError: If held-out rows must be left out and are unknown, or fewer than two others
            remain.
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
