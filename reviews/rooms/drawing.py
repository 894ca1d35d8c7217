"""
The workflow of reviews as its page shows it, all of it read from the table that decides: nothing is listed by hand.

The drawing has a row for each state and a column for each way: rings where it may begin, a filled disc where it ends.
x is in per cent, y in px from the top.
"""

import inspect
from dataclasses import dataclass

from reviews.checklist import Tier
from reviews.signoff.deciding import VALID_DAYS
from reviews.workflow import guards as need
from reviews.workflow.guards import Guard
from reviews.workflow.quorum import quorum
from reviews.workflow.states import DECIDED, OPEN, State
from reviews.workflow.transitions import TRANSITIONS, Transition

ROW, FIRST_ROW = 30, 24
FIRST_COLUMN, LAST_COLUMN = 22.5, 98.5
_WHO: dict[Guard, str] = {
    need.of_the_team: "team",
    need.starts: "team",
    need.reviews: "reviewers",
    need.has_authority: "authority",
    need.by_itself: "itself",
}
STATES = (*OPEN, State.WITHDRAWN, *DECIDED)


@dataclass(frozen=True, slots=True)
class Row:
    """A state: its name and where it lies. `decided` ones begin after a decision."""

    name: str
    y: int
    decided: bool


@dataclass(frozen=True, slots=True)
class Way:
    """One way between states, as a line of the table and as a column of the drawing."""

    number: int
    action: str
    who: str
    sources: tuple[str, ...]
    target: str
    needs: tuple[str, ...]
    does: str
    x: float
    rings: tuple[int, ...]
    end: int
    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What one tier asks: who has to sign, and for how many days an approval holds."""

    tier: Tier
    places: tuple[str, ...]
    valid_days: int


def rows() -> tuple[Row, ...]:
    """The states from the opening to the ends."""
    return tuple(Row(state.label, _y(state), state in DECIDED) for state in STATES)


def ways() -> tuple[Way, ...]:
    """Every way there is."""
    step = (LAST_COLUMN - FIRST_COLUMN) / (len(TRANSITIONS) - 1)
    return tuple(_way(number, row, FIRST_COLUMN + (number - 1) * step) for number, row in enumerate(TRANSITIONS, 1))


def demands() -> tuple[Demand, ...]:
    """What each tier asks."""
    return tuple(Demand(tier, tuple(slot.said for slot in quorum(tier)), VALID_DAYS[tier]) for tier in Tier)


def height() -> int:
    """How high the drawing is, in px."""
    return FIRST_ROW + ROW * len(STATES)


def _y(state: State) -> int:
    return FIRST_ROW + ROW * STATES.index(state)


def _way(number: int, row: Transition, x: float) -> Way:
    rings, end = tuple(_y(state) for state in row.sources), _y(row.target)
    return Way(
        number=number,
        action=row.action.value.replace("-", " "),
        who=next(_WHO[guard] for guard in row.guards if guard in _WHO),
        sources=_sources(row),
        target=row.target.label,
        needs=tuple(inspect.getdoc(guard) or "" for guard in row.guards),
        does=row.does,
        x=round(x, 2),
        rings=tuple(ring for ring in rings if ring != end),
        end=end,
        top=min(*rings, end),
        bottom=max(*rings, end),
    )


def _sources(row: Transition) -> tuple[str, ...]:
    if row.sources == OPEN:
        return ("every open state",)
    return tuple(state.label for state in row.sources)
