"""Questions to the gate: of a commit that stands well unless said, by hand and by chance."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from reviews.checklist import Level, Tier
from reviews.gate.answering import Glass, Question, Scanned
from reviews.gate.approvals import Change, How, Reviewed
from reviews.workflow.states import HELD, State
from scanners.finding import RuleCount, Severity
from tests.reviews.situations import an_item, score

COMMIT, OTHER = "a" * 40, "b" * 40
NOW = datetime(2026, 9, 23, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
HIGH = Severity.HIGH


def card(count=RuleCount(1), level=Level.BRONZE, **evidence):  # noqa: B008 - a count is frozen
    """The scorecard of one item with one rule, at gold unless the count says otherwise."""
    return score([an_item(level=level, rules=[("silent", HIGH)])], counts={"silent": count}, **evidence)


WELL = card()
POOR = card(RuleCount(1, {HIGH: 2}))


def scanned(*cards, **fields) -> Scanned:
    """A finished scan; `cards` are scorecards of today and of the days after it."""
    dated = tuple((TODAY + timedelta(days=place), one) for place, one in enumerate(cards or [WELL]))
    return Scanned(Scanned.State.DONE, 7, dated, **fields)


def review(state=State.APPROVED, how=How.OWN, **fields) -> Reviewed:
    """A review that is approved for the commit for 90 days."""
    start = Reviewed(
        key=30,
        number=3,
        how=how,
        state=State(state),
        tier=Tier.A,
        commit=COMMIT if how is How.OWN else OTHER,
        decided_at=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=90),
    )
    return replace(start, **fields)


def glass(hours=1.0, **fields) -> Glass:
    """Glass that ann broke some hours ago."""
    at = NOW - timedelta(hours=hours)
    return Glass(**{"by": "ann", "reason": "The bank is down.", "at": at, "ends_at": at + timedelta(days=7), **fields})


def question(**fields) -> Question:
    """A question about a commit of tier A that needs a review and has one."""
    start = Question(COMMIT, NOW, Tier.A, scanned(), needs_review=True, reviews=(review(),))
    return replace(start, **fields)


def change(kind="changed", ref="T1", digest="new") -> Change:
    """What a later commit does to an item."""
    return Change(ref, kind, digest)


def day(number: int) -> date:
    """A day some days from today."""
    return TODAY + timedelta(days=number)


tiers = st.sampled_from(Tier)
moments = st.integers(-72, 24 * 120).map(lambda hours: NOW + timedelta(hours=hours))
days = st.integers(-3, 40).map(lambda number: TODAY + timedelta(days=number))
refs = st.sampled_from(["T1", "S1"])
digests = st.sampled_from(["new", "newer"])
changes = st.builds(Change, refs, st.sampled_from(["changed", "reopened"]), digests)
reviewed = st.builds(
    Reviewed,
    key=st.just(30),
    number=st.integers(1, 9),
    how=st.sampled_from(How),
    state=st.sampled_from(State),
    tier=tiers,
    commit=st.sampled_from([COMMIT, OTHER]),
    decided_at=moments,
    valid_until=moments,
    due_on=st.lists(days, max_size=2).map(tuple),
    conditioned=st.sampled_from([frozenset(), frozenset(["E1"])]),
    changes=st.lists(changes, max_size=2).map(tuple),
    reaffirmed=st.lists(st.dictionaries(refs, digests), max_size=2).map(tuple),
)
glasses = st.builds(
    glass,
    st.floats(0, 200),
    second=st.sampled_from(["", "bob"]),
    ends_at=st.integers(0, 168).map(lambda hours: NOW + timedelta(hours=hours)),
)


@st.composite
def histories(draw):
    """Reviews of a repository as the workflow leaves them: the newest approval supersedes those before it."""
    found = sorted(draw(st.lists(reviewed, max_size=3)), key=lambda one: one.order)
    last = max((place for place, one in enumerate(found) if one.state in HELD), default=-1)
    return tuple(
        replace(one, state=State.SUPERSEDED) if one.state in HELD and place < last else one
        for place, one in enumerate(found)
    )


# Each of these is no better than the one before it, as a scorecard whose waivers end.
CARDS = (
    WELL,
    card(RuleCount(1, {HIGH: 1}), Level.GOLD),
    card(RuleCount(1, {HIGH: 1}), Level.SILVER),
    card(RuleCount(unresolved=1)),
    POOR,
    card(coverage=0.5),
    card(python_files=0),
)
LATER = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4)), max_size=2)


def course(later):
    """Scorecards with their days, from a good one of today on."""
    starts, places = sorted(start for start, _ in later), sorted(place for _, place in later)
    return ((TODAY, WELL), *((day(start), CARDS[place]) for start, place in zip(starts, places, strict=True)))


scans = st.one_of(
    st.builds(Scanned, st.sampled_from(Scanned.State), st.none() | st.just(7)),
    LATER.map(lambda later: Scanned(Scanned.State.DONE, 7, course(later))),
    st.sampled_from(CARDS).map(scanned),
)
questions = st.builds(
    Question,
    commit=st.just(COMMIT),
    now=st.just(NOW),
    tier=tiers,
    scan=scans | st.just(scanned()),
    needs_review=st.booleans(),
    reviews=histories(),
    glass=st.none() | glasses,
    current=st.sampled_from([True, True, True, False]),
)
