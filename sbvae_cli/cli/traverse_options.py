"""Parses options of `traverse`, and refuses options that do not fit each other."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from sbvae_cli.errors import SbvaeError

ANIMATION_ENDINGS = (".gif", ".webp")
# Arguments that do not apply to each kind of picture.
_INAPPLICABLE: dict[str, tuple[str, ...]] = {
    "samples": ("start_image", "latents", "top", "range", "columns"),
    "interpolate": ("start_image", "latents", "top", "range"),
    "reconstructions": ("latents", "top", "range", "columns"),
}


def refuse_two_kinds(given: Collection[str], out: Path) -> None:
    """Refuse options that do not apply to the requested kind of picture.

    Args:
        given: Names of the arguments on the command line.
        out: File to write.

    Raises:
        SbvaeError: If two kinds of picture are requested, an option does not apply to the kind, or
            reconstructions are requested as an animation.
    """
    kinds = [kind for kind in _INAPPLICABLE if kind in given]
    if len(kinds) > 1:
        raise SbvaeError(f"`{kinds[0]}` and `{kinds[1]}` are two pictures; give one of them")
    for kind in kinds:
        for name in _INAPPLICABLE[kind]:
            if name in given:
                raise SbvaeError(f"does not apply to `{kind}`; leave one out", field=name)
    if "reconstructions" in kinds and out.suffix.lower() in ANIMATION_ENDINGS:
        name = out.with_suffix(".png").name
        raise SbvaeError(f"{out}: reconstructions are not animated; name it {name}", field="out")


def refuse_numbers(targets: Sequence[Path]) -> None:
    """Refuse numbers among the models, which come from a list with blanks, such as `9, 3`.

    Raises:
        SbvaeError: If a target is a number and not an existing file.
    """
    numbers = [str(path) for path in targets if str(path).isdigit() and not path.exists()]
    if numbers:
        found = " ".join(numbers)
        raise SbvaeError(
            f"{found}: unexpected argument; separate a list by commas without blanks, as 9,3"
        )


def parse_images(texts: Sequence[str], option: str) -> list[int | Path]:
    """Parse indices of images, as `3` or `3,17`, and image files.

    Args:
        texts: Values of the option, which may be repeated.
        option: Name of the argument.

    Raises:
        SbvaeError: If a value is empty, negative or not an existing file, or an image is repeated.
    """
    found: list[int | Path] = []
    for text in texts:
        numbers = re.fullmatch(r"[\d,\s]+", text)
        for part in [text] if not numbers and Path(text).exists() else text.split(","):
            name = part.strip()
            if not name or re.fullmatch(r"-\d+", name):
                raise SbvaeError(
                    f"{text}: name images by number, as 3 or 3,17, or a file", field=option
                )
            number = re.fullmatch(r"\d{1,15}", name)
            if not number and not Path(name).exists():
                raise SbvaeError(
                    f"{name}: there is no such file; name images by number, as 3,17, or a file",
                    field=option,
                )
            found.append(int(name) if number else Path(name))
    twice = [each for i, each in enumerate(found) if each in found[:i]]
    if twice:
        raise SbvaeError(f"{twice[0]} is named twice", field=option)
    return found
