"""Read codes and factors from an NPZ file of any origin, and write such a file."""

import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sbvae_cli.data.importers.cells import refuse_inexact
from sbvae_cli.data.importers.npy import check_fits, read_array_header
from sbvae_cli.errors import SbvaeError, printable
from sbvae_cli.evaluation.representation import Representation
from sbvae_cli.evaluation.stated_factors import (
    Arrays,
    stated_kinds,
    stated_names,
    stated_space,
    stated_texts,
)
from sbvae_cli.system_errors import unreadable

Floats = NDArray[np.float64]

HOW_TO_WRITE = (
    "write numpy.savez(path, codes=..., factors=...), codes (N, K) and, where they are known, "
    "factors (N, F)"
)
MAGIC = b"\x93NUMPY"
ARRAYS_READ = (
    "codes",
    "factors",
    "names",
    "circular",
    "kinds",
    "space",
    "stds",
    "held_out",
    "rows",
)
_EXTRA_ARRAYS = ("files",)  # not read, but written for users of the codes
# Of an array: its size, and largest ratio to its packed size.
_MANY_BYTES, _MAX_PACKED = 64 << 20, 500
MAX_VALUE = 1e70  # fourth powers of such values, and their sums, are finite


def read_codes(path: Path) -> Representation:
    """Read arrays `codes` (N, K) and `factors` (N, F), and optional ones.

    Without `factors`, only scores that need no factors can be computed. Optional arrays are
    `names`, one for each factor; `circular`, the names of factors whose range is a full turn;
    `kinds`, "levels" or "range" for each factor, which is otherwise guessed from its values; `stds`
    (N, K) of the posteriors; `held_out` (N,), whether training left a row out; and `rows` (N,),
    their numbers in a data file that has further rows. Rows whose factor `present` is 0 are blank.
    `sbvae encode` writes these arrays, and also `space`, the JSON of the factor space in a data
    file, and `files` (N,), the names of the image files.

    Raises:
        SbvaeError: If the file cannot be read, codes are missing, or an array has a wrong type or
            shape or values that are not finite.
    """
    arrays = _arrays(path)
    codes, factors = _codes_and_factors(path, arrays)
    names = stated_names(path, arrays, factors.shape[1])
    circular = stated_texts(path, arrays, "circular") if "circular" in arrays else ()
    unknown = [name for name in circular if name not in names]
    if unknown:
        raise SbvaeError(f"{path}: circular names {unknown[0]}, which is not a factor")
    latents = [str(i) for i in range(codes.shape[1])]
    _refuse_infinite(path, "codes", codes, latents)
    found = Representation(
        codes,
        factors,
        names,
        frozenset(circular),
        _stds(path, arrays, codes.shape, latents),
        _held_out(path, arrays, len(codes)),
        unread=tuple(
            printable(name) for name in arrays if name not in (*ARRAYS_READ, *_EXTRA_ARRAYS)
        ),
        kinds=stated_kinds(path, arrays, names),
        space=stated_space(path, arrays, names),
        rows=_rows(path, arrays, len(codes)),
    )
    _check_factors(path, found)
    return found


def write_codes(file: BinaryIO, representation: Representation) -> None:
    """Write a representation to a file that `read_codes` can read."""
    circular = [name for name in representation.names if name in representation.circular]
    known: dict[str, Any] = {"stds": representation.stds, "held_out": representation.held_out}
    known["rows"] = representation.rows
    arrays: dict[str, Any] = {name: array for name, array in known.items() if array is not None}
    kinds = [representation.kinds.get(name) for name in representation.names]
    if all(kinds):
        arrays["kinds"] = np.array(kinds, dtype=np.str_)
    if representation.space is not None:
        arrays["space"] = np.array(json.dumps(representation.space))
    if representation.files is not None:
        arrays["files"] = np.array(representation.files, dtype=np.str_)
    np.savez(
        file,
        codes=representation.codes,
        factors=representation.factors,
        names=np.array(representation.names, dtype=np.str_),
        circular=np.array(circular, dtype=np.str_),
        **arrays,
    )


