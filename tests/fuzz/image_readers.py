"""Images: alone, in archives, and with a table of their factors."""

import io
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
from array_readers import read_own
from PIL import Image
from reader import Reader, Tree, run

from sbvae_cli.data.imports import import_chairs
from sbvae_cli.viz.metadata import gif_comment, png_chunks, svg_element, webp_exif

Image.init()  # which lists the formats that Pillow can write here
ABOUT = {
    **{"version": "0.1", "command": "sbvae geometry a", "seed": 0, "step": 7},
    "scores": {"mig": 0.5},
    "runs": [{"run": "a", "scores": {"x,y": {"rmse": 0.1}}}, {"run": "b", "step": 3}],
}  # fmt: skip


def image(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """A small image file."""
    content, size = io.BytesIO(), (7, 5)
    if mode == "I;16":
        pixels = Image.fromarray((np.arange(35) * 900).astype(np.uint16).reshape(5, 7))
    else:
        pixels = Image.new(mode, size, 3)
        pixels.paste(1 if mode in "1LPF" else (9, 8, 7, 6)[: len(mode)], (1, 1, 4, 3))
    pixels.save(content, kind, **options)
    return content.getvalue()


def animation(kind: str) -> bytes:
    first, *others = (Image.new("RGB", (7, 5), (i * 60, 0, 9)) for i in range(3))
    content = io.BytesIO()
    first.save(content, kind, save_all=True, append_images=others)
    return content.getvalue()


KINDS = [
    *(image("PNG"), image("PNG", "RGBA"), image("PNG", "P"), image("PNG", "I;16")),
    *(image("JPEG"), image("JPEG", "L", progressive=True), image("BMP"), image("GIF", "P")),
    *(image("TIFF"), image("TIFF", "F"), image("TIFF", "I;16", compression="tiff_lzw")),
    *(image("TIFF", compression="tiff_adobe_deflate"), image("TIFF", "1", compression="group4")),
    *(image("WEBP"), image("PPM"), image("TGA"), image("ICO"), image("PCX"), image("SGI")),
    *(animation("GIF"), animation("TIFF"), animation("WEBP"), animation("PNG")),
    *(image("JPEG2000"), image("DDS"), image("IM"), image("MSP", "1"), image("SPIDER", "F")),
    *(image("XBM", "1"), image("ICNS"), image("BLP", "P")),
    *([image("AVIF")] if "AVIF" in Image.SAVE else []),
]
DRAWN = [
    image("PNG", pnginfo=png_chunks(ABOUT)),
    image("GIF", "P", comment=gif_comment(ABOUT)),
    image("WEBP", exif=webp_exif(ABOUT)),
    f"<svg xmlns='http://www.w3.org/2000/svg'>{svg_element(ABOUT)}</svg>".encode(),
]
FOLDER = {"0.png": KINDS[0], "a/1.jpg": KINDS[4], "a/2.gif": KINDS[7], "notes.txt": b"x"}
CHAIRS = {
    f"chairs/abc{i}/renders/image_{k:03d}_p020_t{60 * k:03d}_r096.png": KINDS[0]
    for i in range(2) for k in range(3)
}  # fmt: skip


def write_bytes(path: Path, tree: Tree) -> None:
    path.write_bytes(tree["content"])


def write_about(path: Path, tree: Tree) -> None:
    """What a picture says of itself, in the format that the tree names."""
    kinds = {
        "PNG": lambda: image("PNG", pnginfo=png_chunks(tree["about"])),
        "GIF": lambda: image("GIF", "P", comment=gif_comment(tree["about"])),
        "WEBP": lambda: image("WEBP", exif=webp_exif(tree["about"])),
        "SVG": lambda: f"<svg>{svg_element(tree['about'])}</svg>".encode("utf-8", "replace"),
    }
    path.write_bytes(kinds[tree["kind"]]())


def write_zip(path: Path, tree: Tree) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)


def write_tar(path: Path, tree: Tree) -> None:
    with tarfile.open(path, f"w:{tree['compression']}") as archive:
        for name, content in tree["members"].items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = tree["types"].get(name, tarfile.REGTYPE)
            archive.addfile(member, io.BytesIO(content))


def read_image(path: Path) -> None:
    """As one of a folder's images, and by `info`."""
    folder = Path("images")
    folder.mkdir(exist_ok=True)
    (folder / "0.png").write_bytes(path.read_bytes())
    run("info", path)
    read_own(folder)


def read_chairs(path: Path) -> None:
    imported = import_chairs(path, (8, 6), invert=True, strict=False)
    with imported.open_files:
        for _ in imported.batches:
            pass
        imported.finish()


def write_table(path: Path, tree: Tree) -> None:
    rows = (tree["separator"].join(map(str, row)) for row in tree["rows"])
    path.write_text("\n".join(rows), encoding="utf-8")


def read_table(path: Path) -> None:
    """Beside three images."""
    folder = Path("three")
    if not folder.exists():
        folder.mkdir()
        for i in range(3):
            (folder / f"{i}.png").write_bytes(KINDS[0])
    read_own(folder, path)


TABLE = [["file", "x", "shape", "tilt"], ["0.png", "0.5", "square", "10"],
         ["1.png", "0.7", "heart", "350"], ["2.png", "1e-3", "square", "120"]]  # fmt: skip
READERS = {
    "image": Reader("0.png", [{"content": each} for each in KINDS], write_bytes, read_image),
    "picture": Reader(
        "drawn.png",
        [*({"kind": kind, "about": ABOUT} for kind in ("PNG", "GIF", "WEBP", "SVG"))],
        write_about, partial(run, "info"),
    ),
    "zip": Reader("a.zip", [FOLDER, {**FOLDER, "x.npy": b"\x93NUMPY"}], write_zip, read_own),
    "zip of chairs": Reader("chairs.zip", [CHAIRS], write_zip, read_chairs),
    "tar": Reader(
        "a.tar",
        [{"compression": each, "members": FOLDER, "types": {}} for each in ("", "gz", "bz2", "xz")],
        write_tar, read_own,
    ),
    "csv": Reader(
        "t.csv",
        [
            {"separator": ",", "rows": TABLE},
            {"separator": ";", "rows": [["name", "x"], ["0", "0,5"], ["1", "0,7"], ["2", "1,25"]]},
        ],
        write_table, read_table,
    ),
}  # fmt: skip
