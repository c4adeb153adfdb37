"""Text of options that choose among replicas."""

import re

from sbvae_cli.errors import SbvaeError, nearest

WORDS = ("worst", "median", "best")
MOST = 6  # that stand in one row


def parse_picks(text: str) -> tuple[str | int, ...]:
    """Read `worst,best`, `median` or `3,7`, which are seeds.

    Raises:
        SbvaeError: If a part is neither, or there are too many for a row.
    """
    picks: list[str | int] = []
    for part in text.split(","):
        word = part.strip().lower()
        if re.fullmatch(r"\d{1,18}", word):
            picks.append(int(word))
        elif word in WORDS:
            picks.append(word)
        else:
            near = nearest(word, WORDS)
            hint = f"did you mean {near}?" if near else "name worst, median, best or seeds, as 3"
            raise SbvaeError(f"{part.strip() or text}: is no replica; {hint}", field="replica")
    if len(picks) > MOST:
        raise SbvaeError(f"{text}: a row has room for {MOST} at most", field="replica")
    return tuple(dict.fromkeys(picks))
