"""What the commit status of a pull request says, from how its head compares with its base. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from reviews.checklist import Level

LONGEST = 140


class State(StrEnum):
    """What a status can say of a pull request that was looked at."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Change:
    """What a pull request changes. `severe`: new findings of high or critical severity that are probably right.

    `unread` are files that could not be read, at the base and at the head.
    """

    before: Level
    after: Level
    new: int = 0
    severe: int = 0
    fixed: int = 0
    unread: tuple[int, int] = (0, 0)

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say that the pull request did."""
        return bool(self.new or self.fixed or self.before is not self.after or self.unread[1] > self.unread[0])


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of a status, its text, and what to do about it; `next_step` is empty when there is nothing to do."""

    state: State
    text: str
    next_step: str = ""


def judge(change: Change) -> Judgement:
    """The judgement of a pull request. What cannot be told is neither good nor bad."""
    rest = _rest(change)
    if change.severe:
        text = f"{_counted(change.severe, 'new finding')} of high or critical severity; {rest}"
        return _judgement(State.FAILURE, text, "Fix what is new and severe, or ask for a waiver.")
    if change.unread[1] > change.unread[0]:
        more = change.unread[1] - change.unread[0]
        text = f"{_counted(more, 'file')} more could not be read; {rest}"
        return _judgement(State.ERROR, text, "Mend the files that the scan names, or exclude them.")
    if change.after.rank < change.before.rank:
        return _judgement(State.FAILURE, f"The level falls; {rest}", "Fix what is new, until the level is back.")
    then = "Look at what is new; none of it stops the merge." if change.new else ""
    return _judgement(State.SUCCESS, rest[0].upper() + rest[1:], then)


def failed(message: str, next_step: str) -> Judgement:
    """The judgement when the scan did not end well; the texts are those of the scan."""
    return _judgement(State.ERROR, f"The scan failed: {message[:1].lower()}{message[1:].rstrip('.')}", next_step)


def _rest(change: Change) -> str:
    before = "" if change.before is change.after else f"{change.before} → "
    return f"level {before}{change.after}, {change.new:,} new, {change.fixed:,} fixed"


def _judgement(state: State, text: str, next_step: str) -> Judgement:
    whole = f"{text}."
    return Judgement(state, whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…", next_step)


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"
