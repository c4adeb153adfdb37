"""Colours of both themes: told apart by readers who confuse hues, and read on their paper."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from sbvae_cli.config.names import ThemeName
from sbvae_cli.viz.theme import BAD, INK, PAPER, QUIET, RGB, SERIES, THEMES, UNUSED, resolve

# Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color
# Vision Deficiency", Table 1 at a severity of 1: from linear RGB to linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
LEAST = 0.07  # in Oklab, where 0.02 is just seen
LEAST_OF_TWO = 0.2  # of deconv and broadcast, which most figures compare


def linear(colour: RGB) -> NDArray[np.float64]:
    """Linear RGB of sRGB (IEC 61966-2-1)."""
    c = np.array(colour) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Oklab of linear RGB (Ottosson 2020)."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_cones) @ rgb)


def seen(colour: RGB, vision: str) -> NDArray[np.float64]:
    return oklab(np.clip(VISIONS[vision] @ linear(colour), 0, 1))


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio of WCAG 2."""
    dark, light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_the_measures_are_the_published_ones() -> None:
    for matrix in VISIONS.values():  # white stays white
        assert matrix.sum(axis=1) == pytest.approx(1, abs=1e-5)
    red, green = seen((190, 0, 0), "deuteranopia"), seen((98, 105, 0), "deuteranopia")
    assert (
        np.linalg.norm(red - green)
        < 0.03
        < np.linalg.norm(seen((190, 0, 0), "normal") - seen((98, 105, 0), "normal"))
    )
    assert oklab(linear((255, 255, 255))) == pytest.approx([1, 0, 0], abs=1e-6)
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", THEMES)
def test_series_are_told_apart(theme: ThemeName, vision: str) -> None:
    colours = [THEMES[theme][role.name] for role in SERIES]
    for (i, one), (j, other) in itertools.combinations(enumerate(colours), 2):
        distance = np.linalg.norm(seen(one, vision) - seen(other, vision))
        assert distance >= (LEAST_OF_TWO if j == 1 else LEAST), (i, j)


@pytest.mark.parametrize("theme", THEMES)
def test_series_stand_out_from_the_paper(theme: ThemeName) -> None:
    for role in SERIES:
        assert contrast(THEMES[theme][role.name], THEMES[theme][PAPER.name]) >= 3, role


@pytest.mark.parametrize("theme", THEMES)
def test_texts_are_read_on_the_paper(theme: ThemeName) -> None:
    for role in (INK, QUIET, UNUSED, BAD):
        assert contrast(THEMES[theme][role.name], THEMES[theme][PAPER.name]) >= 4.5, role


def test_themes_have_the_same_roles_and_a_role_its_opacity() -> None:
    assert THEMES["light"].keys() == THEMES["dark"].keys()
    for theme, role in itertools.product(THEMES, (INK, *SERIES)):
        assert resolve(role.faded(40), theme) == (*THEMES[theme][role.name], 40)
    assert resolve((1, 2, 3), "dark") == (1, 2, 3, 255)
