"""Formats of output files: their endings, their names, and how to recognise them."""

import re
import zipfile
from pathlib import Path

PICTURE_ENDINGS = (".png", ".svg", ".gif", ".webp")
OWN_ENDINGS = {
    "picture": PICTURE_ENDINGS[:2],
    "moving picture": PICTURE_ENDINGS,
    "animation": (".gif", ".webp"),
    "HDF5": (".h5", ".hdf5", ".hdf", ".he5"),
    "NPZ": (".npz",),
    "JSON": (".json",),
    "CSV": (".csv",),
    "safetensors": (".safetensors",),
    "page": (".html", ".htm"),
}
WORDS = {
    "picture": "a picture",
    "moving picture": "a picture",
    "animation": "an animation",
    "HDF5": "an HDF5 file",
    "NPZ": "an NPZ file of codes",
    "JSON": "a JSON file",
    "CSV": "a CSV file",
    "safetensors": "a safetensors file",
    "page": "a page of sbvae explore",
}
FORMATS = {
    "picture": "PNG or SVG",
    "moving picture": "PNG, SVG, GIF or WebP",
    "animation": "GIF or WebP",
    "page": "HTML",
}
EXAMPLES = {
    "picture": "picture.png",
    "moving picture": "picture.png",
    "animation": "unfolding.gif",
    "HDF5": "data.h5",
    "NPZ": "codes.npz",
    "safetensors": "model.safetensors",
    "page": "explorer.html",
}
HDF5_START = b"\x89HDF\r\n\x1a\n"
PAGE = b'<script type="application/json" id="sbvae">'
PICTURES = re.compile(rb"\x89PNG\r\n\x1a\n|GIF8|RIFF....WEBP|(<\?xml.*)?<svg\b", re.DOTALL)
# Endings of other formats; a file without an ending or with an unknown one may have any format.
OTHER_ENDINGS = (
    *(".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".pdf", ".svg", ".eps"),
    *(".csv", ".tsv", ".txt", ".jsonl", ".yaml", ".yml", ".toml", ".xlsx", ".parquet"),
    *(".npy", ".mat", ".pkl", ".pt", ".pth", ".zip", ".tar", ".gz", ".md", ".html", ".py", ".onnx"),
)


def is_of(kind: str, path: Path, start: bytes) -> bool:
    """Return whether a file has the given format.

    Args:
        kind: Format, a key of `OWN_ENDINGS`.
        path: The file.
        start: First bytes of the file, at least 9 unless it is shorter.
    """
    if kind == "NPZ":
        return zipfile.is_zipfile(path) and "codes.npy" in zipfile.ZipFile(path).namelist()
    if kind == "safetensors":  # 8 bytes with the length of the header, then the header in JSON
        return start[8:9] == b"{"
    if kind == "page":
        return PAGE in start
    if kind == "JSON":
        return start.lstrip()[:1] in (b"{", b"[") and b"\0" not in start
    return start.startswith(HDF5_START) if kind == "HDF5" else bool(PICTURES.match(start))