def _check_factors(path: Path, found: Representation) -> None:
    """Check that at least two rows are not blank, and that their factors are finite."""
    if found.present is None:
        _refuse_infinite(path, "factors", found.factors, found.names, _MARK_BLANK)
        return
    _refuse_infinite(path, "factors", found.present[:, None], ["present"])
    shown = found.nonblank
    if len(shown.codes) < 2:
        found_rows = "only one row" if len(shown.codes) else "no row"
        raise SbvaeError(f"{path}: has {found_rows} that is not blank; at least two are needed")
    _refuse_infinite(path, "factors", shown.factors, shown.names)


_MARK_BLANK = ", or name a factor present, 0 where an image is blank"


def _codes_and_factors(path: Path, arrays: Arrays) -> tuple[Floats, Floats]:
    if "codes" not in arrays:
        found = ", ".join(map(printable, arrays)) or "nothing"
        raise SbvaeError(f"{path}: has {found}, but not the array codes; {HOW_TO_WRITE}")
    codes = _numbers(path, "codes", arrays["codes"])
    factors = np.empty((len(codes), 0))
    if "factors" in arrays:
        factors = _numbers(path, "factors", arrays["factors"])
    if len(codes) != len(factors):
        turned = " (is one of them transposed?)" if len(codes) in factors.shape else ""
        raise SbvaeError(
            f"{path}: codes have {len(codes):,} rows and factors {len(factors):,}{turned}; "
            f"{HOW_TO_WRITE}"
        )
    if codes.shape[1] == 0 or len(codes) < 2:
        raise SbvaeError(
            f"{path}: codes have shape {codes.shape}; at least 2 rows and 1 latent are needed"
        )
    if len(codes) < min(codes.shape[1], factors.shape[1]):
        raise SbvaeError(
            f"{path}: {len(codes):,} rows of {codes.shape[1]:,} latents and of "
            f"{factors.shape[1]:,} factors are too few, or both are transposed: write codes.T and "
            "factors.T"
        )
    return codes, factors


def _stds(
    path: Path, arrays: Arrays, shape: tuple[int, ...], latents: Sequence[str]
) -> Floats | None:
    if "stds" not in arrays:
        return None
    stds = _numbers(path, "stds", arrays["stds"])
    if stds.shape != shape:
        raise SbvaeError(
            f"{path}: stds have shape {stds.shape} and codes {shape}; give one for "
            "each code, or leave them out"
        )
    _refuse_infinite(path, "stds", stds, latents)
    if stds.min() < 0:
        raise SbvaeError(
            f"{path}: stds reach {stds.min():g}; they are at least 0 (for the "
            "logarithm of the variance, write numpy.exp(logvar / 2))"
        )
    return stds


def _rows(path: Path, arrays: Arrays, count: int) -> NDArray[np.int64] | None:
    """Return the rows' numbers in the data file."""
    if "rows" not in arrays:
        return None
    found = arrays["rows"]
    if found.shape != (count,) or found.dtype.kind not in "iu" or found.min(initial=0) < 0:
        raise SbvaeError(
            f"{path}: rows must be {count:,} integers of at least 0, one for each code"
        )
    return found.astype(np.int64)


def _held_out(path: Path, arrays: Arrays, rows: int) -> NDArray[np.bool_] | None:
    if "held_out" not in arrays:
        return None
    found = arrays["held_out"]
    flags = found.astype(np.int64) if found.dtype.kind in "biu" else np.array([-1])
    if found.shape != (rows,) or not np.isin(flags, (0, 1)).all():
        raise SbvaeError(
            f"{path}: held_out is {found.dtype} of shape {found.shape}; it must be True or False "
            f"for each of {rows:,} rows"
        )
    return flags.astype(np.bool_)


