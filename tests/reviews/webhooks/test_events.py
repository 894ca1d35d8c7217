"""Events as the database keeps them, and several of them narrowed to those that matter."""

import json

import pytest

from reviews.webhooks.events import (
    MOST_REFS,
    Ignored,
    Ping,
    PullRequest,
    Push,
    Several,
    Tag,
    as_json,
    from_json,
    narrowed,
)

HEAD = "1f" * 20
PUSH, DELETED, TAG = Push("main", HEAD), Push("old"), Tag("v1.2", HEAD)
PULL = PullRequest(7, "refs/pull/7/head", HEAD, "fix", "main", True, "Fix it", "eve", "https://x.org/7")


@pytest.mark.parametrize(
    "event",
    [PUSH, DELETED, TAG, Tag("v1", deleted=True), PULL, Ping(), Ignored("Not needed."), Several((PUSH, DELETED, TAG))],
)
def test_an_event_survives_a_row_of_the_database(event):
    assert from_json(json.loads(json.dumps(as_json(event)))) == event


def test_an_event_says_its_kind():
    assert as_json(PUSH) == {"kind": "push", "branch": "main", "commit": HEAD}
    assert as_json(Several((PUSH,))) == {"kind": "several", "events": [as_json(PUSH)]}


@pytest.mark.parametrize("event", [PUSH, DELETED, TAG, PULL, Ping(), Ignored("Not needed.")])
def test_one_event_is_never_narrowed(event):
    assert narrowed(event, lambda one: False) == event


def test_several_are_narrowed_to_those_that_are_wanted():
    several = Several((TAG, DELETED, PUSH))
    assert narrowed(several, lambda one: one != DELETED) == Several((PUSH, TAG))
    assert narrowed(several, lambda one: isinstance(one, Tag)) == TAG
    none = narrowed(several, lambda one: False)
    assert none == Ignored("None of the 3 changed branches and tags is one that is looked at here.")


def test_of_very_many_the_branches_are_kept():
    tags = tuple(Tag(f"v{number}", HEAD) for number in range(5000))
    kept = narrowed(Several((*tags, PUSH)), lambda one: True)
    assert kept == Several((PUSH, *tags[: MOST_REFS - 1]))
