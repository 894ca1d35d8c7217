"""What pages say of hooks and deliveries."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews import hooks, reported
from reviews.models import Delivery, Repository
from reviews.webhooks import body, signatures
from reviews.webhooks.events import Event, Ignored, Ping, PullRequest, Push, Tag, as_json
from tests.factories import RepositoryFactory

A = "a" * 40
PULL = PullRequest(7, "refs/pull/7/head", A, "topic", "main", open=True, title="Answer", url="https://x.example/7")


@pytest.mark.parametrize(
    ("event", "provider", "said"),
    [
        (Push("main", A), "github", "Push to main"),
        (Push("main"), "github", "Branch main deleted"),
        (Tag("v1"), "github", "Tag v1"),
        (Tag("v1", deleted=True), "github", "Tag v1 deleted"),
        (PULL, "github", "Pull request #7"),
        (PULL, "gitlab", "Merge request !7"),
        (PullRequest(7, "", "", "", "main", open=False), "gitea", "Pull request #7 closed"),
        (Ping(), "github", "Trial of the hook"),
        (Ignored("A star asks for nothing."), "github", "star"),
    ],
)
def test_a_delivery_is_said_in_a_few_words(event: Event, provider, said):
    assert reported.said(Delivery(event="star", asks=as_json(event)), provider) == said


def test_what_is_not_understood_is_called_as_the_forge_calls_it():
    assert reported.said(Delivery(event="star", asks={}), "github") == "star"


def test_facts_stand_in_the_order_of_reading_without_empty_ones():
    facts = [(fact.label, fact.text) for fact in reported.facts(as_json(PULL))]
    assert facts == [
        ("Number", "7"),
        ("Title", "Answer"),
        ("From", "topic"),
        ("Into", "main"),
        ("Head", A),
        ("Read from", "refs/pull/7/head"),
        ("Open", "yes"),
        ("Page", "https://x.example/7"),
    ]
    assert reported.facts(as_json(Ping())) == []


@pytest.fixture
def hook(team):
    return hooks.make(RepositoryFactory(team=team), "github")[0]


@pytest.mark.django_db
def test_a_new_hook_is_silent(hook):
    assert reported.heard(hook) == reported.Heard("silent", None, None)


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "word"), [(5, "refused"), (-5, "heard")])
def test_the_newest_says_how_a_hook_does(hook, minutes, word):
    now = timezone.now()
    delivery = Delivery.objects.create(hook=hook, key="1", event="ping", asks=as_json(Ping()), received_at=now)
    hook.refused_at, hook.refused_code = now + timedelta(minutes=minutes), "signature_wrong"
    heard = reported.heard(hook)
    assert (heard.word, heard.last and heard.last.row) == (word, delivery)
    assert heard.refusal is not None
    assert heard.refusal.code == "signature_wrong"


@pytest.mark.parametrize("code", sorted({*signatures.TEXTS, *body.TEXTS, "something_new"}))
def test_every_refusal_says_what_happened_and_what_to_do(code):
    hook = hooks.Hook(repository=Repository(), refused_at=timezone.now(), refused_code=code)
    refusal = reported.refusal(hook)
    assert refusal is not None
    assert refusal.message.endswith(".")
    assert refusal.next_step.endswith(".")
    assert "{" not in refusal.message
