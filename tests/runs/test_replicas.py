"""Replicas: planned by seed, found again in their folder, and kept from others."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from sbvae_cli.config.load import build_config, merge
from sbvae_cli.config.schema import Config
from sbvae_cli.errors import SbvaeError
from sbvae_cli.runs.naming import flat_settings
from sbvae_cli.runs.replicas import (
    clear_folders,
    find_replicas,
    plan_replicas,
    refuse_other_runs,
    reserved,
)
from sbvae_cli.runs.resume import CHANGEABLE


def changed(config: Config, **training: Any) -> Config:
    return build_config(merge(config.as_dict(), {"training": training}))


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """Three replicas that begin, of the seeds 8, 9 and 10."""
    group = tmp_path / "g"
    replicas = plan_replicas(changed(Config(), seed=8), 3, group)
    with reserved(replicas):
        clear_folders(replicas, group, force=False)
    return group


def test_replicas_differ_in_the_seed_alone_and_are_found_in_its_order(group: Path) -> None:
    found = find_replicas(group)
    assert [each.seed for each in found] == [8, 9, 10]
    assert [each.folder.path for each in found] == [group / "8", group / "9", group / "10"]
    assert {changed(each.config, seed=0).model_dump_json() for each in found} == {
        Config().model_dump_json()
    }


def test_other_files_and_another_length_make_no_difference(group: Path) -> None:
    (group / "pictures").mkdir()
    (group / "geometry.png").touch()
    longer = changed(Config(), seed=9, steps=9, threads=3, checkpoint_every=7)
    find_replicas(group)[1].folder.write_config(longer)
    assert [each.seed for each in find_replicas(group)] == [8, 9, 10]


def test_what_may_change_when_one_goes_on_leaves_it_a_replica() -> None:
    own = flat_settings(Config(), 0)
    assert own.keys() & CHANGEABLE == {"training.steps"}


def test_those_that_a_killed_process_had_not_begun_are_found_too(group: Path) -> None:
    for seed in (9, 10):
        (group / str(seed) / "config.yaml").unlink()
    (group / "10" / ".config.yaml.12345-0123abcd.tmp").touch()
    (group / "11").mkdir()  # of somebody else
    found = find_replicas(group)
    assert [each.seed for each in found] == [8, 9, 10]
    assert changed(found[2].config, seed=8) == found[0].config
    assert not found[2].folder.config.exists()


@pytest.mark.parametrize("what", ["rate", "seed", "name", "damaged", "lone", "run"])
def test_runs_that_are_no_replicas_are_none(group: Path, what: str) -> None:
    folder = find_replicas(group)[1].folder
    match what:
        case "rate":
            folder.write_config(changed(Config(), seed=9, learning_rate=1.0))
        case "seed":
            folder.write_config(changed(Config(), seed=7))
        case "name":
            folder.path.rename(group / "nine")
        case "damaged":
            folder.config.write_text("{")
        case "lone":
            (group / "3").mkdir()
            (group / "3/ckpt.pt").touch()
        case "run":
            (group / "ckpt.pt").touch()
    assert find_replicas(group) == []


def test_a_folder_in_use_keeps_all_from_beginning(tmp_path: Path) -> None:
    replicas = plan_replicas(Config(), 3, tmp_path)
    for name in (".lock", ".reserved"):
        (tmp_path / "2").mkdir(exist_ok=True)
        with (
            FileLock(tmp_path / "2" / name),
            pytest.raises(SbvaeError) as raised,
            reserved(replicas),
        ):
            pass
        assert str(raised.value).startswith(f"{tmp_path / '2'}: another process trains here")
        assert [path.name for path in tmp_path.iterdir()] == ["2"]
    with reserved(replicas), replicas[0].folder.locked():  # whoever holds them may train in them
        pass


def test_what_is_there_is_replaced_only_by_force(group: Path) -> None:
    replicas = find_replicas(group)
    replicas[0].folder.append_log({"step": 1})
    notes: list[str] = []
    clear_folders(replicas, group, force=False, on_note=notes.append)  # none has a checkpoint
    assert notes == [f"{group / '8'}: the log of a run without a checkpoint is replaced"]
    for each in replicas[1:]:
        each.folder.checkpoint.touch()
    with pytest.raises(SbvaeError, match="g: holds replicas 9, 10 already; resume them with"):
        clear_folders(replicas, group, force=False)
    assert replicas[1].folder.checkpoint.exists()
    (group / "8/notes.txt").touch()
    with pytest.raises(SbvaeError, match=r"8: holds other files, such as notes.txt"):
        clear_folders(replicas[:1], group, force=False)
    clear_folders(replicas, group, force=True)
    assert not replicas[1].folder.checkpoint.exists() and (group / "8/notes.txt").exists()


def test_runs_of_other_settings_keep_replicas_from_beginning_beside_them(group: Path) -> None:
    def refuse(seed: int, force: bool = False, **settings: Any) -> None:
        planned = plan_replicas(changed(Config(), seed=seed, **settings), 2, group)
        refuse_other_runs(planned, group, force=force)

    refuse(11)  # the same settings, other seeds
    refuse(11, steps=7)
    with pytest.raises(SbvaeError) as raised:
        refuse(11, learning_rate=0.5)
    assert str(raised.value) == (
        f"{group}: holds runs that differ in more than the seed: 10, where "
        "training.learning_rate is 0.0003, not 0.5; choose another `out`"
    )
    with pytest.raises(SbvaeError, match=r"10, where training.learning_rate"):
        refuse(8, force=True, learning_rate=0.5)  # 10 stays
    (group / "8").rename(group.parent / "8")
    refuse(9, learning_rate=0.5)  # none was begun
    for seed in (9, 10):
        (group / str(seed) / "ckpt.pt").touch()
    refuse(9, force=True, learning_rate=0.5)  # all are replaced
    with pytest.raises(SbvaeError, match=r"10, where training.learning_rate"):
        refuse(9, learning_rate=0.5)
    (group / "10/config.yaml").write_text("{")
    with pytest.raises(SbvaeError, match=r"10, where config.yaml is missing or damaged; choose"):
        refuse(11)
    (group / "10").rename(group / "8")
    (group / "9").rename(group / "10")
    with pytest.raises(SbvaeError, match=r"10, where training.seed is 9, not the folder's name"):
        refuse(11)
    with pytest.raises(SbvaeError, match="is the folder of a run; choose another `out`"):
        refuse_other_runs([], group / "8", force=False)
    refuse_other_runs([], group / "none", force=False)


def test_a_seed_beyond_all_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SbvaeError, match="seed"):
        plan_replicas(changed(Config(), seed=2**63 - 1), 2, tmp_path)
