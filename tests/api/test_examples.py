"""The examples of every public name do as they say, and no name is without one."""

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import sbvae_cli as sbvae

IN_MODULES = {"draw": sbvae.draw, "scores": sbvae.scores}
ERRORS = ("DivergedError", "SbvaeError", "SbvaeWarning")  # nothing is done with them


def public() -> Iterator[tuple[str, Any]]:
    for name in sbvae.__all__:
        if name in IN_MODULES:
            module = IN_MODULES[name]
            yield from ((f"{name}.{inner}", getattr(module, inner)) for inner in module.__all__)
        elif name not in ERRORS:
            yield name, getattr(sbvae, name)
    for name in ("encode", "decode", "render", "reconstruct"):
        yield f"Model.{name}", getattr(sbvae.Model, name)


@pytest.mark.parametrize(("name", "thing"), [pytest.param(n, t, id=n) for n, t in public()])
def test_an_example_does_as_it_says(name: str, thing: Any, run: Path) -> None:
    names = {"sbvae": sbvae, "np": np, "torch": torch}
    text = inspect.getdoc(thing)
    assert text
    example = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    assert example.examples, f"{name} has no example"
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert result.failed == 0, "".join(report)


def test_every_public_function_says_its_arguments_and_what_it_gives() -> None:
    for name, thing in public():
        if name.startswith("scores."):  # whose module says it for all
            continue
        text = inspect.getdoc(thing) or ""
        function = thing.__init__ if inspect.isclass(thing) else thing
        arguments = [a for a in inspect.signature(function).parameters if a != "self"]
        if name == "Training":  # nobody makes one
            continue
        missing = [argument for argument in arguments if f"    {argument}: " not in text]
        assert missing == [], name