def _arrays(path: Path) -> Arrays:
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                raise SbvaeError(f"{path}: holds one array without a name; {HOW_TO_WRITE}")
            file.seek(0)
            loaded = np.load(file, allow_pickle=False)
            # Other arrays are named in errors but not read.
            return {
                name: _array(path, name, loaded) if name in ARRAYS_READ else np.empty(0)
                for name in loaded.files
            }
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SbvaeError(f"{path}: is not an NPZ file of arrays; {HOW_TO_WRITE}") from error


def _check_size(path: Path, name: str, archive: zipfile.ZipFile) -> None:
    """Refuse an array that does not fit in memory or has a wrong size, before reading it."""
    found = next(each for each in archive.infolist() if each.filename in (f"{name}.npy", name))
    with archive.open(found) as stream:
        header = read_array_header(stream)
    check_fits(archive, found.filename, header)
    packed = found.file_size > _MAX_PACKED * found.compress_size
    if not header.dtype.hasobject and packed and found.file_size > _MANY_BYTES:
        raise SbvaeError(
            f"{path}: {name} are {found.file_size >> 20:,} MB, packed into "
            f"{found.compress_size / 1e6:.1f} MB, more tightly than codes; write the file again"
        )


_WORDS = ("names", "circular", "kinds", "space")
_PLAIN = {name: f"store words, as numpy.array({name}, dtype=str)" for name in _WORDS}


def _array(path: Path, name: str, loaded: Any) -> NDArray[np.generic]:
    try:
        _check_size(path, name, loaded.zip)
        array: NDArray[np.generic] = loaded[name]
        return array
    except MemoryError:
        raise SbvaeError(f"{path}: {name} does not fit into memory") from None
    except SbvaeError:
        raise
    except Exception as error:  # broken archives make zipfile and NumPy raise any exception
        if "allow_pickle" in str(error):
            plain = _PLAIN.get(name, "store numbers")
            what = f"holds Python objects, which are never unpickled; {plain}"
        else:
            what = "is damaged; write the file again"
        raise SbvaeError(f"{path}: {name} {what}") from error


def _numbers(path: Path, name: str, array: NDArray[np.generic]) -> Floats:
    if array.dtype.kind not in "biuf":
        kind = {"U": "text", "S": "text", "c": "complex numbers"}.get(
            array.dtype.kind, "no numbers"
        )
        what = "give each word a number" if kind == "text" else "store real numbers"
        raise SbvaeError(f"{path}: {name} hold {kind}; {what}")
    if array.ndim != 2:
        raise SbvaeError(
            f"{path}: {name} have shape {array.shape}, not (rows, columns); {HOW_TO_WRITE}"
        )
    # Wider floats overflow to infinity, and are refused for it later.
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float64, copy=False)
    if array.dtype.kind in "iu" and array.dtype.itemsize == numbers.itemsize:
        for i, column in enumerate(numbers.T):
            refuse_inexact(f"{path}: {name}, column {i}", array[:, i], column)
    return numbers


def _refuse_infinite(
    path: Path, name: str, array: NDArray[np.floating], columns: Sequence[str], or_else: str = ""
) -> None:
    """Refuse values that are not finite (adding `or_else` for NaN) or whose square would not be."""
    if not array.size:
        return
    low, high = float(array.min()), float(array.max())  # unlike isfinite, these make no copy
    if not (math.isfinite(low) and math.isfinite(high)):
        bad = ~np.isfinite(array)
        column = columns[int(bad.any(axis=0).argmax())]
        raise SbvaeError(
            f"{path}: {name}: {int(bad.sum()):,} of {bad.size:,} values are not finite, the first "
            f"in column {column}; leave these rows out"
            f"{or_else if np.isnan(array).any() else ''}"
        )
    largest = high if high >= -low else low
    if abs(largest) > MAX_VALUE:
        raise SbvaeError(f"{path}: {name} reach {largest:g}; scale them to below {MAX_VALUE:g}")
