"""Commands as text: each shell that is here gives back the words."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sbvae_cli.commands import as_typed, command, quoted

WORDS = [
    *("plain.h5", "a b", "two  blanks", "a[b]", "*.h5", "x?", "{a,b}", "~", "~root", "=ls", "#x"),
    *("it's", 'say "a"', "$HOME", "it's $HOME", "`id`", "!!", "a!b", "50%", "%PATH%", "a\\b", "\\"),
    *("a\\ 'b' $c", "'", '"', "", "(x)", "a&b", "a;b", "a|b", "a<b>", "^x", "@x", "9,3", "9,"),
    *("x=0.2..0.8,y=0.1", "x,y=0.2", "model.encoder.hidden_channels=[4, 4]", "Grün", "--", "-1"),
]
SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "fish", "pwsh") if shutil.which(shell)]
SAY = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gives_back_the_words(shell: str, tmp_path: Path) -> None:
    words = [word for word in WORDS if shell != "pwsh" or not set("'\\") <= set(word)]
    (tmp_path / "a.h5").touch()  # what an unquoted pattern would find
    call = "& " if shell == "pwsh" else ""
    line = call + " ".join(map(quoted, [*SAY, *words]))
    done = subprocess.run(
        [shell, "-c", line], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert json.loads(done.stdout) == words


def test_an_interactive_shell_expands_no_history(tmp_path: Path) -> None:
    line = " ".join(map(quoted, [*SAY, "a!b", "it's !x"]))
    done = subprocess.run(
        ["bash", "--norc", "-i", "-o", "history"],
        input=f"{line}\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ["a!b", "it's !x"]


def test_double_quotes_come_first_since_cmd_knows_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (quoted("a b"), quoted("it's"), quoted("$x")) == ('"a b"', '"it\'s"', "'$x'")
    monkeypatch.setattr(os, "name", "nt")
    assert quoted("C:\\my files\\a.h5") == '"C:\\my files\\a.h5"'
    assert quoted("C:\\my files\\") == '"C:\\my files\\\\"'


def test_a_path_is_no_option() -> None:
    assert as_typed(["info", Path("-x.h5"), "--seed", "1"]) == "sbvae info ./-x.h5 --seed 1"
    assert command("eval", "-c.npz") == "`sbvae eval ./-c.npz`"


def test_a_command_of_a_message_names_arguments() -> None:
    said = command("gen-data images", from_=Path("my photos"), images_key="a")
    assert said == '`sbvae gen-data images from="my photos" images_key=a`'
