"""Text on a terminal breaks between words; in a pipe it does not break."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from sbvae_cli.cli.console import (
    print_error,
    print_highlighted,
    print_info,
    print_status,
    print_table,
    print_unwrapped,
)
from sbvae_cli.cli.wrap import printable_lines, wrapped

TEXT = "note: latents that hardly deviate, which geometry leaves out; see `sbvae --help` again"


@pytest.mark.parametrize("width", [24, 40, 80])
def test_lines_break_between_words_and_fit(width: int) -> None:
    lines = wrapped(TEXT, width).split("\n")
    assert max(map(len, lines)) <= width and len(lines) > 1
    assert all(line.startswith("  ") and line[2] != " " for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == TEXT


def test_a_pipe_and_what_fits_are_left_as_they_are() -> None:
    assert wrapped(TEXT, None) == wrapped(TEXT, len(TEXT)) == TEXT


def test_a_command_is_never_broken() -> None:
    command = '`sbvae traverse "a  run" --latents 9,3,0`'
    assert wrapped(f"see them with {command}, and more", 20).split("\n") == [
        "see them with",
        f"  {command},",
        "  and more",
    ]
    alone = "  sbvae train --decoder broadcast --data circles-xy-hole.h5"
    assert wrapped(alone, 20) == alone


def test_later_lines_stand_below_the_first_word_of_a_table() -> None:
    shown = wrapped("  factor x  0 to 1 frame width, continuous", 30, indent=12)
    assert shown == "  factor x  0 to 1 frame\n            width, continuous"


def test_an_error_is_wrapped_on_a_terminal_and_one_line_in_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sbvae_cli", "info", "no  such file of this name anywhere.h5"]
    piped = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stderr
    assert piped.count("\n") == 1 and "no  such file of" in piped
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "40"}
    with subprocess.Popen(command, stderr=theirs, cwd=tmp_path, env=environment) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 1
    lines = shown.decode().replace("\r\n", "\n").splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 40
    assert all(line.startswith("  ") for line in lines[1:])


def _read(terminal: int) -> bytes:
    """What a terminal shows next; nothing once nobody writes to it."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_names_command_no_terminal() -> None:
    assert printable_lines("a \x1b[31mred\x07 \u202egnp.exe \x9b2J\ttab") == (
        "a \ufffd[31mred\ufffd \ufffdgnp.exe \ufffd2J\ufffdtab"
    )
    assert printable_lines("two\nlines, é 漢 [red]") == "two\nlines, é 漢 [red]"


def test_tables_and_messages_command_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x9b2Ja[red]"  # the eight-bit form, which no one strips on the way
    print_table(hostile, [hostile, "n"], [[hostile, "1"]])
    for say in (print_info, print_status, print_unwrapped, print_error, print_highlighted):
        say(hostile)
    out, err = capsys.readouterr()
    assert out.count("\ufffd2Ja[red]") == 4 and err.count("\ufffd2Ja[red]") == 4
    assert "\x9b" not in out + err
