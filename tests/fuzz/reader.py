"""What a reader of files is here: how a file of its kind is made, and how it is read."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from mutations import Choices, mutate_bytes, mutate_tree

from sbvae_cli.cli.app import commands

Tree = Any
MOST = 100_000  # numbers of an array that is written


@dataclass(frozen=True)
class Reader:
    """A kind of file.

    Attributes:
        name: Name of the file to write.
        seeds: What valid files are made of: mappings, lists and plain values.
        write: Makes a file of such a tree; raises anything where it cannot.
        read: Reads a file; raises SbvaeError where it cannot.
    """

    name: str
    seeds: Sequence[Tree]
    write: Callable[[Path, Tree], None]
    read: Callable[[Path], object]

    @cached_property
    def files(self) -> list[bytes]:
        """The valid files; made once, in the working folder."""
        found = []
        for seed in self.seeds:
            self.write(Path(self.name), seed)
            found.append(Path(self.name).read_bytes())
        return found

    def make(self, case: bytes) -> bool:
        """Write the file of a case into the working folder; false where there can be none.

        Args:
            case: The first byte says which valid file is changed, and whether its bytes are or what
                it is made of; the others say how.
        """
        choices, path = Choices(case), Path(self.name)
        first = choices.below(256)
        seed, by_tree = first // 2 % len(self.seeds), first % 2
        if not by_tree:
            path.write_bytes(mutate_bytes(self.files[seed], self.files, choices))
            return True
        tree = mutate_tree(self.seeds[seed], choices)
        path.unlink(missing_ok=True)
        try:
            self.write(path, tree)
        except Exception:  # of a tree that no file can be made of
            return False
        return path.is_file()


def run(*words: object) -> None:
    """Run a command of sbvae, which raises its errors here; what it prints is thrown away."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        commands().main(args=list(map(str, words)), prog_name="sbvae", standalone_mode=False)


def array(spec: Mapping[str, Any]) -> np.ndarray:
    """An array of `dtype` and `shape`, or of `values`.

    Raises:
        ValueError: If it is too large to be written here.
    """
    kind = np.dtype(spec["dtype"])
    if "values" in spec:
        return np.array(spec["values"], kind)
    shape = tuple(spec["shape"])
    if np.prod([float(n) for n in shape]) > MOST:
        raise ValueError("too large")
    values = np.arange(int(np.prod(shape))) * 7 % 251 / (250 if kind.kind == "f" else 1)
    return values.astype(kind).reshape(shape)


def without_surrogates(tree: Tree) -> Tree:
    """The tree with its texts as UTF-8 can hold them."""
    if isinstance(tree, str):
        return tree.encode(errors="replace").decode()
    if isinstance(tree, dict):
        return {without_surrogates(k): without_surrogates(v) for k, v in tree.items()}
    return [without_surrogates(each) for each in tree] if isinstance(tree, list) else tree
