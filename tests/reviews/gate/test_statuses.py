"""The gate's answer as a commit status: told when it changes, and only then."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.audit import trail
from reviews.forges.messages import State
from reviews.gate import gating, statuses
from reviews.gate.verdicts import Verdict
from reviews.models import Forge, OutboxMessage, Repository, ReviewCommit
from scanners import registry
from tests.factories import RepositoryFactory
from tests.reviews.decided import broken, compared, decided
from tests.reviews.rows import COMMIT, finished

pytestmark = pytest.mark.django_db
NEWER = "8" * 40
GOOD = {"bad": 0, "unresolved": 0}


@pytest.fixture
def pay(team):
    """A repository of tier A at GitHub, where the team asks for a review, with a scan that reached gold."""
    repository = RepositoryFactory(team=team, name="pay", tier="A", provider="github")
    Forge.objects.create(repository=repository, posts_statuses=True)
    finished(repository, rule_set=registry.digest(), **GOOD)
    return repository


def due(now=None):
    return statuses.tell_due(now or timezone.now())


def told():
    """Commit, state and text of every status, the oldest first."""
    rows = OutboxMessage.objects.filter(channel="status").order_by("pk").values_list("data", flat=True)
    return [(data["commit"], data["state"], data["text"]) for data in rows]


def newest(repository):
    return Repository.objects.get(pk=repository.pk).latest_scan


def happened(repository):
    """Something of the team that stands in the audit log."""
    trail.record(repository.team, None, "team-policy", repository, "Something happened.")


def test_an_answer_is_told_once(pay):
    assert (due(), due(), due()) == (1, 0, 0)
    [(commit, state, text)] = told()
    assert (commit, state) == (COMMIT, "failure")
    assert text == gating.answer(pay, COMMIT, timezone.now()).reasons[0].text[:140]


def test_it_leads_to_the_gate_of_that_commit(pay, settings):
    due()
    data = OutboxMessage.objects.get().data
    assert data["url"] == f"{settings.BASE_URL}/repositories/payments/pay/gate/?commit={COMMIT}"
    assert data["name"] == "plimsoll/gate"


def test_an_approval_is_told_when_it_stands_in_the_log(pay):
    due()
    decided(newest(pay))
    happened(pay)
    assert (due(), due()) == (1, 0)
    assert [state for _, state, _ in told()] == ["failure", "success"]


def test_an_event_that_changes_nothing_writes_nothing(pay):
    due()
    happened(pay)
    assert (due(), len(told())) == (0, 1)
    assert Forge.objects.get().told_through == 1


def test_a_new_scan_is_told_for_its_commit(pay):
    due()
    finished(pay, commit=NEWER, tree="9" * 40, bad=3, rule_set=registry.digest())
    assert due() == 1
    assert [(commit, state) for commit, state, _ in told()] == [(COMMIT, "failure"), (NEWER, "failure")]


def test_a_comparison_with_the_approved_commit_is_told_without_an_event(pay):
    review = decided(newest(pay))
    scan = finished(pay, commit=NEWER, tree="9" * 40, rule_set=registry.digest(), **GOOD)
    due()
    assert told()[-1][:2] == (NEWER, "pending")
    compared(review, scan)
    assert ReviewCommit.objects.count() == due() == 1
    assert told()[-1][:2] == (NEWER, "success")


def test_an_answer_that_ends_by_itself_is_told_again_when_it_does(pay):
    decided(newest(pay))
    due()
    expires = gating.answer(pay, COMMIT, timezone.now()).expires
    assert (due(expires - timedelta(seconds=1)), due(expires), due(expires)) == (0, 1, 0)
    before, after = told()
    assert (before[1], after[1]) == ("success", "failure")


def test_broken_glass_opens_and_closes(pay):
    broken(pay, COMMIT)
    due()
    assert told()[-1][1] == "success"
    due(timezone.now() + timedelta(days=30))
    assert told()[-1][1] == "failure"


def test_a_long_reason_is_cut(pay):
    broken(pay, COMMIT, reason="because " * 60)
    due()
    assert len(told()[-1][2]) <= 140


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_may_go_out_is_a_success(verdict):
    assert (statuses.STATES[verdict] is State.SUCCESS) == verdict.lets_out


def test_what_is_pending_or_unknown_is_no_failure():
    assert statuses.STATES[Verdict.PENDING] is State.PENDING
    assert statuses.STATES[Verdict.UNKNOWN] is State.ERROR


@pytest.mark.parametrize("change", [{"posts_statuses": False}, {"repository__provider": ""}])
def test_a_forge_that_is_to_be_told_nothing_is_told_nothing(pay, change):
    Forge.objects.update(**{field: value for field, value in change.items() if "__" not in field})
    Repository.objects.update(**{field.partition("__")[2]: value for field, value in change.items() if "__" in field})
    assert (due(), told()) == (0, [])


def test_without_a_scan_there_is_no_commit_to_tell_of(team):
    Forge.objects.create(repository=RepositoryFactory(team=team, provider="github"), posts_statuses=True)
    assert due() == 0


def test_each_repository_is_told_of_its_own(pay, team):
    other = RepositoryFactory(team=team, provider="gitlab", tier="C")
    Forge.objects.create(repository=other, posts_statuses=True)
    finished(other, commit=NEWER, rule_set=registry.digest(), **GOOD)
    assert (due(), due()) == (2, 0)
    assert {commit for commit, _, _ in told()} == {COMMIT, NEWER}


def test_few_queries_when_nothing_is_due(pay, team, django_assert_num_queries):
    for _ in range(5):
        other = RepositoryFactory(team=team, provider="github")
        Forge.objects.create(repository=other, posts_statuses=True)
        finished(other)
    due()
    with django_assert_num_queries(2):
        assert due() == 0
