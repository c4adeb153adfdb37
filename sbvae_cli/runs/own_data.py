"""Find and verify the data that a run was trained on, also after the file was moved."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.config.schema import DataConfig
from sbvae_cli.data.fingerprint import SOME_ROWS, fingerprint
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError

_DEPTH = 4  # number of folders above the run to search, and of trailing path parts to try


@dataclass(frozen=True)
class DataComparison:
    """Comparison of data with those that a run was trained on.

    Attributes:
        differences: Each difference in words.
        compared: Which images were compared, in words; "" if none could be.
    """

    differences: tuple[str, ...]
    compared: str

    @property
    def is_sure(self) -> bool:
        """Whether nothing differs and images were compared."""
        return not self.differences and bool(self.compared)


def compare_data(recorded: DataConfig, source: Source) -> DataComparison:
    """Compare data with those of a run in every property that is known of both.

    Raises:
        SbvaeError: If the file of the data is damaged.
    """
    found, was = fingerprint(source), recorded.model_dump(mode="json")
    for each in (found, was):
        each["shape"] = "x".join(str(each[key]) for key in ("height", "width", "channels"))
    if recorded.count is None and source.file:
        return DataComparison(("it is a file, the run's images were drawn",), "")
    if recorded.count is not None and not source.file:
        return DataComparison(
            (f"it is drawn, the run read a file of {recorded.count:,} images",), ""
        )
    words = {
        "name": "its name is {}, not {}",
        "shape": "its images are {}, not {}",
        "count": "it has {:,} images, not {:,}",
        "seed": "its seed is {}, not {}",
        "space": "it has other factors",
    }
    differences = [
        text.format(found[key], was[key]) for key, text in words.items() if found[key] != was[key]
    ]
    compared = [key for key in ("contents_hash", "rows_hash") if found[key] and was[key]]
    if not differences and any(found[key] != was[key] for key in compared):
        differences.append("its images or their factors differ")
    all_rows = "contents_hash" in compared or (recorded.count or 0) <= SOME_ROWS
    return DataComparison(
        tuple(differences), f"{'all' if all_rows else SOME_ROWS} images" if compared else ""
    )


def open_own_data(
    recorded: DataConfig, run: Path | None, on_note: Callable[[str], None] = lambda line: None
) -> Source:
    """Open the data of a run: draw them from their factor space, or find the file.

    A missing file is searched for near the run, as a copied folder may contain it: by the last
    parts of its old path, in the run's folder, the folders above it, and the working folder.

    Args:
        recorded: Data section of the configuration in the run's checkpoint.
        run: Folder of the run or of the checkpoint.
        on_note: Called with a line if another file with the same contents is used.

    Raises:
        SbvaeError: If no such file is found, or it cannot be used.
    """
    if recorded.count is None and recorded.space.renderer is not None:
        return source_from_space(recorded.space, recorded.name, recorded.height, recorded.width)
    if Path(recorded.source).exists():
        return open_source(recorded.source)
    likely = None
    for path in _candidate_files(recorded.source, run):
        with suppress(SbvaeError):  # the file is of another kind
            source = open_source(path)
            found = compare_data(recorded, source)
            if found.is_sure:
                on_note(
                    f"{recorded.source} is missing; {path} has the same contents and is used "
                    f"(compared: {found.compared})"
                )
                return source
            likely = likely or (None if found.differences else path)
    hint = f"; {likely} may be it" if likely else ""
    raise SbvaeError(
        f"{recorded.source}: no longer exists{hint}; put it back, or give its new path with "
        "`source=FILE`"
    )


def open_same_data(
    recorded: DataConfig, data: str, on_note: Callable[[str], None] = lambda line: None
) -> Source:
    """Open a file that the user names, and verify that the run was trained on it.

    Args:
        recorded: Data section of the configuration in the run's checkpoint.
        data: Path of the file.
        on_note: Called with a line about which images could be compared.

    Raises:
        SbvaeError: If the run was not trained on a file, or the contents of this one differ.
    """
    if recorded.count is None:
        raise SbvaeError(
            f"{data}: the run has no file; its images are drawn, from {recorded.source}",
            field="source",
        )
    source = open_source(data)
    found = compare_data(recorded, source)
    if found.differences:
        raise SbvaeError(
            f"{data}: is not the file that the run was trained on: {'; '.join(found.differences)}; "
            "name that file, or start a new run"
        )
    if found.compared:
        on_note(f"{data} holds the images that the run was trained on (compared: {found.compared})")
    else:
        on_note(
            f"{data} has the name, count, size, seed and factors of the run's training data; its "
            "images could not be compared, since an earlier version of sbvae started the run"
        )
    return source


def _candidate_files(source: str, run: Path | None) -> Iterator[Path]:
    """Yield existing files where the data may be now, nearest folder first."""
    parts = Path(source).parts[1:]
    folders = [run.resolve(), *run.resolve().parents][: _DEPTH + 1] if run else []
    seen = set()
    for folder in (*folders, Path.cwd()):
        for kept in range(min(_DEPTH, len(parts)), 0, -1):
            path = folder.joinpath(*parts[-kept:])
            if path not in seen and path.is_file():
                yield path
            seen.add(path)
