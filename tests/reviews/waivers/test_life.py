"""Every transition of a waiver against every kind of person, and the days that a request may run."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reviews.waivers.life import MOST_DAYS, TRANSITIONS, Action, Case, RefusedError, State, last_day, move, refusals
from reviews.workflow.quorum import Actor
from scanners.finding import Severity

S = Severity
TODAY = date(2026, 3, 10)
ASKER, OTHER = 1, 2
CASE = Case(State.REQUESTED, S.HIGH, ASKER, TODAY + timedelta(days=5), TODAY)
RUNNING = replace(CASE, state=State.APPROVED)
PLIMSOLL = Actor(None)


def person(rank: int = Actor.REVIEWER, *duties: str, key: int = OTHER) -> Actor:
    return Actor(key, rank, frozenset(duties))


@pytest.mark.parametrize(
    ("severity", "actor", "may"),
    [
        (S.CRITICAL, person(2, "security"), True),
        (S.CRITICAL, person(2, "authority"), True),
        (S.CRITICAL, person(3, "lead", "ops"), False),
        (S.HIGH, person(2, "lead"), True),
        (S.HIGH, person(2, "ops"), False),
        (S.HIGH, person(3), False),
        (S.MEDIUM, person(2), True),
        (S.LOW, person(3), True),
        (S.LOW, person(1, "security"), False),
        (S.CRITICAL, person(1, "security"), False),
    ],
)
def test_who_decides_follows_the_severity(severity, actor, may):
    case = replace(CASE, severity=severity)
    assert [not refusals(action, case, actor) for action in (Action.APPROVE, Action.DECLINE)] == [may, may]


def test_who_asked_never_decides_whatever_their_duties():
    asker = person(3, "security", "authority", "lead", key=ASKER)
    assert "Somebody else has to decide" in refusals(Action.APPROVE, CASE, asker)[0]
    assert "Somebody else has to decide" in refusals(Action.DECLINE, CASE, asker)[0]


def test_only_who_asked_withdraws():
    assert refusals(Action.WITHDRAW, CASE, person(1, key=ASKER)) == ()
    assert refusals(Action.WITHDRAW, CASE, person(3, "authority")) != ()


@pytest.mark.parametrize(("actor", "may"), [(person(3), True), (person(2, "lead"), True), (person(2), False)])
def test_a_maintainer_or_who_may_approve_revokes(actor, may):
    assert (refusals(Action.REVOKE, RUNNING, actor) == ()) is may


@pytest.mark.parametrize("severity", S)
def test_the_days_are_counted_again_at_the_approval(severity):
    actor, most = person(2, "security"), MOST_DAYS[severity]
    at_most = replace(CASE, severity=severity, ends_on=last_day(severity, TODAY))
    assert refusals(Action.APPROVE, at_most, actor) == ()
    longer = replace(at_most, ends_on=last_day(severity, TODAY) + timedelta(days=1))
    assert f"longer than {most} days" in refusals(Action.APPROVE, longer, actor)[0]


def test_a_request_whose_day_is_over_is_not_approved():
    late = replace(CASE, ends_on=TODAY - timedelta(days=1))
    assert "Its last day is over" in refusals(Action.APPROVE, late, person(2, "security"))[0]
    assert refusals(Action.DECLINE, late, person(2, "security")) == ()


def test_a_false_positive_has_no_day():
    assert move(Action.APPROVE, replace(CASE, ends_on=None), person(2, "lead")) is State.APPROVED


def test_it_runs_through_its_last_day_and_ends_without_a_job():
    on_the_day = replace(RUNNING, ends_on=TODAY)
    after = replace(RUNNING, ends_on=TODAY - timedelta(days=1))
    assert (on_the_day.effective, after.effective) == (State.APPROVED, State.ENDED)
    assert refusals(Action.REVOKE, after, person(3)) == ("It is ended; this is only possible while it is approved.",)


def test_nobody_ends_it_by_hand():
    after = replace(RUNNING, ends_on=TODAY - timedelta(days=1))
    assert move(Action.END, after, PLIMSOLL) is State.ENDED
    assert refusals(Action.END, after, person(3, "authority")) != ()
    assert refusals(Action.END, RUNNING, PLIMSOLL) != ()


@pytest.mark.parametrize("state", [State.DECLINED, State.WITHDRAWN, State.REVOKED, State.ENDED])
@pytest.mark.parametrize("action", Action)
def test_what_is_over_stays_as_it_is(state, action):
    with pytest.raises(RefusedError, match=f"It is {state}"):
        move(action, replace(CASE, state=state), person(3, "authority", "security"))


def test_every_action_has_one_row_that_says_what_it_does():
    assert [row.action for row in TRANSITIONS] == list(Action)
    assert all(row.does.endswith((".", "told.")) for row in TRANSITIONS)
