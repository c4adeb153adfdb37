"""The scores of runs, as `sbvae eval` writes them to a JSON file and they are read from one."""

import json
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.commands import command
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import parse_json, unreadable

if TYPE_CHECKING:
    from sbvae_cli.runs.evaluate import Evaluated


@dataclass(frozen=True)
class ScoreRecord:
    """All scores of a run that are one number, and what they are of.

    Attributes:
        name: What it was called on the command line.
        group: Name of runs that differ in the seed alone.
        seed: Root seed; None of codes.
        step: Updates made; None of codes.
        settings: Settings that make the model but for the seed; none of codes.
        data: Name of the data.
        images: What tells these data from others; "" of codes.
        protocol: Protocol and number of images, in words.
        numbers: By pair of factors, "" of none, and name.
    """

    name: str
    group: str
    seed: int | None
    step: int | None
    settings: Mapping[str, Any]
    data: str
    images: str
    protocol: str
    numbers: Mapping[tuple[str, str], float | None]


def record_of(each: "Evaluated") -> ScoreRecord:
    """The record of an evaluation."""
    return ScoreRecord(
        *(each.name, each.group, each.seed, each.about.get("step"), each.settings),
        *(_data(each), each.images),
        _protocol(each.found.protocol.as_dict()),
        {(one.factors, one.name): one.score.value for one in each.found.numbers},
    )


def about_run(each: "Evaluated") -> dict[str, Any]:
    """What a file has of a run beside its scores, in plain containers."""
    return {
        "name": each.name,
        "group": each.group,
        "seed": each.seed,
        "data": _data(each),
        "images": each.images,
        "settings": dict(each.settings),
    }


def result_of(each: "Evaluated") -> dict[str, Any]:
    """All that a file has of a run, in plain containers; its sentences name arguments."""
    return {**each.about, **each.found.as_dict(), "run": about_run(each)}


def is_scores_file(path: Path) -> bool:
    """Whether a target is a file of scores, by its name."""
    return path.suffix.lower() == ".json"


def read_records(path: Path) -> list[ScoreRecord]:
    """The records in a JSON file that `sbvae eval` wrote.

    Raises:
        SbvaeError: If it cannot be read, is another file, or is of a version before this one.
    """
    try:
        tree = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        missing = f"write one by {_writing(path)}"
        raise unreadable(path, error, missing) from error
    except ValueError as error:
        raise SbvaeError(f"{path}: is no JSON, or cut short; {_write(path)}") from error
    results = tree.get("results") if isinstance(tree, dict) else None
    if not isinstance(results, list) or not results:
        raise SbvaeError(f"{path}: has no results of `sbvae eval`; {_write(path)}")
    if not all(isinstance(each, dict) and "run" in each for each in results):
        raise SbvaeError(f"{path}: is of a former version, without settings; {_write(path)}")
    try:
        return [_record(each) for each in results]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SbvaeError(f"{path}: is damaged or was changed; {_write(path)}") from error


def without_copies(
    records: Sequence[ScoreRecord], on_note: Callable[[str], None]
) -> list[ScoreRecord]:
    """Each record once, where a file has runs that are named too, or that another file has.

    Args:
        records: Records of runs; the first of a run counts.
        on_note: Called with a line on each that is left out.
    """
    first: dict[Hashable, ScoreRecord] = {}
    for record in records:
        # Settings too: files that were written in two folders may call different runs alike.
        settings = json.dumps(record.settings, sort_keys=True, default=str)
        own = os.path.realpath(record.name), record.step, record.seed, settings
        known = first.setdefault(own, record)
        if known is not record:
            on_note(f"{record.name} has scores twice; the first ones count")
    return list(first.values())


def _write(path: Path) -> str:
    return f"write it by {_writing(path)}"


def _writing(path: Path) -> str:
    return command("eval", "RUNS", json=path)


def _record(result: Mapping[str, Any]) -> ScoreRecord:
    run = result["run"]
    return ScoreRecord(
        *(str(run["name"]), str(run["group"]), run["seed"], result.get("step")),
        dict(run["settings"]),
        *(str(run["data"]), str(run["images"]), _protocol(result["protocol"])),
        numbers_of(result),
    )


def numbers_of(result: Mapping[str, Any]) -> dict[tuple[str, str], float | None]:
    """Scores of one number in a file's result, by pair of factors, "" of none, and name."""
    numbers = {("", name): _number(score["value"]) for name, score in result["scores"].items()}
    for factors, pair in result["geometry"].items():
        for name, value in pair["scores"].items():
            if not isinstance(value, list):
                numbers[factors, name] = _number(value)
    return numbers


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _data(each: "Evaluated") -> str:
    """Name of the data that was named, or else of the run's own; "" of codes."""
    return each.data or str(each.settings.get("data.name", ""))


def _protocol(protocol: Mapping[str, Any]) -> str:
    return f"{protocol['name']} ({protocol['images']:,} images)"
