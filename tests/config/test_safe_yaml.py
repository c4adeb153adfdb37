"""YAML that would run something, or grow."""

from pathlib import Path

import pytest
import yaml

from sbvae_cli.config.load import read_yaml
from sbvae_cli.config.safe_yaml import parse_yaml
from sbvae_cli.errors import SbvaeError

# Each level names the one before twice: 2^40 values.
DOUBLED = "".join(f"a{i}: &a{i} {{p: *a{i - 1}, q: *a{i - 1}}}\n" for i in range(1, 40))


def test_names_and_merged_sections_are_read() -> None:
    assert parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: !!python/object/apply:os.system ['touch run']\n", "could not determine a constr"),
        ("model: !!python/name:os.system ''\n", "could not determine a constructor"),
        ("a0: &a0 {x: 1}\n" + DOUBLED, "grows to more than 100,000 values"),
        ("a: &a {b: *a}\n", "nested more than 50 levels deep, or in itself"),
        ("a: " + "[" * 500 + "]" * 500, "nested"),
        ("a: " + "[" * 100_000, "nest"),
        ("a: {<<: [" + "{x: 1}, " * 9 + "]}\n", "too many sections are merged by <<"),
        (f"a: {'9' * 5000}\n", "Exceeds the limit"),
        ("a: 2001-99-99\n", "month must be in 1..12"),
        ("a: 1\n#" + "x" * (1 << 20), "more than the limit of 1,024 kB"),
    ],
)
def test_a_hostile_file_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(SbvaeError, match=message) as caught:
        read_yaml(tmp_path / "x.yaml")
    assert "\n" not in str(caught.value)


def test_sections_that_merge_very_many_keys_are_refused() -> None:
    parts = []
    for i in range(8):
        keys = ", ".join(f"k{i}_{j}: 1" for j in range(1001))
        parts.append(f"a{i}: &a{i} {{{keys}}}")
    names = ", ".join(f"*a{i}" for i in range(8))
    with pytest.raises(yaml.YAMLError, match="too many keys are merged"):
        parse_yaml("\n".join([*parts, f"b: {{<<: [{names}]}}"]))


def test_deep_nesting_is_refused_before_a_tree_is_built() -> None:
    """Which crashes libyaml 0.2.5 at 30,000 levels; the check after it also knows of cycles."""
    for text in ("[" * 51 + "]" * 51, "- " * 51, "{a: " * 51 + "}" * 51):
        with pytest.raises(ValueError, match=r"nested more than 50 levels deep$"):
            parse_yaml(text)
    assert parse_yaml("[" * 50 + "]" * 50)
