import pytest

from reviews.models import Evidence, Upload
from reviews.signoff import evidence, prefill
from reviews.signoff.carrying import CHANGED
from scanners.evidence import digest
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.filled import FIRST, ONE_MORE, SECOND, a_file, answer, approved, filled, filled_in, item, review_of
from tests.reviews.running import scanned
from tests.reviews.scanned import SERVICE

pytestmark = pytest.mark.django_db
NEW_PAGE = SERVICE | {"docs/runbook.md": "# When it is down\n\nLast reviewed: 2026-03-02\n\nCall bob.\n"}


@pytest.fixture
def repository(team):
    return RepositoryFactory(team=team, name="pay", tier="A")


def next_of(before, files=SERVICE, commit=SECOND):
    """The next review of the repository, after `before` was approved."""
    return filled(before.repository, files, commit, previous=approved(before), title="3.3.0")


def evidence_of(row) -> list[Evidence]:
    return list(row.evidence.filter(removed_at=None))


def test_an_answer_of_the_last_approval_comes_along_and_waits_for_a_click(repository, owner):
    before = filled(repository)
    old = answer(before, "Q33", owner)
    row = item(next_of(before), "Q33")
    assert (row.answer, row.rationale, row.carried) == ("pass", "As agreed.", True)
    assert (row.answered_by, row.answered_at) == (owner, old.answered_at)
    (found,) = evidence_of(row)
    assert (found.kind, found.text, found.digest, found.added_by) == (
        "note",
        "Tried on Monday.",
        "d1",
        owner,
    )


def test_an_answer_whose_facts_changed_does_not_come_along(repository, owner):
    before = filled(repository)
    answer(before, "Q33", owner)
    row = item(next_of(before, ONE_MORE), "Q33")
    assert (row.answer, row.carried, evidence_of(row)) == ("", False, [])
    assert row.found_reason == "Changed since 3.2.0."


def test_a_file_that_stayed_the_same_is_bound_to_the_new_commit(repository, owner):
    before = filled(repository)
    answer(before, "Q30", owner, **a_file(before))
    row = item(next_of(before, ONE_MORE), "Q30")
    (found,) = evidence_of(row)
    assert (row.carried, found.commit, found.state) == (True, SECOND, "read")
    assert Evidence.objects.filter(item__review=before).get().commit == FIRST


def test_an_answer_whose_file_changed_does_not_come_along(repository, owner):
    before = filled(repository)
    answer(before, "Q30", owner, **a_file(before))
    row = item(next_of(before, NEW_PAGE), "Q30")
    assert (row.answer, row.found_reason, evidence_of(row)) == ("", "Changed since 3.2.0.", [])


def test_a_file_that_no_scan_read_counts_as_changed(repository, owner):
    before = filled(repository)
    answer(before, "Q31", owner, **a_file(before) | {"path": "docs/board.png"})
    assert item(next_of(before), "Q31").answer == ""


def test_a_file_that_no_scan_read_is_the_same_in_the_same_tree(repository, owner):
    before = filled(repository)
    answer(before, "Q31", owner, **a_file(before) | {"path": "docs/board.png"})
    assert item(next_of(before, commit=FIRST), "Q31").carried


def test_uploads_come_along(repository, owner, team):
    before = filled(repository)
    upload = Upload.objects.create(team=team, sha256="c" * 64, media_type="text/plain", size=1, content=b"a")
    answer(before, "Q37", owner, kind="upload", text="report.txt", upload=upload)
    (found,) = evidence_of(item(next_of(before), "Q37"))
    assert found.upload == upload


def test_removed_evidence_stays_behind(repository, owner):
    before = filled(repository)
    row = answer(before, "Q33", owner)
    Evidence.objects.create(item=row, kind="note", text="Wrong.", added_by=owner, removed_at=row.answered_at)
    assert [one.text for one in evidence_of(item(next_of(before), "Q33"))] == ["Tried on Monday."]


def test_another_question_under_the_same_ref_gets_no_old_answer(repository, owner):
    before = filled(repository)
    answer(before, "Q33", owner)
    before.items.filter(ref="Q33").update(question="Is it blue?")
    row = item(next_of(before), "Q33")
    assert (row.answer, row.found_reason) == ("", "")


