"""Names in the order in which people count."""

import random

from sbvae_cli.data.importers.natural_order import natural_order

ORDERED = [
    "01.png",
    "1.png",
    "2.png",
    "10.png",
    "a/2.png",
    "A/3.png",
    "a/10.png",
    "a-b/1.png",
    "clip.gif#2",
    "clip.gif#10",
    "e\u0301.png",
    "\u00e9.png",
    "\udcff.png",
]


def test_numbers_count_and_ties_are_broken_alike_whatever_came_first() -> None:
    for seed in range(20):
        names = random.Random(seed).sample(ORDERED, len(ORDERED))
        assert natural_order(names) == ORDERED


def test_a_number_may_have_more_digits_than_python_reads() -> None:
    long = "9" * 5000
    assert natural_order([long, "1" + long, "2"]) == ["2", long, "1" + long]


def test_digits_of_other_scripts_are_text() -> None:
    assert natural_order(["x\u00b2", "x10", "x\u0663", "x2"]) == ["x2", "x10", "x\u00b2", "x\u0663"]
