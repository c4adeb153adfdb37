"""Many changed files for every reader: python tests/fuzz/fuzz.py --cases 100000

Prints a table of what came of them, and each kind of failure once, with a case that shows it. Cases
are random; with `--guided` libFuzzer makes them, which looks for branches of the package that no
case has reached (`pip install atheris`). `--case HEX` makes the file of one case, reads it here,
and leaves it in the working folder.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import guided_cases
import numpy as np
import server

BAD = ("failed", "noisy", "crashed", "hung")
_LONGEST = 48  # bytes of a case


@dataclass
class Tally:
    """What came of the cases of a reader."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)  # case and error, by kind
    total: float = 0.0  # seconds of a processor, and the longest case's
    longest: float = 0.0
    largest: int = 0  # bytes

    def add(self, case: bytes, answer: server.Answer) -> None:
        """Count a case; of each kind of failure the first is kept."""
        outcome = answer["outcome"]
        self.outcomes[outcome] += 1
        seconds = answer.get("seconds", 0.0)
        self.total, self.longest = self.total + seconds, max(self.longest, seconds)
        self.largest = max(self.largest, answer.get("bytes", 0))
        if outcome in BAD:
            told = answer["told"]
            kind = told.split(":")[0] + (told.rpartition(" ")[2] if "[" in told else told[-40:])
            self.failures.setdefault(f"{outcome} {kind}", (case.hex(), told))

    def row(self, name: str) -> str:
        """The row of the table."""
        counts = [self.outcomes[each] for each in ("read", "refused", "unmade", *BAD)]
        cells = [name, f"{sum(counts):,}", *(f"{n:,}" for n in counts)]
        cells += [f"{self.total:.0f}", f"{self.longest:.2f}", f"{self.largest >> 20:,}"]
        return "| " + " | ".join(cells) + " |"


HEAD = (
    "| reader | cases | read | refused | no such file | failed | warned | crashed | hung | "
    f"all (s) | longest (s) | peak (MB) |\n|---|{11 * '---:|'}"
)


def fuzz(take: server.Take, cases: int, seed: int) -> Tally:
    """Random cases, most of them short."""
    rng, tally = np.random.default_rng(seed), Tally()
    child = server.Child(take)
    for _ in range(cases):
        case = rng.bytes(min(_LONGEST, 1 + int(rng.exponential(10))))
        if not child.pid:
            child = server.Child(take)
        tally.add(case, child.ask(case))
    child.close()
    return tally


def guided(name: str, cases: int, seed: int) -> Tally:
    """Cases that look for new branches of the package."""
    tally = Tally()
    with server.working_folder():
        guided_cases.run(name, cases, seed, _LONGEST, tally.add)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, help="for each reader")
    parser.add_argument("--readers", help="names with commas between; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guided", action="store_true", help="look for new branches, by atheris")
    parser.add_argument("--case", help="of one reader, in hexadecimal digits")
    options = parser.parse_args()
    names = options.readers.split(",") if options.readers else server.names()
    if options.case:
        print(json.dumps(server.taker(names[0])(bytes.fromhex(options.case)), indent=1))
        return
    print(HEAD, flush=True)
    with server.working_folder():
        for name in names:
            started = time.monotonic()
            if options.guided:
                tally = guided(name, options.cases, options.seed)
            else:
                tally = fuzz(server.taker(name), options.cases, options.seed)
            print(tally.row(name), flush=True)
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            for kind, (case, told) in tally.failures.items():
                print(f"  {case} {kind}: {told}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
