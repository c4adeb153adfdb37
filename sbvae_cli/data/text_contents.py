"""Recognise text files: a table, settings, a factor space, or unknown text."""

from pathlib import Path

import yaml

from sbvae_cli.commands import command
from sbvae_cli.config.names import PROCEDURAL_DATASETS
from sbvae_cli.config.safe_yaml import LARGEST_YAML, parse_yaml

DEFAULT_ADVICE = "name a dataset, a checkpoint, a run folder or images"


def describe_text(path: Path, head: bytes) -> tuple[str, str]:
    """Return a description and advice for a file that has no known binary format.

    Args:
        path: Path of the file.
        head: First bytes of the file.
    """
    try:
        lines = head.decode("utf-8-sig", errors="ignore" if len(head) > 1000 else "strict")
    except UnicodeDecodeError:
        return ("has an unknown format", DEFAULT_ADVICE)
    if not all(c.isprintable() or c in "\n\r\t" for c in lines):
        return ("has an unknown format", DEFAULT_ADVICE)
    if path.suffix.lower() in (".csv", ".tsv") or lines.partition("\n")[0].count(",") > 0:
        advice = "import it with its images: pass it as `factors` to `gen-data images`"
        return ("is a table (CSV)", advice)
    return _settings(path) or ("is text", DEFAULT_ADVICE)


def _settings(path: Path) -> tuple[str, str] | None:
    """Describe a YAML or JSON mapping, of a run or a factor space; None for any other text."""
    if path.stat().st_size > LARGEST_YAML:
        return None
    try:
        tree = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError):
        return None
    if not isinstance(tree, dict):
        return None
    space = tree.get("space", tree)
    renderer = space.get("renderer") if isinstance(space, dict) else None
    if "factors" in tree and renderer in {name.partition(":")[0] for name in PROCEDURAL_DATASETS}:
        advice = f"render images of it with {command(f'gen-data {renderer}', space=path)}"
        return ("describes a factor space", advice)
    data = tree.get("data")
    if isinstance(data, dict) and data.get("source"):
        return ("holds settings", f"train with {command('train', config=path)}")
    return ("holds settings", "pass it as `config`, with the dataset as `source`")
