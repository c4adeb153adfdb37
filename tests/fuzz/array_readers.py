"""Files of arrays: datasets and other HDF5, NPZ, MATLAB, and codes."""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
from reader import Reader, Tree, array, run

from sbvae_cli.config.dataset_names import named_space
from sbvae_cli.data.contents import recognise_contents
from sbvae_cli.data.fingerprint import fingerprint
from sbvae_cli.data.importers.factor_columns import NONE_DECLARED
from sbvae_cli.data.imports import import_own
from sbvae_cli.data.source import open_source
from sbvae_cli.errors import SbvaeError
from sbvae_cli.evaluation.codes_file import read_codes
from sbvae_cli.random import stream

PIXELS = {"dtype": "u1", "shape": [6, 5, 4, 3]}
SPACE = named_space("circles:xy-hole").model_dump(mode="json")
HUE = named_space("circles:xh").model_dump(mode="json")
LATENTS = {"dtype": "f8", "shape": [12, 3]}
LABELS = {"dtype": "f8", "values": [[i % 3, i % 4] for i in range(12)]}


def write_hdf5(path: Path, tree: Tree) -> None:
    """Root attributes and arrays; one that is large is claimed, and not written."""
    is_matlab = bool(tree.get("matlab"))
    with h5py.File(path, "w", userblock_size=512 * is_matlab) as file:
        for name, value in tree["attributes"].items():
            whole = json.dumps(value) if isinstance(value, dict | list) else value
            file.attrs[name] = whole
        for name, spec in tree["arrays"].items():
            storage: dict[str, Any] = {"chunks": spec.get("chunks") and tuple(spec["chunks"])}
            storage["compression"] = spec.get("compression")
            if "link" in spec:
                file[name] = h5py.SoftLink(spec["link"])
            elif "external" in spec:
                file[name] = h5py.ExternalLink(spec["external"], name)
            elif "refers" in spec:
                references = [file[each].ref for each in spec["refers"]]
                file.create_dataset(name, data=references, dtype=h5py.ref_dtype, **storage)
            elif (
                "packed" in spec and min(spec["shape"]) >= 0
            ):  # of others h5py seeks chunks for ever
                made = file.create_dataset(name, tuple(spec["shape"]), spec["dtype"], **storage)
                made.id.write_direct_chunk((0,) * made.ndim, bytes(spec["packed"]))
            elif np.prod([float(n) for n in spec.get("shape", [0])]) > 100_000:
                file.create_dataset(name, tuple(spec["shape"]), spec["dtype"], **storage)
            else:
                file.create_dataset(name, data=array(spec), **storage)
    if is_matlab:
        with path.open("r+b") as content:
            content.write(b"MATLAB 7.3 MAT-file".ljust(512))


def hdf5(attributes: dict[str, Any], **arrays: dict[str, Any]) -> Tree:
    return {"attributes": attributes, "arrays": arrays}


def dataset(space: dict[str, Any]) -> Tree:
    columns = len(space["factors"]) - len(space["online"])
    factors = [[0.1 * i + 0.01 * k for k in range(columns)] for i in range(6)]
    attributes = {"sbvae_format": 1, "name": "xy", "seed": 0, "space": space, "complete": True}
    return hdf5(
        {**attributes, "held_out_share": 0.25, "contents_hash": "ab12"},
        images={**PIXELS, "chunks": [4, 5, 4, 3], "compression": 1},
        factors={"dtype": "f4", "values": factors},
        files={"dtype": "S4", "values": [f"{i}.pn" for i in range(6)]},
    )


ROOM = [[h, w, o, s, k, r] for h in (0, 0.5) for w in (0, 0.5) for o in (0, 0.5)
        for s in (0.75, 1.25) for k in (0, 1) for r in (-30, 30)]  # fmt: skip


def read_dataset(path: Path) -> None:
    run("info", path)
    source = open_source(path)
    try:
        fingerprint(source)
        _ = source.files
        source.sample(stream(0, "drawn"), 4)
        source.sample(stream(0, "drawn"), 4, "full")
    finally:
        if source.file:
            source.file.close()


def read_own(path: Path, table: Path | None = None, levels: tuple[int, int] | None = None) -> None:
    """Read images of any kind as `gen-data images` does, to the last of them."""
    plain: dict[str, Any] = {"declared": NONE_DECLARED, "fit": "crop", "grey": False}
    try:
        imported = import_own(path, table, (8, 6), **plain, strict=False, levels=levels)
    except SbvaeError as error:
        if levels or "`levels=" not in str(error):
            raise
        return read_own(path, table, (0, 65_535))  # of numbers whose range somebody must say
    with imported.open_files:
        for _ in imported.batches:
            pass
        imported.finish()
    if imported.report:
        _ = imported.report.notes(), imported.report.warnings()


