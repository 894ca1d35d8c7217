"""
Whether a commit may go out: from its scan, its reviews and the team's policy, with reasons and an end. Pure.

    answer(Question(commit="7ac01d9...", now=now, tier=Tier.A, scan=Scanned(Scanned.State.NONE)))
    # Answer(Verdict.PENDING, (Reason("no-scan", ...), ...), expires=None)
    as_json(answer)      # the same as plain data, for programs

Pages, the programs' door, the badge and the commit status all show this one answer. What decides, in this order: a
scan of exactly this commit has to be finished, the branch must not have moved on when the head was asked for, broken
glass opens, and else the worst of level, reading and reviews counts. Every further reason is listed after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from reviews.checklist import REQUIRED, Level, Tier
from reviews.gate.approvals import Reviewed, excused, says
from reviews.gate.verdicts import Reason, Verdict, listed, minute
from reviews.outcomes import ItemOutcome, Outcome
from reviews.scoring import Scorecard

READ_AT_LEAST = 0.95
SECOND_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The scan of exactly one commit.

    `cards` are scorecards with the day from which each holds, the first for today: waivers end. `changed` says what a
    scan of today would do differently, as it goes on after "since this scan".
    """

    class State(StrEnum):
        """How far it is."""

        NONE = "none"
        REQUESTED = "requested"
        RUNNING = "running"
        FAILED = "failed"
        DONE = "done"

    state: State
    key: int | None = None
    cards: tuple[tuple[date, Scorecard], ...] = ()
    error: str = ""
    next: str = ""
    changed: str = ""

    def card(self, now: datetime) -> Scorecard | None:
        """The scorecard that holds at a moment; None while there is none."""
        begun = [card for start, card in self.cards if start <= now.astimezone(UTC).date()]
        return begun[-1] if begun and self.state is Scanned.State.DONE else None


@dataclass(frozen=True, slots=True)
class Glass:
    """A commit let out without an approval: who did it, why, when it ends, and the second person who stands by it."""

    by: str
    reason: str
    at: datetime
    ends_at: datetime
    second: str = ""

    @property
    def second_by(self) -> datetime:
        """Until when a second person has to stand by it."""
        return self.at + SECOND_WITHIN


@dataclass(frozen=True, slots=True)
class Question:
    """All that decides whether a commit may go out.

    `needs_review` is the team's policy for the tier. `current` is false when the head of the branch was asked for and
    the branch has moved on since the newest scan.
    """

    commit: str
    now: datetime
    tier: Tier
    scan: Scanned
    needs_review: bool = False
    reviews: tuple[Reviewed, ...] = ()
    glass: Glass | None = None
    current: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with its reasons, the deciding one first. At `expires` it changes by itself; None when it does not.

    `level` is what the commit has reached; None while no scan of it has finished.
    """

    commit: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    expires: datetime | None = None
    level: Level | None = None


def required_level(tier: Tier) -> Level:
    """The level that a tier must reach."""
    return REQUIRED[tier]


def answer(question: Question) -> Answer:
    """Whether the commit may go out now, and until when that stays so if nothing else happens."""
    now = _at(question)
    if not now.verdict.lets_out:
        return now
    later = (end for end in sorted(_ends(question)) if end > question.now)
    return replace(now, expires=next((end for end in later if _at(question, end).verdict != now.verdict), None))


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as plain data for `json.dumps`."""
    return {
        "commit": answer.commit,
        "verdict": answer.verdict.value,
        "expires": answer.expires.astimezone(UTC).isoformat() if answer.expires else None,
        "reasons": [reason.as_json() for reason in answer.reasons],
    }


def _ends(question: Question) -> Iterable[datetime]:
    """Every moment at which something ends by itself."""
    for review in question.reviews:
        yield from review.ends
    yield from (datetime.combine(day, datetime.min.time(), UTC) for day, _ in question.scan.cards)
    if question.glass:
        yield from (question.glass.second_by, question.glass.ends_at)


def _at(question: Question, moment: datetime | None = None) -> Answer:
    now = moment or question.now
    card = question.scan.card(now)
    first = [*_scan(question.scan, card), *_moved(question)]
    glass = _glass(question.glass, now)
    found = [*_level(card, question, now), *_reading(card, question.scan)] if card else []
    found += says(question.reviews, question.tier, needed=question.needs_review, now=now)
    first += [reason for reason in glass if not first and reason.verdict is Verdict.CONDITIONS]
    rest = [*(reason for reason in glass if reason not in first), *found, *_notes(card, question.scan)]
    reasons = (*first, *sorted(rest, key=lambda reason: reason.weight))
    return Answer(question.commit, reasons[0].verdict or Verdict.UNKNOWN, reasons, level=card.level if card else None)


