"""One item of a review as the workflow sees it: what is missing before it can be submitted, and what blocks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reviews.outcomes import Outcome

# Nothing excuses these: a secret that is out, and the question whether anything forbids the release outright.
NEVER_EXCUSED = ("S1", "Q40")


@dataclass(frozen=True, slots=True)
class ItemCase:
    """`found` is the outcome by scan ("" when only people can tell), `answer` the person's; see ReviewItem.

    `verdicts` are the newest of each independent reviewer, on the evidence as it is now.
    """

    ref: str
    asked: bool = True
    required: bool = True
    found: str = ""
    answer: str = ""
    rationale: str = ""
    carried: bool = False
    evidence: int = 0
    unread: int = 0
    acknowledged: bool = False
    waived: bool = False
    conditions: int = 0
    verdicts: Mapping[int, str] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """What counts: the waiver over the answer over the scan."""
        stated = Outcome((self.answer if self.asked else self.found) or Outcome.UNKNOWN)
        return Outcome.WAIVED if self.waived and stated.holds_back and self.ref not in NEVER_EXCUSED else stated

    @property
    def excused(self) -> bool:
        """Whether a failing item may stand: a waiver or a condition answers for it."""
        return self.ref not in NEVER_EXCUSED and bool(self.waived or self.conditions)

    @property
    def missing(self) -> str:
        """What a submission still needs here, as a sentence; empty when nothing."""
        if self.unread:
            return "its evidence is still being read, or could not be."
        return self._missing_answer() if self.asked else self._missing_result()

    @property
    def blocker(self) -> str:
        """What keeps an approval away here, as a sentence; empty when nothing."""
        if "must-change" in self.verdicts.values():
            return "a reviewer says that it must change."
        if "condition" in self.verdicts.values() and not self.conditions:
            return "a reviewer asks for a condition; add it."
        return self.missing if self.required else ""

    @property
    def agreed(self) -> bool:
        """Whether a reviewer has looked at it and accepts it."""
        return any(value in ("agree", "condition") for value in self.verdicts.values())

    def _missing_answer(self) -> str:
        if not self.answer:
            return "not answered yet."
        if self.carried:
            return "confirm the answer of the last approval."
        if self.answer == Outcome.PASS and not self.evidence:
            return "attach evidence to the answer."
        if self.answer == Outcome.NOT_APPLICABLE and not self.rationale.strip():
            return "say why it does not apply."
        if self.answer == Outcome.FAIL and not self.excused:
            return self._remedy
        return ""

    def _missing_result(self) -> str:
        outcome = self.outcome
        if outcome in (Outcome.UNKNOWN, Outcome.ERROR) and not self.excused and not self.acknowledged:
            return "could not be told; acknowledge it."
        if outcome is Outcome.FAIL and not self.excused:
            return self._remedy
        return ""

    @property
    def _remedy(self) -> str:
        if self.ref in NEVER_EXCUSED:
            return "it fails, and nothing excuses it. Mend it and move the review to the new commit."
        return "it fails. Mend it, ask for a waiver, or add a condition."