def write_npz(path: Path, tree: Tree) -> None:
    """Members in NumPy's format, whose headers say what they say."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, spec in tree.items():
            content = io.BytesIO()
            if "header" in spec:
                header = repr(spec["header"]).encode().ljust(117) + b"\n"
                content.write(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header)
                content.write(spec["data"])
            else:
                np.save(content, array(spec), allow_pickle=True)
            archive.writestr(f"{name}.npy", content.getvalue())


def stated(kind: str, shape: list[int], data: bytes) -> Tree:
    return {"header": {"descr": kind, "fortran_order": False, "shape": tuple(shape)}, "data": data}


def write_mat(path: Path, tree: Tree) -> None:
    scipy.io.savemat(path, {name: array(spec) for name, spec in tree.items()}, do_compression=True)


WORDS = {"dtype": "U3", "values": ["a", "b"]}
IMAGES = bytes(range(120)) * 3
READERS = {
    "dataset": Reader(
        "d.h5", [dataset(SPACE), dataset({**HUE, "renderer": None})], write_hdf5, read_dataset
    ),
    "3dshapes": Reader(
        "room.h5",
        [hdf5({}, images={**PIXELS, "shape": [64, 2, 2, 3], "chunks": [16, 2, 2, 3]},
              labels={"dtype": "f8", "values": ROOM})],
        write_hdf5, read_dataset,
    ),
    "hdf5 of images": Reader(
        "own.h5",
        [
            hdf5({}, images=PIXELS, labels={"dtype": "i4", "shape": [6, 2]}),
            hdf5({}, **{"train/x": {"dtype": "f4", "shape": [6, 3, 5, 4]}, "y": {"link": "/z"},
                        "z": {"dtype": "S3", "values": ["a", "b", "c", "a", "b", "c"]},
                        "far": {"external": "there.h5"}}),
            {"matlab": True, **hdf5({}, images={**PIXELS, "shape": [3, 4, 5, 6]},
                                    y={"dtype": "f8", "shape": [1, 6]})},
            {"matlab": True, **hdf5({}, **{
                "#refs#/a": {"dtype": "u1", "shape": [8, 9]},
                "#refs#/b": {"dtype": "u1", "shape": [8, 9]},
                "x": {"refers": ["#refs#/a", "#refs#/b"], "chunks": [2], "compression": 1}})},
            hdf5({}, images={**PIXELS, "chunks": [6, 5, 4, 3], "compression": 1,
                             "packed": zlib.compress(bytes(range(180)) * 2)}),
        ],
        write_hdf5, read_own,
    ),
    "npz of images": Reader(
        "own.npz",
        [
            {"images": PIXELS, "labels": {"dtype": "i4", "shape": [6, 2]}},
            {"x": stated("|u1", [6, 5, 4, 3], IMAGES), "y": {"dtype": "U3", "values": ["a", "b"]}},
            {"images": {"dtype": "f4", "shape": [5, 4, 3, 6]}, "factors": LABELS},
        ],
        write_npz, read_own,
    ),
    "mat": Reader(
        "own.mat",
        [
            {"images": {"dtype": "u1", "shape": [5, 4, 3, 6]}, "y": {"dtype": "f8", "shape": [6]}},
            {"x": {"dtype": "f8", "shape": [4, 5, 30]}, "names": WORDS},
        ],
        write_mat, read_own,
    ),
    "codes": Reader(
        "codes.npz",
        [
            {"codes": LATENTS, "factors": LABELS, "names": {"dtype": "U3", "values": ["x", "y"]}},
            {
                "codes": LATENTS, "factors": LABELS, "stds": LATENTS,
                "names": {"dtype": "U9", "values": ["x", "present"]},
                "kinds": {"dtype": "U9", "values": ["range", "levels"]},
                "circular": {"dtype": "U1", "values": ["x"]},
                "held_out": {"dtype": "?", "values": [True, False] * 6},
                "rows": {"dtype": "i8", "values": [*range(12)]},
                "files": {"dtype": "U2", "values": ["a"] * 12},
            },
            {
                "codes": stated("<f4", [12, 1], bytes(48)),
                "factors": stated("<i2", [12, 1], bytes(24)),
            },
        ],
        write_npz, lambda path: (recognise_contents(path), read_codes(path)),
    ),
}  # fmt: skip
