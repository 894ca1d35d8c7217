"""Versions of what a team asks: who changed what, and that of two at the same moment one is told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from reviews.checklist import Kind, Tier
from reviews.models import AuditEvent
from reviews.signoff.templates import (
    BadTemplateError,
    Draft,
    Place,
    SavedMeanwhileError,
    asked_refs,
    changes,
    current,
    next_own,
    overview,
    save,
)
from reviews.workflow.states import Occasion

OWN = {"ref": "Y1", "area": "data", "title": "Ledger balances", "question": "Who adds it up?", "evidence": ["note"]}
WHERE = (Tier.C, Kind.WORKER, Occasion.RELEASE)


@pytest.fixture
def place(team) -> Place:
    """Releases of small workers, which ask Q7, Q23, Q26 and Q40 as shipped."""
    return Place(team, *WHERE)


def draft(base=0, refs=("Q1", "Q40"), own=(), **fields) -> Draft:
    return Draft(base, refs, own, **{"note": "The bank asked.", **fields})


@pytest.mark.django_db
def test_until_somebody_edits_it_the_shipped_questions_are_asked(place):
    assert current(place.team, *WHERE) is None
    assert asked_refs(None, place) == ("Q26", "Q7", "Q23", "Q40")


@pytest.mark.django_db
def test_each_save_adds_a_version_and_changes_none(place, owner):
    first = save(place, owner, draft(refs=["Q1", "Q40"]))
    second = save(place, owner, draft(1, refs=["Q7", "Q40"]))
    assert [(row.version, row.refs) for row in place.versions()] == [(2, ["Q7", "Q40"]), (1, ["Q1", "Q40"])]
    assert (first.note, first.edited_by, second.version) == ("The bank asked.", owner, 2)
    assert current(place.team, *WHERE) == second


@pytest.mark.django_db
def test_a_change_stands_in_the_audit_log(place, owner):
    save(place, owner, draft(own=[OWN]))
    event = AuditEvent.objects.get(kind="template-changed")
    assert event.actor == "owner"
    assert event.text == (
        "owner changed what reviews ask (release, tier C, worker), version 1. Added Y1, Q1. Took out Q26, Q7, Q23."
    )


@pytest.mark.django_db
def test_a_template_of_another_team_or_place_is_another_one(place, owner, stranger):
    save(place, owner, draft())
    assert current(stranger.teams.get(), *WHERE) is None
    assert current(place.team, Tier.C, Kind.WORKER, Occasion.PERIODIC) is None


@pytest.mark.django_db
def test_what_cannot_be_asked_is_not_stored(place, owner):
    with pytest.raises(BadTemplateError) as caught:
        save(place, owner, draft(refs=["Q1", "Q99"]))
    assert len(caught.value.faults) == 2
    assert place.newest() is None


@pytest.mark.django_db
def test_whoever_comes_second_is_told_who_was_first(place, owner, reviewer):
    save(place, owner, draft())
    with pytest.raises(SavedMeanwhileError, match="owner saved version 1 meanwhile"):
        save(place, reviewer, draft(0, refs=["Q7", "Q40"]))
    assert [row.version for row in place.versions()] == [1]


@pytest.mark.django_db
@pytest.mark.parametrize("base", [-1, 7])
def test_a_page_that_never_was_stores_nothing(place, owner, base):
    with pytest.raises(SavedMeanwhileError):
        save(place, owner, draft(base))


@pytest.mark.django_db
def test_going_back_is_a_version_that_follows_what_is_shipped(place, owner):
    save(place, owner, draft(own=[OWN]))
    back = save(place, owner, draft(1, shipped=True, note=""))
    assert (back.version, back.shipped, back.refs, back.own) == (2, True, [], [])
    assert asked_refs(back, place) == asked_refs(None, place)


@pytest.mark.django_db
def test_a_version_says_what_it_changed(place, owner):
    first = save(place, owner, draft(own=[OWN]))
    second = save(place, owner, draft(1, refs=["Q7", "Q40"], own=[OWN | {"title": "It balances"}]))
    third = save(place, owner, draft(2, refs=["Q7", "Q40"], own=[OWN | {"title": "It balances"}]))
    fourth = save(place, owner, draft(3, shipped=True))
    assert changes(first, second, place) == ["Added Q7.", "Took out Q1.", "Reworded Y1."]
    assert changes(second, third, place) == ["The questions stayed the same."]
    assert changes(third, fourth, place) == ["Back to the shipped questions.", "Added Q26, Q23.", "Took out Y1."]


@pytest.mark.django_db
def test_a_ref_that_was_used_once_never_means_another_question(place, owner):
    assert next_own(place) == 1
    save(place, owner, draft(own=[OWN, OWN | {"ref": "Y2"}]))
    save(place, owner, draft(1, own=[OWN]))
    assert next_own(place) == 3


@pytest.mark.django_db
def test_the_table_shows_how_many_questions_there_are_and_what_was_edited(place, owner, django_assert_num_queries):
    save(place, owner, draft())
    save(Place(place.team, Tier.B, Kind.CRON, Occasion.PERIODIC), owner, draft(shipped=True))
    with django_assert_num_queries(1):
        kinds = overview(place.team)
    cells = [cell for _, rows in kinds for _, cells in rows for cell in cells]
    assert len(cells) == 72
    assert [(cell.place.said, cell.questions, cell.version) for cell in cells if cell.edited] == [
        ("release, tier C, worker", 2, 1)
    ]
    assert max(cell.questions for cell in cells) == 40


@pytest.mark.django_db(transaction=True)
def test_of_several_at_the_same_moment_one_is_stored_and_the_others_are_told(place, owner):
    barrier = Barrier(4)

    def play(number: int) -> str:
        barrier.wait(30)
        try:
            return f"version {save(place, owner, draft(note=str(number))).version}"
        except SavedMeanwhileError:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(play, range(4))) == ["told", "told", "told", "version 1"]
    assert len(place.versions()) == 1
    assert AuditEvent.objects.filter(kind="template-changed").count() == 1
