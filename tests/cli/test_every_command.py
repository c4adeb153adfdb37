"""What every command does alike: wrong values, help, quiet, JSON, hostile files, devices."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
import typer

from sbvae_cli import __version__
from sbvae_cli.cli.app import app, main

Sbvae = Callable[..., object]


def all_commands() -> dict[str, object]:
    """Every command that does something, by its words."""
    found = {}
    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None:
            found[name] = command
        else:
            found.update({f"{name} {word}": c for word, c in inner.items()})
    return found


# What no option of that kind takes; free texts get what they must parse.
WRONG = ["", "-1", "nonsense", "nan", "1e999", "/", "a=b=c", "0..", "-", "../../none/x"]
# A folder or file to write, or a choice that takes any of these words; nothing is wrong with them.
FREE = {"out", "json", "csv", "sheet", "folder", "onnx", "safetensors"}


def wrong_uses() -> Iterator[tuple[str, str, str]]:
    for name, command in all_commands().items():
        for parameter in command.params:
            if parameter.param_type_name != "option" or parameter.name in FREE:
                continue
            if getattr(parameter, "is_flag", False) or parameter.name == "help":
                continue
            for value in WRONG:
                yield name, parameter.opts[0], value


def base(name: str) -> list[str]:
    """A use of the command that would do nothing long."""
    words = name.split()
    match words[0]:
        case "gen-data":
            return [*words, "--count", "2", "--size", "8", "--out", "made.h5", "--force"]
        case "train":
            return [*words, "--data", "circles:xy", "--dry-run", "--size", "8", "--batch-size", "2"]
        case "bench":
            return [*words, "--device", "mps:1"]  # none, so nothing is measured
        case "demo":
            return [*words, "run/ckpt.pt"]  # a file where a folder is wanted
        case "eval":
            return [*words, "run", "--metrics", "rates", "--images", "20"]
        case _:
            return [*words, "run"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uses")
    here = Path.cwd()
    os.chdir(folder)
    try:
        options = ["--data", "circles:xy", "--size", "8", "--batch-size", "2", "--steps", "1"]
        narrow = ["--latent-dim", "3", "--set", "model.encoder.hidden_channels=[4]"]
        assert main(["train", *options, *narrow, "--threads", "1", "--out", "run"]) == 0
    finally:
        os.chdir(here)
    return folder


@pytest.mark.parametrize(("name", "option"), sorted({use[:2] for use in wrong_uses()}))
def test_wrong_values_of_every_option_are_one_line(
    name: str,
    option: str,
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(run_folder)
    for value in WRONG:
        capsys.readouterr()
        code = main([*base(name), f"{option}={value}"])
        out, err = capsys.readouterr()
        assert code in (0, 1, 2), (value, err)
        assert "Traceback" not in err + out, value
        assert "bug of sbvae" not in err, (value, err)
        if code:
            assert err.startswith("error: "), (value, err)
            assert len(err.splitlines()) == 1, (value, err)


def test_most_wrong_values_are_refused(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run_folder)
    accepted = []
    for name, option in sorted({use[:2] for use in wrong_uses()}):
        if main([*base(name), f"{option}=nonsense"]) == 0:
            accepted.append((name, option))
    capsys.readouterr()
    assert accepted == []


def test_every_command_has_help_whose_first_line_fits_80_columns() -> None:
    for name, command in all_commands().items():
        first = (command.help or "").splitlines()[0]
        assert 10 < len(first) <= 80, name
        for parameter in command.params:
            assert parameter.help or parameter.name == "help", (name, parameter.name)


@pytest.mark.parametrize("words", [[], ["gen-data"], ["train"], ["info"]])
def test_help_is_shown(sbvae: Sbvae, words: list[str]) -> None:
    done = sbvae(*words, "--help")
    assert done.code == 0
    assert "Usage: sbvae" in done.out


def test_version(sbvae: Sbvae) -> None:
    assert sbvae("--version").out == f"sbvae {__version__}\n"


def test_without_a_command_help_is_shown(sbvae: Sbvae) -> None:
    assert "Commands" in sbvae().out


def test_a_misspelt_command_is_one_line(sbvae: Sbvae) -> None:
    done = sbvae("trian")
    assert done.code == 2
    assert done.err.startswith("error: command trian is unknown; did you mean train?")
    assert len(done.err.splitlines()) == 1


def run_python(code: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, which must end well."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from sbvae_cli.cli.app import main; main(['--help']); "
        "print([m for m in ('torch', 'numpy', 'h5py', 'PIL', 'pydantic', 'sklearn', 'scipy') "
        "if m in sys.modules], file=sys.stderr)"
    )
    done = run_python(code)
    assert done.stderr.strip() == "[]"


def test_a_wrong_file_is_told_of_before_pytorch_loads(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,x\n1.png,2\n")
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics/1.png").write_bytes(b"")
    code = (
        "import sys; from sbvae_cli.cli.app import main; "
        "lines = (['train', '--data', 'pics'], ['train', '--data', 'x.csv'], ['info', 'x.csv'], "
        "['traverse', 'x.csv'], ['geometry', 'x.csv'], ['encode', 'pics']); "
        "assert [main(line) for line in lines] == [1] * 6; "
        "print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = run_python(code, tmp_path)
    assert done.stdout.strip() == "[]"


def test_data_are_made_and_shown_without_pytorch_and_a_training_names_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from sbvae_cli.cli.app import main; "
        "data = ['gen-data', 'circles', '--preset', 'xy', '--count', '9', '--size', '8']; "
        "assert main([*data, '--out', 'x.h5']) == 0; "
        "assert main(['info', 'x.h5', '--sheet', 'x.png']) == 0; "
        "assert main(['train', '--data', 'x.h5', '--steps', '1']) == 1"
    )
    done = run_python(code, tmp_path)
    assert done.stderr.strip().splitlines()[-1] == (
        "error: torch is not installed in this Python; `python -m pip install sbvae` installs all "
        "that sbvae needs"
    )


def test_pictures_do_not_load_scikit_learn(run_folder: Path) -> None:
    code = (
        "import sys; from sbvae_cli.cli.app import main; "
        "assert main(['traverse', 'run', '--out', 'x.png', '--top', '1']) == 0; "
        "assert main(['geometry', 'run', '--out', 'x.png', '--grid', '4']) == 0; "
        "print('sklearn' in sys.modules, file=sys.stderr)"
    )
    done = run_python(code, run_folder)
    assert done.stderr.strip().splitlines()[-1] == "False"


def test_a_reader_that_goes_away_is_no_error() -> None:
    end, ours = os.pipe()
    os.close(end)
    command = [sys.executable, "-m", "sbvae_cli", "info", "circles:xy"]
    try:
        done = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(ours)
    assert (done.returncode, done.stderr) == (0, "")


def test_quiet_leaves_results_and_errors(sbvae: Sbvae, tiny: list[str]) -> None:
    done = sbvae("train", *tiny, "--steps", 2, "--out", "run", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "affine_r2" in sbvae("--quiet", "geometry", "run", "--grid", 3).out
    assert sbvae("geometry", "none", "--quiet").err.startswith("error: ")
    assert "wrote" in sbvae("geometry", "run", "--grid", 3).out


def test_verbose_shows_where_an_error_comes_from(sbvae: Sbvae) -> None:
    done = sbvae("info", "none.h5", "--verbose")
    assert done.code == 1
    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("error: none.h5")


def test_no_color() -> None:
    command = [sys.executable, "-m", "sbvae_cli", "--help"]
    environment = {**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)

    def colours(*options: str) -> int:
        done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment)
        return len(re.findall(r"\x1b\[[0-9;]*3[0-7]m", done.stdout))

    assert colours() > 0
    assert colours("--no-color") == 0


@pytest.mark.parametrize("command", ["geometry", "eval", "info"])
def test_json_on_stdout_stands_alone(
    command: str,
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(run_folder)
    extra = {"eval": ["--metrics", "rates", "--images", "40"]}.get(command, [])
    assert main([command, "run", "--json", "-", *extra]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_wrong_uses_cover_every_command() -> None:
    names = {name for name, _, _ in itertools.chain(wrong_uses())}
    free = {"help", "export", "sweep status"}  # whose options, if any, all name files
    assert names == set(all_commands()) - free


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch hostile-was-here",)


@pytest.mark.parametrize("command", ["geometry", "eval", "traverse", "encode", "info", "resume"])
def test_a_hostile_checkpoint_is_refused_and_nothing_runs(sbvae: Sbvae, command: str) -> None:
    Path("run").mkdir()
    torch.save({"sbvae_format": 1, "model": Hostile()}, "run/ckpt.pt")
    arguments = ["train", "--resume", "run"] if command == "resume" else [command, "run/ckpt.pt"]
    done = sbvae(*arguments)
    assert done.code == 1
    assert "refused" in done.err
    assert len(done.err.splitlines()) == 1
    assert sorted(path.name for path in Path().rglob("*") if path.name != ".lock") == [
        "ckpt.pt",
        "run",
    ]


def test_a_device_is_never_replaced(sbvae: Sbvae, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = sbvae("gen-data", "circles", "--count", 2, "--size", 8, "--out", pipe, "--force")
    assert done.code == 1
    assert "is a device or a pipe" in done.err
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("arguments", "name", "todo"),
    [
        (["gen-data", "circles", "--count", "2", "--out", ""], "--out", "name a file"),
        (["gen-data", "circles", "--count", "2", "--out="], "--out", "name a file"),
        (["gen-data", "chairs", "--from", ""], "--from", "name a file"),
        (["gen-data", "images", "--from=", "--quiet"], "--from", "name a file"),
        (["train", "--data", ""], "--data", "name a file"),
        (["train", "--config", ""], "--config", "name a file"),
        (["train", "--data", "circles", "--size", ""], "--size", "give it a value"),
        (["info", ""], "an argument", "name a file"),
        (["info", "--quiet", ""], "an argument", "name a file"),
        (["geometry", "run", ""], "an argument", "name a file"),
        (["train", "--dry-run", ""], "an argument", "name a file"),
        (["encode", "run", "--data", ""], "--data", "name a file"),
    ],
)
def test_an_empty_text_is_no_path(sbvae: Sbvae, arguments: list[str], name: str, todo: str) -> None:
    done = sbvae(*arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: {name} is empty; {todo} (is a shell variable unset?)\n"
    assert not list(Path().iterdir())


def test_a_setting_may_be_empty(sbvae: Sbvae) -> None:
    words = ("--data", "circles", "--size", 8, "--batch-size", 2, "--dry-run")
    assert sbvae("train", *words, "--set", "training.clip_grad=").code == 0
