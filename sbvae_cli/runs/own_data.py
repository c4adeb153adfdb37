"""The data that a run was trained on: found again when its file has moved, known by contents."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sbvae_cli.config.schema import DataConfig
from sbvae_cli.data.fingerprint import SOME_ROWS, fingerprint
from sbvae_cli.data.source import Source, open_source, source_from_space
from sbvae_cli.errors import SbvaeError

_DEPTH = 4  # folders above a run that are looked in, and parts of the former path that may be kept


@dataclass(frozen=True)
class Match:
    """How far data are those that a run was trained on.

    Attributes:
        differences: What differs, in words; empty where nothing does.
        compared: Which images were compared, in words; empty where none could be.
    """

    differences: tuple[str, ...]
    compared: str

    @property
    def is_sure(self) -> bool:
        """Whether nothing differs, and images were compared."""
        return not self.differences and bool(self.compared)


def match(recorded: DataConfig, source: Source) -> Match:
    """Compare data with those of a run, as far as both have what can be compared.

    Raises:
        SbvaeError: If the data's file is damaged.
    """
    found, was = fingerprint(source), recorded.model_dump(mode="json")
    for each in (found, was):
        each["shape"] = "x".join(str(each[key]) for key in ("height", "width", "channels"))
    if recorded.count is None and source.file:
        return Match(("it is a file, the run's images were drawn",), "")
    if recorded.count is not None and not source.file:
        return Match((f"it is drawn, the run read a file of {recorded.count:,} images",), "")
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
        differences.append("its images or their factors are others")
    all_rows = "contents_hash" in compared or (recorded.count or 0) <= SOME_ROWS
    return Match(
        tuple(differences), f"{'all' if all_rows else SOME_ROWS} images" if compared else ""
    )


def open_own_data(
    recorded: DataConfig, run: Path | None, on_note: Callable[[str], None] = lambda line: None
) -> Source:
    """Open the data of a run: drawn from their space, or the file that it was trained on.

    A file that is not where it was is looked for near the run, as a copied folder has it: by the
    last parts of its former path, in the folders above the run and the working folder.

    Args:
        recorded: Data as the run's checkpoint has them.
        run: The run's folder, or the folder of its checkpoint.
        on_note: Called with a line where another file was found to hold the same.

    Raises:
        SbvaeError: If there is no such file, or it cannot be used.
    """
    if recorded.count is None and recorded.space.renderer is not None:
        return source_from_space(recorded.space, recorded.name, recorded.height, recorded.width)
    if Path(recorded.source).exists():
        return open_source(recorded.source)
    likely = None
    for path in _places(recorded.source, run):
        with suppress(SbvaeError):  # of a file that is something else
            source = open_source(path)
            found = match(recorded, source)
            if found.is_sure:
                on_note(
                    f"{recorded.source} is gone; {path} holds the same and takes its place "
                    f"(compared: {found.compared})"
                )
                return source
            likely = likely or (None if found.differences else path)
    hint = f"; {likely} may be it" if likely else ""
    raise SbvaeError(
        f"{recorded.source}: there is no such file any more{hint}; name it by `source=FILE`"
    )


def open_same_data(
    recorded: DataConfig, data: str, on_note: Callable[[str], None] = lambda line: None
) -> Source:
    """Open the file that a user names as the one that a run was trained on.

    Args:
        recorded: Data as the run's checkpoint has them.
        data: Path of the file.
        on_note: Called with a line on what could be compared.

    Raises:
        SbvaeError: If the run has no file, or this one holds something else, and what differs.
    """
    if recorded.count is None:
        raise SbvaeError(
            f"{data}: the run has no file; its images are drawn, from {recorded.source}",
            field="source",
        )
    source = open_source(data)
    found = match(recorded, source)
    if found.differences:
        raise SbvaeError(
            f"{data}: is not what the run was trained on: {'; '.join(found.differences)}; name "
            "the file that it was, or start a new run"
        )
    if found.compared:
        on_note(f"{data} holds what the run was trained on (compared: {found.compared})")
    else:
        on_note(
            f"{data} has the name, count, size, seed and factors of what the run was trained on; "
            "its images could not be compared, since a former sbvae began the run"
        )
    return source


def _places(source: str, run: Path | None) -> Iterator[Path]:
    """Paths of files that exist where the data may lie now, nearest first."""
    parts = Path(source).parts[1:]
    folders = [run.resolve(), *run.resolve().parents][: _DEPTH + 1] if run else []
    seen = set()
    for folder in (*folders, Path.cwd()):
        for kept in range(min(_DEPTH, len(parts)), 0, -1):
            path = folder.joinpath(*parts[-kept:])
            if path not in seen and path.is_file():
                yield path
            seen.add(path)
