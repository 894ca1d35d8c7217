"""The gate's verdicts, and what a reason for one is made of. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from reviews.outcomes import Outcome

SHOWN = 8


class Verdict(StrEnum):
    """The answer of the gate, worst first."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PENDING = "pending"
    STALE = "stale"
    CONDITIONS = "pass-with-conditions"
    PASS = "pass"  # noqa: S105 - a verdict, not a password

    @property
    def lets_out(self) -> bool:
        """Whether a commit with this verdict may go out."""
        return self in (Verdict.PASS, Verdict.CONDITIONS)

    @property
    def said(self) -> str:
        """The verdict as a sentence without its stop."""
        return _SAID[self]

    @property
    def outcome(self) -> Outcome:
        """The outcome whose icon it has."""
        return _ICONS.get(self, Outcome.UNKNOWN)


_SAID = {
    Verdict.FAIL: "It may not go out",
    Verdict.UNKNOWN: "It could not be told whether it may go out",
    Verdict.PENDING: "It may not go out yet",
    Verdict.STALE: "What was said of it no longer holds",
    Verdict.CONDITIONS: "It may go out, with conditions",
    Verdict.PASS: "It may go out",
}
_ICONS = {Verdict.FAIL: Outcome.FAIL, Verdict.CONDITIONS: Outcome.WARN, Verdict.PASS: Outcome.PASS}
_WORST_FIRST = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of an answer. `code` says which and never changes its meaning; `next` says what to do about it.

    `verdict` is what this reason alone would answer, None for what is worth knowing and decides nothing. The rest says
    what it is about: the number of a review, the key of a scan, refs of items, ids of rules.
    """

    code: str
    verdict: Verdict | None
    text: str
    next: str = ""
    review: int | None = None
    scan: int | None = None
    items: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome whose icon it has."""
        return self.verdict.outcome if self.verdict else Outcome.WARN

    @property
    def weight(self) -> int:
        """Its place among the others: the most deciding first, what decides nothing last."""
        return _WORST_FIRST.index(self.verdict) if self.verdict else len(_WORST_FIRST)

    def as_json(self) -> dict[str, Any]:
        """The reason as plain data; what it is not about is left out."""
        about: dict[str, Any] = {
            "review": self.review,
            "scan": self.scan,
            "items": list(self.items),
            "rules": list(self.rules),
        }
        stated = {"code": self.code, "verdict": self.verdict and self.verdict.value, "text": self.text}
        return stated | {"next": self.next} | {name: value for name, value in about.items() if value}


def listed(parts: Iterable[str]) -> str:
    """The first few of some texts, in a row."""
    every = list(parts)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def ended(day: date) -> datetime:
    """The moment at which a day is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def day(moment: date) -> str:
    """A date as words."""
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime) -> str:
    """A time as words, in UTC."""
    return f"{day(moment.astimezone(UTC))}, {moment.astimezone(UTC):%H:%M} UTC"
