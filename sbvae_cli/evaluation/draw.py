"""The images, and the votes' images, that an evaluation of a model draws and encodes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.factors import FactorRows
from sbvae_cli.data.source import Source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.basis import factors_in_rgb, in_other_basis, names_in_rgb
from sbvae_cli.evaluation.encode import Floats
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.plan import sample_size
from sbvae_cli.metrics.labelled_codes import LabelledCodes, train_share
from sbvae_cli.metrics.protocol import Protocol

Images = NDArray[np.uint8]
_TAG = 0x6576616C  # keeps these random streams apart from others of the same seed
_STREAMS = ("train", "heldout", "full", "noise-train", "noise-heldout", "votes", "test",
            "validation", "noise-validation")  # fmt: skip


def generator(protocol: Protocol, stream: str) -> np.random.Generator:
    """Random numbers of their own for each of `_STREAMS`, a function of the seed alone."""
    return np.random.default_rng([protocol.seed, _TAG, _STREAMS.index(stream)])


@dataclass(frozen=True)
class SampleDraw:
    """Draws and encodes images that show something, for the metrics of factors.

    Attributes:
        source: Of the images.
        protocol: How many, and of which population.
        encode: Images (N, H, W, C) to posterior means and stds, each (N, K).
    """

    source: Source
    protocol: Protocol
    encode: Callable[[Images], tuple[Floats, Floats]]

    def sample(self, findings: list[Finding]) -> LabelledCodes:
        """Codes beside the factors that vary among them.

        Args:
            findings: Gets the factors that do not.

        Raises:
            SbvaeError: If every image is blank.
        """
        protocol, source = self.protocol, self.source
        images = protocol.images
        test_images = protocol.pool(protocol.metrics or ()) - images
        if self._fresh:
            parts = [self._present("full", images)]
            if test_images:
                parts.append(self._present("test", test_images))
        else:  # no row is to be in both parts
            parts = [self._present("full", images + protocol.test_images, images + test_images)]
        codes, stds, factors = (np.concatenate(part) for part in zip(*parts, strict=True))
        names, kept = self._columns(factors)
        several = np.flatnonzero((kept != kept[:1]).any(axis=0)).tolist()
        constant = [name for i, name in enumerate(names) if i not in several]
        if constant:
            findings.append(Finding("constant-factors", tuple(constant)))
        return LabelledCodes(
            codes,
            kept[:, several],
            tuple(names[i] for i in several),
            source.space.circular,
            protocol.population if source.can_render else "file",
            min(images, len(codes)),
            train_share(protocol, len(codes)),
            protocol.bins,
            stds=stds,
        )

    @property
    def _fresh(self) -> bool:
        """Whether each draw has images of its own, instead of rows of one file."""
        return self.source.stored_rows(self.protocol.population) is None

    def _present(
        self, stream: str, count: int, encoded: int | None = None
    ) -> tuple[Floats, Floats, FactorRows]:
        """Codes, stds and factors of so many images with something, or of all in a file.

        Args:
            stream: Of random numbers.
            count: Images to draw.
            encoded: Images to encode, the first ones; all where None.
        """
        wanted, blanks = self.protocol.population, self.source.space.blank
        if wanted != "train" and self.source.can_render:
            blanks = 0.0
        count = sample_size(self.source, count)
        drawn = sample_size(self.source, int(1.1 * count / (1 - blanks)) + 16 if blanks else count)
        images, factors = self.source.sample(generator(self.protocol, stream), drawn, wanted)
        present = np.flatnonzero(~np.isnan(factors).any(axis=1))[: min(count, encoded or count)]
        if not len(present):
            raise SbvaeError(f"{self.source.name}: every image is blank, no metric can be computed")
        return *self.encode(images[present]), factors[present]

    def _columns(self, factors: FactorRows) -> tuple[tuple[str, ...], Floats]:
        """Names and values of the factors that vary, colours in the basis that is asked for."""
        space = self.source.space
        names = space.varying
        kept = factors[:, [space.index(name) for name in names]].astype(np.float64)
        if not in_other_basis(space.names, names, self.protocol.color_basis):
            return names, kept
        return names_in_rgb(names), factors_in_rgb(factors, space.names, names)