def test_an_answer_that_nobody_confirmed_is_not_carried_twice(repository, owner):
    before = filled(repository)
    answer(before, "Q33", owner)
    before.items.filter(ref="Q33").update(carried=True)
    assert item(next_of(before), "Q33").answer == ""


def test_carrying_twice_changes_nothing(repository, owner):
    before = filled(repository)
    answer(before, "Q33", owner)
    review = next_of(before)
    prefill.fill(review, review.scan)
    assert len(evidence_of(item(review, "Q33"))) == 1


def test_what_somebody_began_to_attach_is_not_mixed_with_the_last_approval(repository, owner):
    before = filled(repository)
    answer(before, "Q33", owner)
    review = next_of(before, ONE_MORE)
    Evidence.objects.create(item=item(review, "Q33"), kind="note", text="Mine.", added_by=owner)
    filled(repository, SERVICE, "c" * 40, review)
    row = item(review, "Q33")
    assert (row.answer, [one.text for one in evidence_of(row)]) == ("", ["Mine."])


def test_a_moved_review_keeps_answers_that_rest_on_the_same(repository, owner):
    review = filled(repository)
    answer(review, "Q30", owner, **a_file(review))
    filled(repository, ONE_MORE, SECOND, review)
    row = item(review, "Q30")
    (found,) = row.evidence.all()
    assert (row.answer, row.carried, row.found_reason) == ("pass", False, "")
    assert found.commit == SECOND


def test_a_moved_review_asks_again_where_the_facts_changed(repository, owner):
    review = filled(repository)
    answer(review, "Q33", owner)
    filled(repository, ONE_MORE, SECOND, review)
    row = item(review, "Q33")
    assert (row.answer, row.carried, row.found_reason) == ("pass", True, CHANGED)
    assert len(evidence_of(row)) == 1


def test_a_moved_review_reads_a_changed_file_again_and_keeps_what_was_shown(repository, owner):
    review = filled(repository)
    row = answer(review, "Q30", owner, **a_file(review))
    filled(repository, NEW_PAGE, SECOND, review)
    old, new = row.evidence.order_by("pk")
    assert (old.commit, old.digest, old.removed_at is None) == (FIRST, "d2", False)
    assert (new.commit, new.state, new.digest, new.snippet) == (SECOND, "pending", "d2", [])
    assert (new.path, new.added_by) == ("docs/runbook.md", owner)
    assert not item(review, "Q30").carried


def test_a_moved_review_asks_again_where_the_question_changed(repository, owner):
    review = filled(repository)
    answer(review, "Q33", owner)
    review.items.filter(ref="Q33").update(question="Is it blue?")
    filled(repository, SERVICE, SECOND, review)
    row = item(review, "Q33")
    assert (row.carried, row.question[:6]) == (True, "Go thr")


def test_filling_in_after_a_move_twice_changes_nothing(repository, owner):
    review = filled(repository)
    answer(review, "Q33", owner)
    answer(review, "Q30", owner, **a_file(review))
    moved = filled(repository, ONE_MORE | NEW_PAGE, SECOND, review)
    before = [*moved.items.values(), *Evidence.objects.values()]
    prefill.fill(moved, moved.scan)
    assert [*moved.items.values(), *Evidence.objects.values()] == before


@pytest.mark.parametrize(
    ("page", "asked_again"),
    [("# When it is down\n\n\nLast reviewed: 2026-03-02\n\nCall ann.\n", False), (NEW_PAGE["docs/runbook.md"], True)],
)
def test_only_a_file_that_says_something_else_is_asked_again(team, owner, origin, tmp_path, page, asked_again):
    commit_files(origin, dict(SERVICE))
    repository = RepositoryFactory(team=team, url=str(origin), tier="A")
    review = filled_in(review_of(repository), scanned(repository))
    page_then = SERVICE["docs/runbook.md"].encode()
    shown = {"digest": digest("docs/runbook.md", page_then), "line": None}
    answer(review, "Q26", owner, **a_file(review) | shown)
    commit_files(origin, {"docs/runbook.md": page})
    moved = filled_in(review, scanned(repository))
    assert evidence.read_files(moved, tmp_path, lambda: None)
    row = item(moved, "Q26")
    assert (row.carried, row.found_reason) == (asked_again, CHANGED * asked_again)
    assert evidence_of(row)[0].state == "read"
