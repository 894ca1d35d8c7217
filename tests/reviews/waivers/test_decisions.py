"""What moves a waiver on, who is told, and that of two people at once one wins."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reviews import waived
from reviews.models import AuditEvent, Condition, OutboxMessage, Repository, Review, Waiver
from reviews.waivers import ending
from reviews.waivers.asking import ask
from reviews.waivers.decisions import ConflictError, decide
from reviews.waivers.life import Action, RefusedError
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, found
from tests.reviews.waiver_rows import asked_items, counted, give, in_days, member, waiver, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(team):
    made = RepositoryFactory(team=team, name="pay")
    found(made, line=1)
    counted(made)
    return made


@pytest.fixture
def lead(team):
    return member(team, "lead", "reviewer", "lead")


@pytest.fixture
def request_(repository, teammate):
    return ask(wish(repository, repository.findings.get()), teammate)


def told(kind: str) -> list[tuple[str, str]]:
    """Who is told what, by kind."""
    return list(OutboxMessage.objects.filter(kind=kind).values_list("recipient", "subject"))


def events(one: Waiver) -> list[str]:
    """The kinds of the events about a waiver."""
    return list(AuditEvent.objects.filter(subject=f"waiver:{one.pk}").order_by("seq").values_list("kind", flat=True))


class TestDecisions:
    def test_an_approval_is_written_recorded_and_told(self, request_, lead):
        made = decide(Action.APPROVE, request_, lead, version=0, note="Until 3.2.1.")
        assert (made.state, made.decided_by, made.decided_note, made.version) == ("approved", lead, "Until 3.2.1.", 1)
        assert events(made) == ["waiver-requested", "waiver-approved"]
        assert [subject.partition(" until")[0] for _, subject in told("waiver-decided")] == [
            f"The waiver for {RULE} in pay"
        ]

    def test_a_decline_covers_nothing(self, request_, lead, repository):
        made = decide(Action.DECLINE, request_, lead, note="Mend it.")
        assert (made.state, waived.shown([repository], waived.today())) == ("declined", {})

    def test_a_withdrawal_is_told_to_nobody(self, request_, teammate):
        assert decide(Action.WITHDRAW, request_, teammate).state == "withdrawn"
        assert told("waiver-decided") == []

    def test_a_revocation_opens_again(self, request_, lead, owner, repository):
        decide(Action.APPROVE, request_, lead)
        assert waived.shown([repository], waived.today())
        made = decide(Action.REVOKE, request_, owner, note="Leaked.")
        assert (made.state, waived.shown([repository], waived.today())) == ("revoked", {})
        assert events(made)[-1] == "waiver-revoked"

    def test_a_site_admin_who_is_no_member_decides_nothing(self, request_, admin):
        with pytest.raises(RefusedError, match="needs a reviewer"):
            decide(Action.APPROVE, request_, admin)

    def test_a_refusal_changes_nothing(self, request_, teammate, reviewer):
        for person in (teammate, reviewer):
            with pytest.raises(RefusedError):
                decide(Action.APPROVE, request_, person)
        request_.refresh_from_db()
        assert (request_.state, request_.version, events(request_)) == ("requested", 0, ["waiver-requested"])

    def test_what_changed_since_the_page_was_opened_is_a_conflict(self, request_, lead):
        decide(Action.DECLINE, request_, lead, version=0, note="No.")
        with pytest.raises(ConflictError) as raised:
            decide(Action.APPROVE, request_, lead, version=0)
        assert raised.value.waiver.state == "declined"

    def test_the_database_itself_refuses_an_approval_by_who_asked(self, request_, teammate):
        with pytest.raises(IntegrityError), transaction.atomic():
            Waiver.objects.filter(pk=request_.pk).update(state="approved", decided_by=teammate)

    def test_open_reviews_are_sealed_anew_and_decided_ones_stay(self, repository, request_, lead):
        counted(repository)
        for state in ("in-review", "approved"):
            asked_items(repository, state, {"T1": ""}, decided_at=timezone.now())
        decide(Action.APPROVE, request_, lead)
        assert list(Review.objects.order_by("pk").values_list("version", flat=True)) == [1, 0]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_exactly_one_wins(request_, team, lead):
    other = member(team, "other", "reviewer", "security")

    def attempt(person, action) -> str:
        try:
            return decide(action, request_, person, version=0, note="At once.").state
        except ConflictError as error:
            return f"conflict: {error.waiver.state}"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(attempt, lead, Action.APPROVE), pool.submit(attempt, other, Action.DECLINE)]
        results = {one.result() for one in tries}
    request_.refresh_from_db()
    assert results == {request_.state, f"conflict: {request_.state}"}
    assert len(events(request_)) == 2


class TestEnds:
    def test_warns_ten_and_two_days_ahead_once_each(self, repository, teammate, lead):
        given = waiver(teammate, lead, repository, *repository.findings.all(), days=20)
        for days in (9, 10, 10, 11, 17, 18, 18, 19, 20):
            ending.tend(in_days(days))
        given.refresh_from_db()
        ends = [subject.rpartition(" ends ")[2] for _, subject in told("waiver-ends")]
        assert sorted(ends) == ["in 10 days.", "in 10 days.", "in 2 days.", "in 2 days."]
        assert {who for who, _ in told("waiver-ends")} == {teammate.email, lead.email}
        assert (given.warned, given.state) == ([10, 2], "approved")

    def test_a_short_one_is_warned_of_once(self, repository, teammate, lead):
        waiver(teammate, lead, repository, *repository.findings.all(), days=1)
        ending.tend(in_days(0))
        ending.tend(in_days(1))
        assert len(told("waiver-ends")) == 2

    def test_one_that_is_extended_warns_nobody(self, repository, teammate, lead):
        given = waiver(teammate, lead, repository, *repository.findings.all(), days=3)
        waiver(teammate, lead, repository, *repository.findings.all(), days=9, extends=given)
        ending.tend(in_days(2))
        assert {subject.rpartition(" ends ")[2] for _, subject in told("waiver-ends")} == {"in 7 days."}

    def test_the_end_is_written_down_recorded_and_told(self, repository, teammate, lead):
        given = waiver(teammate, lead, repository, *repository.findings.all(), days=3)
        ending.tend(in_days(3))
        assert events(given)[-1] == "waiver-approved"
        ending.tend(in_days(4))
        ending.tend(in_days(4))
        given.refresh_from_db()
        assert (given.state, events(given).count("waiver-ended"), len(told("waiver-ended"))) == ("ended", 1, 2)
        scan = Repository.objects.get(pk=repository.pk).latest_scan
        assert (scan.open_findings, scan.card_until) == ({"high": 1}, None)

    def test_a_false_positive_never_ends_by_itself(self, repository, teammate, lead):
        given = waiver(teammate, lead, repository, *repository.findings.all(), kind="false-positive")
        ending.tend(in_days(4000))
        given.refresh_from_db()
        assert given.state == "approved"

    def test_a_condition_is_called_to_mind(self, repository, teammate, lead):
        now = timezone.now()
        review = asked_items(repository, "approved-with-conditions", {}, decided_at=now)
        due = {"due_on": in_days(8), "owner": teammate, "verifier": lead, "added_by": lead}
        condition = Condition.objects.create(review=review, text="Rehearse the rollback.", **due)
        for days in (0, 0, 6, 7, 9):
            ending.tend(in_days(days))
        condition.refresh_from_db()
        assert condition.warned == [10, 2]
        assert sorted({subject.rpartition(" is due ")[2] for _, subject in told("condition-due")}) == [
            "in 2 days.",
            "in 8 days.",
        ]

    def test_a_stored_card_whose_day_is_over_is_made_anew(self, repository, teammate, lead):
        waiver(teammate, lead, repository, *repository.findings.all(), days=3)
        Waiver.objects.update(state="revoked")
        ending.tend(in_days(0) + timedelta(days=4))
        assert Repository.objects.get(pk=repository.pk).latest_scan.open_findings == {"high": 1}


def test_severity_is_followed_by_who_may(repository, team, teammate, reviewer):
    critical = found(repository, line=5, severity="critical")
    asked = ask(wish(repository, critical), teammate)
    with pytest.raises(RefusedError):
        decide(Action.APPROVE, asked, give(reviewer, "lead"))
    assert decide(Action.APPROVE, asked, give(reviewer, "authority")).state == "approved"