def _scan(scan: Scanned, card: Scorecard | None) -> list[Reason]:
    if card:
        return []
    if scan.state is Scanned.State.DONE:
        text = "The scan of this commit has ended, and its scorecard is not there."
        return [Reason("no-scorecard", Verdict.UNKNOWN, text, "Scan the commit again.", scan=scan.key)]
    if scan.state is Scanned.State.FAILED:
        text = f"The scan of this commit failed: {scan.error or 'no reason was kept.'}"
        return [Reason("scan-failed", Verdict.UNKNOWN, text, scan.next or "Scan the commit again.", scan=scan.key)]
    then = "Wait for the scan to end." if scan.key else "Ask for a scan of this commit."
    code = "no-scan" if scan.state is Scanned.State.NONE else f"scan-{scan.state}"
    return [Reason(code, Verdict.PENDING, "No scan of this commit has finished.", then, scan=scan.key)]


def _moved(question: Question) -> list[Reason]:
    if question.current:
        return []
    then = "Wait for the scan of the newest commit, or ask about a commit by its name."
    return [Reason("branch-moved", Verdict.STALE, "The branch has moved on since this scan.", then)]


def _glass(glass: Glass | None, now: datetime) -> list[Reason]:
    if glass is None:
        return []
    broke = f"{glass.by} broke the glass at {minute(glass.at)}: “{glass.reason}”"
    if not glass.second and now >= glass.second_by:
        text = f"{broke} Nobody else stood by it within 24 hours."
        then = f"A reviewer other than {glass.by} stands by it."
        return [Reason("glass-unconfirmed", Verdict.FAIL, text, then)]
    if now >= glass.ends_at:
        return [Reason("glass-closed", None, f"{broke} That ended at {minute(glass.ends_at)}.")]
    if glass.second:
        return [Reason("glass-broken", Verdict.CONDITIONS, f"{broke} {glass.second} stands by it.")]
    then = f"A reviewer other than {glass.by} stands by it before {minute(glass.second_by)}."
    return [Reason("glass-broken", Verdict.CONDITIONS, f"{broke} Nobody else stands by it yet.", then)]


def _level(card: Scorecard, question: Question, now: datetime) -> list[Reason]:
    required, key = required_level(question.tier), question.scan.key
    if not card.python_files:
        then = "Look at the scan, or register the folder that holds the code."
        return [Reason("nothing-read", Verdict.UNKNOWN, "No Python file could be read.", then, scan=key)]
    text = f"Level is {card.level}, tier {question.tier} asks for {required}."
    if card.level.rank >= required.rank:
        return [Reason("level-reached", Verdict.PASS, text, scan=key)]
    conditioned = excused(question.reviews, question.tier, now)
    in_the_way = [item for item in card.items if _in_the_way(item, required)]
    held = [item for item in in_the_way if item.ref not in conditioned]
    if not held:
        refs = tuple(item.ref for item in in_the_way)
        text = f"{text[:-1]}; conditions of the review stand for what is in the way: {listed(refs)}."
        return [Reason("level-conditioned", Verdict.CONDITIONS, text, scan=key, items=refs)]
    refs = tuple(item.ref for item in held)
    if any(item.outcome is Outcome.FAIL for item in held):
        return [Reason("level-below", Verdict.FAIL, text, f"Fix what is in the way: {listed(refs)}.", None, key, refs)]
    then = f"Nothing fails, but these could not be told: {listed(refs)}."
    return [Reason("level-unknown", Verdict.UNKNOWN, text, then, None, key, refs)]


def _in_the_way(item: ItemOutcome, required: Level) -> bool:
    return item.counted and item.outcome.holds_back and item.level.rank <= required.rank


def _reading(card: Scorecard, scan: Scanned) -> list[Reason]:
    if card.coverage >= READ_AT_LEAST:
        return []
    text = f"Only {int(card.coverage * 1000) / 10} % of the code could be read."
    return [Reason("coverage-low", Verdict.UNKNOWN, text, "The scan names the files and what to do.", scan=scan.key)]


def _notes(card: Scorecard | None, scan: Scanned) -> list[Reason]:
    """What is worth knowing and decides nothing."""
    found = []
    if card and card.severe:
        text = _counted(card.severe, "high or critical finding is", "high or critical findings are")
        found.append(Reason("severe-open", None, f"{text} open.", scan=scan.key, rules=_severe_rules(card)))
    unknown = [item for item in card.items if item.counted and item.outcome is Outcome.UNKNOWN] if card else []
    if unknown:
        text, refs = _counted(len(unknown), "item", "items"), tuple(item.ref for item in unknown)
        found.append(Reason("items-unknown", None, f"{text} could not be told.", scan=scan.key, items=refs))
    if card and card.unread_files:
        text = _counted(card.unread_files, "file", "files")
        found.append(Reason("files-unread", None, f"{text} could not be read.", scan=scan.key))
    if scan.changed:
        then = "Scan the commit again to use what is new."
        found.append(Reason("scan-older", None, f"{scan.changed} since this scan.", then, scan=scan.key))
    return found


def _severe_rules(card: Scorecard) -> tuple[str, ...]:
    """The rules with open findings of high or critical severity, the most findings first."""
    rules = {rule.rule: rule.severe for item in card.items for rule in item.rules if rule.severe}
    return tuple(sorted(rules, key=lambda rule: -rules[rule]))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
