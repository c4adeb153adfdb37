"""Convert findings to sentences with a table."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sbvae_cli.commands import quoted
from sbvae_cli.evaluation.findings.finding import Finding
from sbvae_cli.evaluation.findings.words import FindingText

_LISTED = 3  # names that are listed before the rest is counted


def sentences(
    findings: Sequence[Finding], table: dict[str, FindingText], of_model: bool = True
) -> list[str]:
    """Return the findings that a table knows as sentences, each once.

    Args:
        findings: Findings in the order of the sentences; those with codes of other tables are
            skipped.
        table: `DIAGNOSIS` or `NOTES`.
        of_model: Whether to give the advice for a model that was trained here, else that for codes.
    """
    own = [finding for finding in findings if finding.code in table]
    lines = []
    for code, group in groupby(own, key=lambda finding: table[finding.code].under or finding.code):
        lines += _lines(list(group), code, table, of_model)
    return list(dict.fromkeys(lines))


def _lines(
    group: list[Finding], code: str, table: dict[str, FindingText], of_model: bool
) -> list[str]:
    words = table[code]
    advice = words.advice[0 if of_model else 1]
    text = words.several if words.several and group[0].values["pairs"] > 1 else words.text
    if "{each}" not in text:
        fields = [_fields(finding) for finding in group]
        return [text.format(**each, advice=advice.format(**each)) for each in fields]
    listed = [table[finding.code].each.format(**_fields(finding)) for finding in group]
    each = words.between.join(listed) if words.all else abbreviate(listed, words.between)
    largest: dict[str, Any] = {}
    for finding in group:
        for name, value in finding.values.items():
            largest[name] = max(largest.get(name, value), value)
    values = {name: _joined(value) for name, value in largest.items()}
    return [text.format(**values, advice=advice, each=each)]


def _fields(finding: Finding) -> dict[str, Any]:
    """Return the fields that a text may use of a finding."""
    latents = [str(latent) for latent in finding.latents]
    return {
        **{name: _joined(value) for name, value in finding.values.items()},
        "listed": _and(finding.values.get("metrics", ())),
        "factors": finding.factors,
        "latents": finding.latents,
        "names": ", ".join(finding.factors),
        "comma": quoted(",".join(finding.factors)),
        "pair": " and ".join(finding.factors),
        "which": ", ".join(latents),
        "both": " and ".join(latents),
        "sequence": ",".join(latents),
        "s": "s" if len(latents) > 1 else "",
        "are": "are" if len(finding.factors) > 1 else "is",
    }


def _joined(value: Any) -> Any:
    """Join a list of names with commas; return other values unchanged."""
    several = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return ", ".join(value) if several else value


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def abbreviate(names: Sequence[str], between: str = " ") -> str:
    """Join the first three names, followed by the number of the rest."""
    more = len(names) - _LISTED
    return between.join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
