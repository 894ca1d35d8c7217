"""Who has to sign, who counts, and who wrote the code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.workflow.quorum import Account, Author, Given, Slot, filled, outside, quorum

SECURITY, OPS = frozenset({"security"}), frozenset({"ops"})
ADA = Account(1, "ada.m", "Ada Marsh", frozenset({"ada@example.org", "Ada@Old.example"}))


def unfilled(slots, *given_):
    return [slot.duty for slot, one in filled(slots, given_) if one is None]


@pytest.mark.parametrize(("tier", "duties"), [("A", ["security", ""]), ("B", [""]), ("C", [""])])
def test_what_each_tier_asks_for(tier, duties):
    assert [slot.duty for slot in quorum(tier)] == duties


def test_a_team_may_ask_for_ops_beside():
    assert [slot.duty for slot in quorum("B", ops=True)] == ["ops", ""]


def test_one_person_fills_one_place():
    both = Given(1, SECURITY | OPS)
    assert unfilled(quorum("A", ops=True), both) == ["ops", ""]
    assert unfilled(quorum("A"), Given(1, SECURITY), Given(1, SECURITY)) == [""]


def test_places_are_filled_so_that_most_people_count():
    slots = (Slot("security"), Slot("ops"), Slot())
    assert unfilled(slots, Given(1, SECURITY | OPS), Given(2, SECURITY), Given(3)) == []


people = st.lists(
    st.builds(Given, st.integers(1, 12), st.frozensets(st.sampled_from(["security", "ops", "lead"]))), max_size=12
)


@given(people, st.sampled_from("ABC"), st.booleans())
def test_a_filled_quorum_has_as_many_people_as_places_and_a_holder_of_each_duty(given_, tier, ops):
    slots = quorum(tier, ops=ops)
    taken = [(slot, one) for slot, one in filled(slots, given_) if one]
    assert len({one.key for _, one in taken}) == len(taken)
    assert all(slot.duty in one.duties for slot, one in taken if slot.duty)


@given(people, st.sampled_from("ABC"), st.booleans(), st.randoms())
def test_the_order_of_signing_makes_no_difference(given_, tier, ops, random):
    alone = list({one.key: one for one in given_}.values())
    mixed = random.sample(alone, len(alone))
    slots = quorum(tier, ops=ops)
    assert len(unfilled(slots, *alone)) == len(unfilled(slots, *mixed))


@pytest.mark.parametrize(
    "author",
    [
        Author("Somebody", "ada@example.org"),
        Author("Somebody", "ADA@OLD.EXAMPLE"),
        Author("ada  MARSH", "private@home.example"),
        Author("ada.m", "x@home.example"),
        Author("A", "123+ada.m@users.noreply.github.com"),
        Author("A", "ada.m@users.noreply.gitlab.example"),
        Author("A", "123-ada.m@users.noreply.gitlab.com"),
        Author("A", "ada.m@noreply.gitea.example"),
        Author("Ada Marsh", "77+another@users.noreply.github.com"),
    ],
)
def test_a_person_is_known_by_address_name_and_account(author):
    assert ADA.is_author(author)


@pytest.mark.parametrize(
    "author",
    [
        Author("Ada", "ada@example.com"),
        Author("GitHub", "noreply@github.com"),
        Author("A", "123+ada.marsh@users.noreply.github.com"),
        Author("", ""),
        Author("A", "ada.m@noreplying.example"),
        Author("A", "bada.m@users.noreply.github.com"),
    ],
)
def test_others_are_not_taken_for_the_person(author):
    assert not ADA.is_author(author)


def test_an_account_without_a_name_is_not_every_author_without_one():
    assert not Account(1, "ada").is_author(Author("", "x@y.example"))


def test_who_submitted_answered_or_wrote_commits_is_outside():
    found = outside([ADA, Account(2, "bo")], [Author("Ada Marsh", "")], [3], [4])
    assert found == {
        1: "wrote commits since the last approval",
        3: "submitted this review",
        4: "answered an item of this review",
    }
