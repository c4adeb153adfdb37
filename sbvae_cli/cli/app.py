"""The table of commands, and the main function, which prints an error as one line."""

import errno
import itertools
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from functools import cache
from typing import Annotated, Any

import typer

from sbvae_cli import __version__
from sbvae_cli.cli import (
    bench,
    demo,
    encode,
    explore,
    export,
    figure,
    gen_data,
    geometry,
    info,
    reproduce,
    sweep,
    train,
    traverse,
)
from sbvae_cli.cli import eval as evaluation
from sbvae_cli.cli.console import console_settings, hide_warnings, print_error
from sbvae_cli.cli.flags import error_line
from sbvae_cli.cli.help import complete_help
from sbvae_cli.cli.signals import SIGNALLED, Interrupted, raise_on_signals
from sbvae_cli.cli.usage import normalised, usage_line
from sbvae_cli.commands import as_typed
from sbvae_cli.errors import SbvaeError
from sbvae_cli.system_errors import remedy

ANYWHERE = ("--quiet", "--verbose", "--no-color")
FILE_OPTIONS = (
    *("--out", "--data", "--from", "--sheet", "--json", "--csv", "--config", "--space"),
    *("--resume", "--onnx", "--safetensors"),
)

app = typer.Typer(
    name="sbvae",
    help="Train and inspect VAEs with the Spatial Broadcast Decoder (Watters et al. 2019).",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": normalised,
    },
)
app.add_typer(gen_data.app, name="gen-data")
app.command("train")(train.train)
app.command("eval")(evaluation.evaluate)
app.command("traverse")(traverse.traverse)
app.command("geometry")(geometry.geometry)
app.command("explore")(explore.explore)
app.add_typer(figure.app, name="figure")
app.add_typer(sweep.app, name="sweep")
app.command("reproduce")(reproduce.reproduce)
app.command("encode")(encode.encode)
app.command("export")(export.export)
app.command("info")(info.info)
app.command("demo")(demo.demo)
app.command("bench")(bench.bench)


@app.command("help")
def show_help(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COMMAND]...", help="A command, as train or gen-data circles."),
    ] = None,
) -> None:
    """Show what a command does and its options, as --help does."""
    root = context.find_root().command
    root.main(args=[*(words or ()), "--help"], prog_name="sbvae", standalone_mode=False)


@cache
def commands() -> Any:
    """Return the parser of all commands, with completed help."""
    root = typer.main.get_command(app)
    complete_help(root)
    return root


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sbvae {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def sbvae(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", help="Print results and errors only; allowed anywhere on the command line."
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Print details and tracebacks; allowed anywhere on the command line."
        ),
    ] = False,
    no_color: Annotated[
        bool,
        typer.Option(
            "--no-color", help="No colours, as with NO_COLOR; allowed anywhere on the command line."
        ),
    ] = False,
) -> None:
    """Train and inspect VAEs with the Spatial Broadcast Decoder (Watters et al. 2019)."""
    console_settings.quiet, console_settings.verbose = quiet, verbose
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None takes them from `sys.argv`.

    Returns:
        The exit code: 0 for success, 1 for an error, 2 for arguments that the parser refuses, 3 for
        a diverged run, 128 + N after signal N.
    """
    arguments = _anywhere_first(list(sys.argv[1:] if argv is None else argv))
    words = [word for word in arguments if word not in ANYWHERE]
    if words in (["gen-data"], ["figure"], ["sweep"]):
        arguments.append("--help")
    console_settings.quiet, console_settings.verbose = False, "--verbose" in arguments
    console_settings.command = as_typed(sys.argv[1:] if argv is None else argv)
    hide_warnings()
    if "--no-color" in arguments:  # before parsing, since the parser itself prints help
        os.environ["NO_COLOR"] = "1"
    try:
        with raise_on_signals():
            _refuse_empty(arguments, *_options(commands()))
            code = commands().main(args=arguments, prog_name="sbvae", standalone_mode=False)
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SbvaeError as error:
        if console_settings.verbose:
            traceback.print_exc()
        print_error(error_line(str(error), error.field))
        return error.exit_code
    except Interrupted as signal:
        print_error("interrupted; no incomplete files were left")
        return SIGNALLED + signal.number
    except SystemExit as ended:  # click exits when the reader of a pipe has closed it
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BrokenPipeError:
        # The reader of the pipe has closed it; Python's flush at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _out_of_memory()
    except OSError as error:
        if error.errno == errno.ENOMEM:
            return _out_of_memory()
        where = f"{error.filename}: " if error.filename else ""
        print_error(f"{where}{error.strerror or error}{remedy(error)}")
        return 1
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":  # torch's class, without importing torch
            return _out_of_memory()
        return _report(error, arguments)


def _out_of_memory() -> int:
    print_error(
        "out of memory; choose a smaller --size, --scale, --grid, --samples, --batch-size or model"
    )
    return 1


def _anywhere_first(arguments: list[str]) -> list[str]:
    """Move the options that are allowed anywhere to the front, where the parser expects them."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    moved = [a for a in arguments[:end] if a in ANYWHERE]
    return moved + [a for a in arguments[:end] if a not in ANYWHERE] + arguments[end:]


def _refuse_empty(arguments: Sequence[str], flags: Collection[str], others: set[str]) -> None:
    """Refuse empty arguments and options without a value.

    An empty path would mean the current folder, and an option after an option that needs a value
    would be read as that value.

    Args:
        arguments: Words of the command line.
        flags: Options without a value.
        others: Options with a value.

    Raises:
        SbvaeError: If an argument is empty, or an option has no value.
    """
    for before, argument in itertools.pairwise(["", *arguments]):
        option, equals, value = argument.partition("=")
        if before in others and (option in others or option in flags):
            raise SbvaeError(f"{before} has no value; give it one before {option}")
        if argument.startswith("--") and equals and not value:
            name = option
        elif argument == "":
            name = before if before.startswith("--") and before not in flags else "an argument"
        else:
            continue
        hint = "name a file" if name in (*FILE_OPTIONS, "an argument") else "give it a value"
        raise SbvaeError(f"{name} is empty; {hint} (is a shell variable unset?)")


def _options(command: Any) -> tuple[set[str], set[str]]:
    """Return the options of a command and its subcommands: without a value, and with a value."""
    flags: set[str] = {"--help", "-h"}
    others: set[str] = set()
    for parameter in command.params:
        names = [name for name in parameter.opts if name.startswith("-")]
        (flags if getattr(parameter, "is_flag", False) else others).update(names)
    for inner in getattr(command, "commands", {}).values():
        more = _options(inner)
        flags, others = flags | more[0], others | more[1]
    return flags, others


def _report(error: Exception, arguments: Sequence[str]) -> int:
    """Print one line for an error of the parser or a bug of sbvae, and return the exit code."""
    if isinstance(error, RuntimeError) and "memory" in str(error):  # PyTorch's CPU allocator
        return _out_of_memory()
    if isinstance(error, ImportError) and "failed to map" in str(error):  # of a library's code
        return _out_of_memory()
    if not hasattr(error, "format_message"):
        if console_settings.verbose:
            traceback.print_exception(error)
        if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("sbvae_cli"):
            print_error(
                f"{error.name} is not installed in this Python; `python -m pip install sbvae` "
                "installs all that sbvae needs"
            )
            return 1
        print_error(
            f"a bug of sbvae: {type(error).__name__}: {error}; "
            "--verbose shows where, please report it"
        )
        return 1
    print_error(usage_line(error, commands(), arguments, ANYWHERE))
    return int(getattr(error, "exit_code", 2))
