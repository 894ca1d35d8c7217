"""
What scans compare locked versions with: the advisories of the database, read for the packages in question.

    known = current()                        # Stored, or None before anything was loaded
    known.expect(names)                      # one query for them all, instead of one each when they are asked about
    known.of("django", "5.2.1")              # as of scanners.advisories.Advisories
    known.asked                              # all that was asked and answered, for `answers_differ`
    answers_differ(asked, known)             # whether the same questions are answered otherwise now
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from reviews.advisories.loading import newest
from reviews.advisories.records import unpack
from reviews.models import AdvisoryLoad, AdvisoryPackage
from scanners.advisories import Advisories, Advisory

Json = dict[str, Any]

_BATCH = 500


class Stored(Advisories):
    """The advisories of the database as of one load."""

    def __init__(self, row: AdvisoryLoad) -> None:
        super().__init__(())
        self.row = row
        self.date = row.as_of
        self._of: dict[tuple[str, str], str] = {}
        self._knows: dict[str, bool] = {}
        self._answers: dict[tuple[str, str], tuple[Advisory, ...]] = {}

    @property
    def stamp(self) -> dict[str, str]:
        """How far they reach: `current` is the last day on which nothing more was known."""
        dates = {"as_of": self.row.as_of.isoformat(), "current": self.row.current_on.isoformat()}
        return {"digest": self.row.digest} | dates

    @property
    def asked(self) -> Json:
        """What was asked, with a digest of each answer: see ScanTree."""
        of = [[name, version, answer] for (name, version), answer in sorted(self._of.items())]
        return {"of": of, "knows": [[name, known] for name, known in sorted(self._knows.items())]}

    def expect(self, names: Iterable[str]) -> None:
        """Read what is known of these packages, in one query for some hundreds."""
        new = sorted({canonicalize_name(name) for name in names} - self._parsed.keys())
        found: dict[str, list[Json]] = defaultdict(list)
        for start in range(0, len(new), _BATCH):
            some = new[start : start + _BATCH]
            rows = AdvisoryPackage.objects.filter(name__in=some, advisory__gone=False, advisory__withdrawn=False)
            for name, packed in rows.order_by("advisory__ident").values_list("name", "advisory__packed"):
                found[name].append(unpack(packed))
        self._parsed |= {name: found[name] for name in new}

    def of(self, name: str, version: str) -> tuple[Advisory, ...]:
        """As of Advisories, remembered."""
        key = (canonicalize_name(name), version)
        if key not in self._answers:
            self._answers[key] = super().of(*key)
            self._of[key] = _digest(self._answers[key])
        return self._answers[key]

    def knows(self, name: str) -> bool:
        """As of Advisories, remembered."""
        plain = canonicalize_name(name)
        self._knows[plain] = super().knows(plain)
        return self._knows[plain]

    def _open(self, name: str) -> list[Json]:
        if name not in self._parsed:
            self.expect([name])
        return self._parsed[name]


def current() -> Stored | None:
    """What scans compare with now."""
    row = newest()
    return Stored(row) if row else None


def names_in(asked: Mapping[str, Any]) -> set[str]:
    """The packages that were asked about."""
    return {name for name, *_ in (*asked.get("of", ()), *asked.get("knows", ()))}


def answers_differ(asked: Mapping[str, Any], known: Stored) -> bool:
    """Whether a scan that asked this would be told something else now. `expect` its names before, of many at once."""
    return any(known.knows(name) != told for name, told in asked.get("knows", ())) or any(
        _digest(known.of(name, version)) != told for name, version, told in asked.get("of", ())
    )


def _digest(found: tuple[Advisory, ...]) -> str:
    """Of all that a finding says of the advisories; empty for none."""
    if not found:
        return ""
    told = [(one.id, sorted(one.names), one.fixed, one.malicious, one.severity) for one in found]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
