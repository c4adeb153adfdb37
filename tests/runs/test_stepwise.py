"""A run that goes on report by report, where another process was first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sbvae_cli.checkpoint import load_checkpoint
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.folder import RunFolder
from sbvae_cli.runs.resolve import Request, resolve
from sbvae_cli.runs.resume import Resumption, prepare_resumption
from sbvae_cli.runs.stepwise import SteppedRun
from sbvae_cli.runs.train import resume_runs
from tests.conftest import SMALL_TREE

TREE = {**SMALL_TREE, "training": {**SMALL_TREE["training"], "steps": 4, "threads": 1}}


def go_on_by_reports(found: Resumption) -> None:
    run = SteppedRun(found.config, found.source, found.folder, resumption=found)
    run.close()


def go_on_whole(found: Resumption) -> None:
    resume_runs([found])


@pytest.mark.parametrize("go_on", [go_on_by_reports, go_on_whole])
def test_a_run_that_another_process_went_on_with_is_left_as_it_is(
    tmp_path: Path, go_on: Callable[[Resumption], None]
) -> None:
    folder = RunFolder(tmp_path / "run")
    config, source = resolve(Request(options=TREE))
    begun = SteppedRun(config, source, folder)
    next(begun)
    begun.close()
    found = prepare_resumption(folder)
    other = prepare_resumption(folder)
    for _ in SteppedRun(other.config, other.source, folder, resumption=other):
        pass
    stands, log = load_checkpoint(folder.checkpoint).step, folder.log.read_bytes()

    with pytest.raises(SbvaeError, match=f"^{folder.path}: another process went on with it"):
        go_on(found)

    assert found.checkpoint.step < stands == load_checkpoint(folder.checkpoint).step
    assert folder.log.read_bytes() == log
    with folder.locked():  # and it is let go
        pass
