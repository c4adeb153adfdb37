"""Completes the help: order of the commands, examples, and the form of each option's value."""

from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from sbvae_cli.cli.choices import describe_choices, describe_metrics
from sbvae_cli.config.names import choice

# Commands in the order of a workflow; each example works after those before it.
EXAMPLES = {
    "gen-data circles": "sbvae gen-data circles --preset xy-hole --count 100000",
    "gen-data sprites": "sbvae gen-data sprites --factor x=0..0.3,y=0..0.3 --hole hue=0.4..0.6",
    "gen-data room": "sbvae gen-data room --size 32",
    "gen-data chairs": "sbvae gen-data chairs --count 20000",
    "gen-data images": "sbvae gen-data images --from photos --factors photos.csv",
    "train": "sbvae train --data circles-xy-hole.h5 --profile quick --out runs/first",
    "traverse": "sbvae traverse runs/first --start-image 3,17 --top 4",
    "geometry": "sbvae geometry runs/first --factors x,y --json geometry.json",
    "explore": "sbvae explore runs/first --out explorer.html",
    "eval": "sbvae eval runs/first --metrics rates,mig,dci-fast --json scores.json",
    "figure rate-distortion": "sbvae figure rate-distortion scores.json --out figure-4.svg",
    "figure mig": "sbvae figure mig runs/first --protocol quick",
    "figure scores": "sbvae figure scores scores.json --scores nll,kl",
    "figure losses": "sbvae figure losses runs/first --terms nll,kl",
    "figure table": "sbvae figure table scores.json --scores neg_elbo,nll,kl --out table.tex",
    "figure unfolding": "sbvae figure unfolding runs/broadcast runs/deconv",
    "sweep run": "sbvae sweep run examples/sweep-small.yaml --out sweeps/small",
    "sweep status": "sbvae sweep status sweeps/small",
    "sweep collect": "sbvae sweep collect sweeps/small --best neg_elbo --out best.yaml",
    "reproduce": "sbvae reproduce figure-8 --tier smoke",
    "encode": "sbvae encode runs/first --out codes.npz",
    "export": "sbvae export runs/first --onnx exported --safetensors model.safetensors",
    "info": "sbvae info circles-xy-hole.h5 --sheet samples.png",
    "demo": "sbvae demo",
    "bench": "sbvae bench --json speed.json",
    "help": "sbvae help gen-data circles",
}
ORDER = tuple(dict.fromkeys(words.split()[0] for words in EXAMPLES))
_ENDS = {"train": describe_choices, "eval": describe_metrics}
_SHORT = 24  # characters of choices beside an option; longer lists are appended to its text
_MANY = 1_000_000  # greatest values from this on are not shown

# Form of an option's value: by the option's name, or else by its type.
_VALUES = {
    "size": "N|HxW",
    "latents": "N,N",
    "range": "A..B",
    "factor": "NAME=RANGE",
    "hole": "NAME=RANGE",
    "correlate": "NAME,NAME=STD",
    "at": "NAME=VALUE",
    "group": "NAME,NAME",
    "metrics": "NAME,NAME",
    "device": "NAME",
    "diameter": "RANGE",
    "data": "FILE|NAME",
    "json": "FILE|-",
    "csv": "FILE|-",
    "factors": "NAME,NAME",
    "kind": "NAME=KIND",
    "circular": "NAME",
    "images-key": "NAME",
    "factors-key": "NAME,NAME",
}
_VALUES_OF_TYPES = {int: "N", float: "X", Path: "PATH", str: "TEXT"}


def complete_help(root: Any) -> None:
    """Order the commands, and add an example to each command and the form of values to options."""
    root.commands = {name: root.commands[name] for name in ORDER}
    root.epilog = _block("First steps", [EXAMPLES[n] for n in ("gen-data circles", *ORDER[1:5])])
    context = typer.Context(root, **root.context_settings)
    _show_values(root, context)
    for words, example in EXAMPLES.items():
        command = root
        for word in words.split():
            command = command.commands[word]
            _show_values(command, context)
        end = f"\n{_ENDS[words]()}" if words in _ENDS else ""
        command.epilog = _block("Example", [example]) + end


def choices_of(command: Any, name: str) -> tuple[str, ...]:
    """Return the choices of a command's parameter, or nothing if it takes any value."""
    hint = get_type_hints(command.callback).get(name)
    return tuple(each for each in _members(hint) if isinstance(each, str))


def _members(hint: Any) -> tuple[Any, ...]:
    """Return the innermost members of a type: "a" and NoneType for `Literal["a"] | None`."""
    inner = get_args(hint)
    return sum(map(_members, inner), ()) if inner else (hint,)


def _block(title: str, lines: list[str]) -> str:
    r"""Return lines that the help does not wrap, which click marks by \b."""
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])


def _show_values(command: Any, context: Any) -> None:
    command.get_help_option(context).metavar = ""
    for parameter in command.params:
        if parameter.param_type_name != "option":
            parameter.display_type_rich = lambda ctx: ""  # its name is enough
        elif getattr(parameter, "is_flag", False):
            parameter.metavar = ""
        elif parameter.metavar is None:
            parameter.metavar = _value(command, parameter)
        if getattr(parameter, "max", None) is not None and parameter.max >= _MANY:
            parameter.max = None  # used only by the help; the type checks its own bound


def _value(command: Any, parameter: Any) -> str:
    names = choices_of(command, parameter.name)
    if names:
        shown = "|".join(names)
        if len(shown) <= _SHORT:
            return shown
        parameter.help = f"{parameter.help} One of {choice(names)}."
        return "NAME"
    option = parameter.opts[0].lstrip("-")
    types = _members(get_type_hints(command.callback).get(parameter.name))
    if option in _VALUES and not {Path, int} & set(types):
        return _VALUES[option]
    return next((_VALUES_OF_TYPES[kind] for kind in types if kind in _VALUES_OF_TYPES), "TEXT")
