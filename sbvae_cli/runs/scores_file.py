"""Convert scores of runs to the JSON of `sbvae eval`, and read them from it."""

import json
import math
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbvae_cli.commands import command
from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import parse_json
from sbvae_cli.system_errors import unreadable

if TYPE_CHECKING:
    from sbvae_cli.runs.evaluate import Evaluated


_LARGEST = 1e100  # finite score; means and variances of larger ones overflow
# What a file that is damaged, or was changed by hand, leads to.
DAMAGED = (KeyError, TypeError, AttributeError, ValueError, OverflowError)


@dataclass(frozen=True)
class ScoreRecord:
    """All scalar scores of a run, with the run's description.

    Attributes:
        name: Name on the command line.
        group: Name of the group of runs that differ only in the seed.
        seed: Root seed; None for codes.
        step: Number of updates made; None for codes.
        settings: Settings that define the model, without the seed; empty for codes.
        data: Name of the data.
        images: Hash of the distribution of these data; "" for codes.
        protocol: Name of the protocol and number of images, as text.
        numbers: Scores by pair of factors ("" for a score without one) and name.
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
    """Return the record of an evaluation."""
    return ScoreRecord(
        *(each.name, each.group, each.seed, each.about.get("step"), each.settings),
        *(_data(each), each.images),
        _protocol(each.evaluation.protocol.as_dict()),
        {(one.factors, one.name): one.score.value for one in each.evaluation.numbers},
    )


def about_run(each: "Evaluated") -> dict[str, Any]:
    """Return the description of a run in a JSON file, in plain containers."""
    return {
        "name": each.name,
        "group": each.group,
        "seed": each.seed,
        "data": _data(each),
        "images": each.images,
        "settings": dict(each.settings),
    }


def result_of(each: "Evaluated") -> dict[str, Any]:
    """Return everything that a JSON file has of a run; its sentences name arguments."""
    return {**each.about, **each.evaluation.as_dict(), "run": about_run(each)}


def is_scores_file(path: Path) -> bool:
    """Return whether the name of a target is that of a JSON file of scores."""
    return path.suffix.lower() == ".json"


def read_records(path: Path) -> list[ScoreRecord]:
    """Read the records of a JSON file that `sbvae eval` wrote.

    Raises:
        SbvaeError: If the file cannot be read, is of another kind, or was written by an older
            version.
    """
    try:
        tree = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        missing = f"write one by {_writing(path)}"
        raise unreadable(path, error, missing) from error
    except ValueError as error:
        raise SbvaeError(f"{path}: is not JSON, or is cut short; {_write(path)}") from error
    results = tree.get("results") if isinstance(tree, dict) else None
    if not isinstance(results, list) or not results:
        raise SbvaeError(f"{path}: has no results of `sbvae eval`; {_write(path)}")
    if not all(isinstance(each, dict) and "run" in each for each in results):
        raise SbvaeError(
            f"{path}: was written by an earlier version, without settings; {_write(path)}"
        )
    try:
        return [record_of_result(each) for each in results]
    except DAMAGED as error:
        raise SbvaeError(f"{path}: is damaged or was changed; {_write(path)}") from error


def without_copies(
    records: Sequence[ScoreRecord], on_note: Callable[[str], None]
) -> list[ScoreRecord]:
    """Drop records of a run that another record already has, from a file or a target.

    Args:
        records: Records of runs; the first one of each run is kept.
        on_note: Called with a line for each record that is dropped.
    """
    first: dict[Hashable, ScoreRecord] = {}
    for record in records:
        # Settings too: files written in two working folders may use one name for two runs.
        settings = json.dumps(record.settings, sort_keys=True, default=str)
        own = os.path.realpath(record.name), record.step, record.seed, settings
        known = first.setdefault(own, record)
        if known is not record:
            on_note(f"{record.name} is scored twice; the first scores count")
    return list(first.values())


def _write(path: Path) -> str:
    return f"write it by {_writing(path)}"


def _writing(path: Path) -> str:
    return command("eval", "RUNS", json=path)


def record_of_result(result: Mapping[str, Any]) -> ScoreRecord:
    """Return the record of a result in a JSON file.

    Raises:
        KeyError, TypeError, AttributeError, ValueError or OverflowError: If the result is damaged.
    """
    run = result["run"]
    settings = dict(run["settings"])
    count: tuple[type, ...] = (int, type(None))
    values = [(each, count) for each in (run["seed"], result.get("step"))]
    values += [(settings[name], kinds) for name, kinds in _KINDS.items() if name in settings]
    if any(isinstance(each, bool) or not isinstance(each, kinds) for each, kinds in values):
        raise TypeError(values)
    name = str(run["name"])
    os.path.realpath(name)  # which raises if it cannot be a path
    return ScoreRecord(
        *(name, str(run["group"]), run["seed"], result.get("step")),
        settings,
        *(str(run["data"]), str(run["images"]), _protocol(result["protocol"])),
        numbers_of(result),
    )


def numbers_of(result: Mapping[str, Any]) -> dict[tuple[str, str], float | None]:
    """Return the scalar scores of a JSON result by pair of factors ("" for none) and name."""
    numbers = {("", name): _number(score["value"]) for name, score in result["scores"].items()}
    for factors, pair in result["geometry"].items():
        for name, value in pair["scores"].items():
            if not isinstance(value, list):
                numbers[factors, name] = _number(value)
    return numbers


_KINDS: dict[str, tuple[type, ...]] = {  # types of settings that are used in computations
    "step": (int,),
    "training.steps": (int,),
    "objective.beta": (int, float),
    "model.decoder.hidden_channels": (list,),
    "model.decoder.hidden_units": (list,),
}


def _number(value: Any) -> float | None:
    number = None if value is None else float(value)
    if number is not None and _LARGEST < abs(number) < math.inf:
        raise OverflowError(number)
    return number


def _data(each: "Evaluated") -> str:
    """Return the name of the data that the user named, or of the run's own; "" for codes."""
    return each.data or str(each.settings.get("data.name", ""))


def _protocol(protocol: Mapping[str, Any]) -> str:
    return f"{protocol['name']} ({protocol['images']:,} images)"
