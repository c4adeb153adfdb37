"""Runs as they are named on a line."""

from pathlib import Path

from sbvae_cli.config.load import build_config, to_yaml
from sbvae_cli.runs.targets import run_folders


def test_runs_of_a_folder_come_in_natural_order_and_each_once(tmp_path: Path) -> None:
    for name, seed in (("beta-10/0", 0), ("beta-2/1", 1), ("beta-2/0", 0), ("lone", 0)):
        (tmp_path / name).mkdir(parents=True)
        config = build_config({"training": {"seed": seed}})
        (tmp_path / name / "config.yaml").write_text(to_yaml(config.as_dict()))
        (tmp_path / name / "log.jsonl").write_text("")
    found = run_folders([tmp_path / "lone/log.jsonl", tmp_path, tmp_path / "beta-10"])
    names = [folder.path.relative_to(tmp_path).as_posix() for folder in found]
    assert names == ["lone", "beta-2/0", "beta-2/1", "beta-10/0"]
