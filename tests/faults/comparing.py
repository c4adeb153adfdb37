"""Two folders of runs, of which one was killed: are they alike, to the bit?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.files import name_of_unfinished


def require_equal(one: Path, other: Path) -> None:
    """Compare the runs in two folders: files, weights, the optimizer's state and logs."""
    files = [sorted(str(path.relative_to(f)) for path in f.rglob("*")) for f in (one, other)]
    differ = set(files[0]) ^ set(files[1])
    assert not differ, differ
    require_no_hidden(other)
    for path in sorted(one.rglob("ckpt*.pt")):
        same = other / path.relative_to(one)
        found, expected = load_checkpoint(same), load_checkpoint(path)
        assert found.step == expected.step and found.threads == expected.threads
        tensors = [list(_leaves(c)) for c in (found, expected)]
        assert len(tensors[0]) > 10
        for (name, value), wanted in zip(*tensors, strict=True):
            assert name == wanted[0] and _same(value, wanted[1]), (path, name)
    for path in sorted(one.rglob("log.jsonl")):
        assert _records(other / path.relative_to(one)) == _records(path)


def require_no_hidden(folder: Path) -> None:
    """Require that nothing half-written is left."""
    assert not [path for path in folder.rglob("*") if name_of_unfinished(path)]


def _leaves(checkpoint: Any) -> Iterator[tuple[str, Any]]:
    parts = (checkpoint.model, checkpoint.optimizer, checkpoint.discriminator)
    waiting = [("", part) for part in parts]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}", each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{name}.{i}", each) for i, each in enumerate(value)]
        else:
            yield name, value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    return bool(one == other)


def _records(log: Path) -> list[dict[str, Any]]:
    """Lines of a log, without the speed."""
    found = [json.loads(line) for line in log.read_text().splitlines()]
    return [{k: v for k, v in each.items() if k != "images_per_second"} for each in found]
