"""Rules that every file of the package keeps, read from its syntax trees."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from sbvae_cli import random
from sbvae_cli.cli.app import app
from sbvae_cli.cli.flags import ARGUMENT
from sbvae_cli.commands import COMMAND, OF_COMMAND, flag

PACKAGE = Path(__file__).parents[1] / "sbvae_cli"
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
LIBRARY = [name for name in FILES if not name.startswith(("cli/", "__main__.py"))]


@cache
def nodes(name: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))))


@cache
def docstrings(name: str) -> dict[ast.AST, str]:
    """Cleaned docstrings, by the strings that they are."""
    return {
        node.body[0].value: ast.get_docstring(node) or ""
        for node in nodes(name)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
    }


def strings(names: list[str], docs: bool = True) -> Iterator[tuple[str, str]]:
    """Strings, and where they stand; what a formatted one computes is {}."""
    for name in names:
        for node in nodes(name):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
                yield f"{name}:{node.lineno}", "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and (docs or node not in docstrings(name)):
                yield f"{name}:{node.lineno}", str(node.value)


def lines_with(pattern: str, names: list[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name in names
        for number, line in enumerate(FILES[name].read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]


@cache
def commands() -> list[Any]:
    found = [typer.main.get_command(app)]
    for command in found:
        found += getattr(command, "commands", {}).values()
    return found


@cache
def flags() -> set[str]:
    return {name for command in commands() for p in command.params for name in p.opts}


@cache
def python_arguments() -> set[str]:
    """Names of arguments of what Python offers, and of what it offers."""
    functions = [
        node
        for name in FILES
        if name.startswith("api/")
        for node in nodes(name)
        if isinstance(node, ast.FunctionDef)
    ]
    arguments = {a.arg for node in functions for a in node.args.args + node.args.kwonlyargs}
    return arguments | {node.name for node in functions} | {"runs"}


def known(place: str, name: str, value: str = "") -> bool:
    """Whether an argument that a message at a place names is one of a command, or of Python's."""
    return takes(name, value) or (place.startswith("api/") and name in python_arguments())


def takes(name: str, value: str) -> bool:
    """Whether some command's option is called so and, where it is a choice, has the value."""
    hints = [get_type_hints(command.callback).get(name) for command in commands()]
    choices = {choice for hint in hints for choice in get_args(hint) if isinstance(choice, str)}
    return flag(name) in flags() and (not value or not choices or value in choices)


def test_below_the_command_line_no_string_names_a_flag() -> None:
    found = [(place, text.replace("ray start --head", "")) for place, text in strings(LIBRARY)]
    assert [place for place, text in found if re.search(r"(?<![\w-])--[a-z]", text)] == []


def test_arguments_in_messages_are_options_of_a_command() -> None:
    unknown = []
    messages = [name for name in LIBRARY if name != "config/score_meanings.py"]  # for documents
    for place, text in strings(messages, docs=False):
        unknown += [(place, *found) for found in ARGUMENT.findall(text) if not known(place, *found)]
    assert unknown == []


def test_commands_in_messages_are_there_and_take_their_arguments() -> None:
    """As in `sbvae traverse MODEL latents=0`, or as `command` puts it together."""
    named = [(place, text) for place, text in strings(LIBRARY) if COMMAND.search(text)]
    found = [(place, m[1].split()) for place, text in named for m in COMMAND.finditer(text)]
    for name in FILES:
        for node in nodes(name):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "command":
                if isinstance(node.args[0], ast.JoinedStr):
                    continue
                words = [*node.args[0].value.split()]  # type: ignore[attr-defined]
                words += [f"{k.arg.rstrip('_')}=" for k in node.keywords if k.arg]
                found.append((f"{name}:{node.lineno}", words))
    assert found
    assert [(place, words) for place, words in found if not is_command(words)] == []


def is_command(words: list[str]) -> bool:
    """Whether a command of these first words takes all arguments among the words."""
    command, *rest = typer.main.get_command(app), *words
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    taken = {name for p in command.params for name in p.opts} | {"--help"}
    given = [flag(m[1]) for m in map(OF_COMMAND.fullmatch, rest) if m]
    return len(rest) < len(words) and taken.issuperset(given)


def test_fields_of_errors_are_options_of_a_command() -> None:
    fields = {
        f"{name}:{node.value.lineno}": node.value.value
        for name in FILES
        for node in nodes(name)
        if isinstance(node, ast.keyword)
        and node.arg == "field"
        and isinstance(node.value, ast.Constant)
    }
    assert {p: field for p, field in fields.items() if not known(p, field)} == {}


def test_random_numbers_come_from_named_streams() -> None:
    made = r"default_rng\(|SeedSequence\(|torch\.manual_seed\(|RandomState\(|np\.random\.[a-z]"
    assert lines_with(made, [name for name in FILES if name != "random.py"]) == []


def test_every_stream_in_the_table_is_used() -> None:
    others = [name for name in FILES if name != "random.py"]
    used = {text for _, text in strings(others)}
    assert [name for name in random._TAGS if name not in used] == []
    assert len(set(random._TAGS.values())) == len(random._TAGS)


def test_nobody_outside_data_asks_what_a_source_or_space_is_made_of() -> None:
    others = [name for name in FILES if not name.startswith("data/")]
    assert lines_with(r"isinstance\([^)]*Source\b|\bspace\.config\b", others) == []


def test_docstrings_name_a_subject() -> None:
    """Not "Of the model", and not another place alone."""
    vague = r"^ +\w+( \([^)]*\))?: (Of|Likewise|As above|See)\b|\A(Of|See|As above) "
    lines = [
        f"{name}: {found[0].strip()}"
        for name in FILES
        for text in docstrings(name).values()
        for found in re.finditer(vague, text, re.MULTILINE)
    ]
    assert lines == []


def test_help_names_a_subject() -> None:
    helps = {getattr(p, "help", None) or "" for command in commands() for p in command.params}
    assert [text for text in sorted(helps) if re.match(r"(Of|See|As above)\b", text)] == []


def test_the_lowest_versions_that_are_tried_are_those_of_the_ranges() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    extras = [project["optional-dependencies"][name] for name in ("tensorboard", "export")]
    ranges = [each.split(">=") for each in sum(extras, project["dependencies"])]
    tried = dict(
        line.split("==")
        for line in (Path(__file__).parent / "lowest_versions.txt").read_text().splitlines()[1:]
    )
    assert {"torch", *tried} == {name for name, _ in ranges}
    for name, lowest in ranges:
        assert name == "torch" or f"{tried[name]}.".startswith(f"{lowest}."), name
