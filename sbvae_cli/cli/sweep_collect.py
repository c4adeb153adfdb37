"""The command `sbvae sweep collect`, which gathers and compares the scores of a sweep."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sbvae_cli.cli.console import note, print_info, print_line
from sbvae_cli.cli.options import JsonOption
from sbvae_cli.cli.outputs import check_table_target
from sbvae_cli.commands import as_typed
from sbvae_cli.errors import SbvaeError

if TYPE_CHECKING:
    from sbvae_cli.sweeps.best import Best
    from sbvae_cli.sweeps.collect import Collected
    from sbvae_cli.sweeps.comparison import ComparedValues
    from sbvae_cli.sweeps.folder import SweepFolder

_DECODER = "model.decoder.kind"


def collect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")],
    scores: Annotated[
        str | None,
        typer.Option(help="Scores to show instead of the main ones, such as mig,x,y:affine_r2."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="KEY[=A,B]",
            help="Setting whose values are compared, all of them or two; default: the kind of "
            "decoder, if it differs.",
        ),
    ] = None,
    best: Annotated[
        str | None,
        typer.Option(
            metavar="SCORE",
            help="Pick, for each decoder, the setting with the best mean of this score; the paper "
            "used neg_elbo.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="YAML file for the settings that --best picks, for train --config."),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Gather a sweep's scores; compare settings, or pick the best (Appendix F)."""
    from sbvae_cli.cli.outputs import write_json
    from sbvae_cli.cli.sweep_tables import print_comparison, print_groups_of, shown_scores
    from sbvae_cli.sweeps.collect import collect as read
    from sbvae_cli.sweeps.folder import SweepFolder

    if out is not None and best is None:
        raise SbvaeError("--out is for the settings that --best picks; add --best neg_elbo")
    if out is not None:
        check_table_target(out)
    sweep = SweepFolder(folder)
    found = read(sweep, sweep.open_plan())
    shown = shown_scores(found, scores)
    compared = _comparisons(found, compare, shown)
    score, picked = _pick(found, best)
    if json is not None:
        more = {
            "comparisons": [each for two in compared for each in two.as_dicts()],
            "best": [each.as_dict() for each in picked],
        }
        write_json(json, {**found.as_dict(), **more})
    if json != "-":
        _print_states(found)
        print_groups_of(found, shown)
        for each in compared:
            print_comparison(each)
        _print_best(score, picked)
        if json:
            print_info(f"wrote {json}")
    _write_tables(sweep, found, quiet=json == "-")
    if out is not None:
        _write_best(picked, out)


def _write_tables(sweep: "SweepFolder", found: "Collected", *, quiet: bool) -> None:
    """Write CSV and JSON into the folder of the sweep; only print a note if it is not writable."""
    from sbvae_cli.cli.flags import with_flags
    from sbvae_cli.sweeps.collect import write_collected

    try:
        write_collected(sweep, found)
    except SbvaeError as error:
        note(with_flags(error.line))
        return
    if not quiet:
        print_info(f"wrote {sweep.csv}")
        print_info(f"wrote {sweep.json}")


def _comparisons(
    found: "Collected", compare: str | None, scores: Sequence[str]
) -> "list[ComparedValues]":
    """Compare all pairs of values of a setting, by default of the kind of decoder.

    Raises:
        SbvaeError: If the setting does not differ in the sweep, or a value does not exist.
    """
    from sbvae_cli.sweeps.comparison import compare_values, values_of_key

    key, equals, text = (compare or _DECODER).partition("=")
    values = values_of_key(found, key)
    if len(values) < 2:
        if compare is None:
            return []
        settings = ", ".join(found.keys) or "none"
        raise SbvaeError(f"--compare {key}: does not differ in this sweep; what does: {settings}")
    if equals:
        values = _parse_two_values(key, text, values)
    elif compare is None:  # the paper's decoder is compared with the others
        values = sorted(values, key=lambda value: value != "broadcast")
    return [
        compare_values(found, key, one, other, scores)
        for one, other in itertools.combinations(values, 2)
    ]


def _parse_two_values(key: str, text: str, values: Sequence[Any]) -> list[Any]:
    """Parse two values of a setting, as `broadcast,deconv`.

    Raises:
        SbvaeError: If the text is not two different values of the setting.
    """
    named = {str(value): value for value in values}
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or len(set(parts)) != 2 or not set(parts) <= set(named):
        message = f"--compare {key}={text}: name two of its values, {', '.join(named)}"
        raise SbvaeError(f"{message}, as {key}={','.join([*named][:2])}")
    return [named[part] for part in parts]


def _pick(found: "Collected", best: str | None) -> "tuple[str, list[Best]]":
    """Return the full name of the score `best`, and the best settings by this score.

    Raises:
        SbvaeError: If no run has the score.
    """
    from sbvae_cli.config.score_names import requested_score
    from sbvae_cli.sweeps.best import choose_best

    if best is None:
        return "", []
    name = found.find(best)
    if name is None:
        wanted = requested_score(best)
        raise SbvaeError(
            f"--best {best}: no run has it yet; wait for one, or add {wanted.metric} to the "
            "sweep's metrics"
        )
    return name, choose_best(found, name)


def _print_states(found: "Collected") -> None:
    states = Counter(run.state for run in found.runs)
    several = f"{len(found.runs)} runs of {len(found.groups)} settings"
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    print_line(f"{several}: {counts}")
    unscored = len(found.runs) - states["finished"] - states["diverged"]
    if unscored:
        note(f"{unscored} of the runs have no scores yet and are left out below")
    if states["diverged"]:
        note(
            f"{states['diverged']} of the runs diverged: they are counted, but not in any mean, "
            "median or probability"
        )


def _print_best(score: str, picked: "Sequence[Best]") -> None:
    """Print the best settings, the number of settings compared, and cautions."""
    from sbvae_cli.cli.several_tables import number
    from sbvae_cli.config.score_names import requested_score, score_style
    from sbvae_cli.sweeps.best import PAPER_SCORE, cautions

    if picked and score != PAPER_SCORE:
        note(
            f"these are chosen by {score}; the paper chose its settings by {PAPER_SCORE}, not "
            "by a score of disentanglement (Appendix F)"
        )
    label = score_style(requested_score(score).name).label if score else ""
    for each in picked:
        of = f" of {each.name}" if each.name else ""
        count = f"{len(each.others) + 1} setting{'s' * bool(each.others)}"
        mean = f"mean {label} {number(each.mean)}"
        print_line(f"best{of}: {each.group.label}, {mean}, of {count}")
        for key, value in each.group.cell.items():
            print_line(f"  {key}: {value}", indent=4)
        for line in cautions(each, score):
            note(line)


def _files_of(picked: "Sequence[Best]", out: Path) -> list[Path]:
    """Return a file for each of the best settings; several have the names of the settings."""
    if len(picked) == 1:
        return [out]
    return [out.with_name(f"{out.stem}-{_plain(each.name)}{out.suffix}") for each in picked]


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+-]", "_", Path(name).name if "/" in name else name)


def _write_best(picked: "Sequence[Best]", out: Path) -> None:
    from sbvae_cli.config.load import to_yaml
    from sbvae_cli.files import write_bytes
    from sbvae_cli.sweeps.best import as_config

    for each, file in zip(picked, _files_of(picked, out), strict=True):
        write_bytes(file, to_yaml(as_config(each.group)).encode())
        print_info(f"wrote {file}; train it by {as_typed(['train', '--config', file])}")
