"""
Holds a seal against what was expected: a digest, a seal or a whole report, and says in words what is not the same.

    wanted = read("9f86d081...")             # or read(text of a file that `plimsoll replay` wrote)
    differences(wanted, seal, parts)         # [] when all is the same
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from scanners.regex import regex
from scanners.replay.sealing import FORMAT, Asked, Json, Seal, canonical, digest

SHOWN: Final = 5
_DIGEST: Final = regex(r"[0-9a-f]{64}")
_WIDEST: Final = 300


class UnreadableError(Exception):
    """What was expected is no digest, seal or report. Its text says why."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What another replay gave: its digest, its seal where that is known, its parts where they are."""

    digest: str
    seal: Seal | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)


def read(text: str) -> Expected:
    """What was expected, from a digest or the text of a file. Raises UnreadableError."""
    if _DIGEST.fullmatch(text.strip()):
        return Expected(text.strip())
    try:
        content = json.loads(text)
        parts = content.get("parts", {})
        told = content["seal"] if parts else content
        seal = Seal(Asked(**told["asked"]), dict(told["digests"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError("It is neither a SHA-256 nor what `plimsoll replay` wrote.") from error
    if told.get("format") != FORMAT:
        raise UnreadableError(f"It has format {told.get('format')}; this version of Plimsoll writes {FORMAT}.")
    damaged = sorted(name for name, part in parts.items() if digest(part) != seal.digests.get(name))
    if damaged:
        raise UnreadableError(f"It was changed after it was written: {', '.join(damaged)} is not what its seal says.")
    return Expected(seal.digest, seal, parts)


def differences(expected: Expected, seal: Seal, parts: Mapping[str, Any]) -> list[str]:
    """One line for each thing that is not the same; none when the digests are."""
    if expected.digest == seal.digest:
        return []
    if expected.seal is None:
        return [f"The digest is {seal.digest}, and {expected.digest} was expected."]
    return [*_asked(expected.seal.asked, seal.asked), *_parts(expected, seal, parts)]


def _asked(before: Asked, now: Asked) -> Iterator[str]:
    was = asdict(before)
    for name, value in asdict(now).items():
        if was[name] != value:
            yield f"asked: {name} is {_shown(value)}, and was {_shown(was[name])}"


def _parts(expected: Expected, seal: Seal, parts: Mapping[str, Any]) -> Iterator[str]:
    assert expected.seal is not None
    for name in sorted({*seal.digests, *expected.seal.digests}):
        if seal.digests.get(name) == expected.seal.digests.get(name):
            continue
        if name in expected.parts and name in parts:
            yield from _rows(name, _listed(expected.parts[name]), _listed(parts[name]))
        else:
            yield f"{name}: not the same; a report, instead of its seal, shows where"


def _rows(name: str, before: Counter[bytes], now: Counter[bytes]) -> Iterator[str]:
    for sign, word, rows in (("-", "gone", before - now), ("+", "new", now - before)):
        if rows:
            yield f"{name}: {rows.total():,} {word}"
            yield from (f"  {sign} {_cut(row.decode('ascii'))}" for row in sorted(rows)[:SHOWN])
    if before == now:
        yield f"{name}: the same, in another order"


def _listed(part: Any, place: str = "") -> Counter[bytes]:
    """The rows of a part, each with the name of the table or rule that it belongs to."""
    if isinstance(part, list | tuple):
        return Counter((f"{place} " if place else "").encode() + canonical(row) for row in part)
    if isinstance(part, Mapping) and not place:
        rows: Counter[bytes] = Counter()
        for name, value in part.items():
            rows += _listed(value, name)
        return rows
    return Counter([f"{place} ".encode() + canonical(part)])


def _shown(value: Json | str | bool) -> str:
    return json.dumps(value)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]}..."
