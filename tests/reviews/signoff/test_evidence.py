"""What answers rest on: attached, read at the frozen commit by a worker, and taken away."""

import contextlib
import threading
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from reviews.models import AuditEvent, Evidence, Repository, Review, ReviewItem, Team, Upload, User
from reviews.signoff import evidence, opening, reading
from reviews.signoff.turns import ConflictError, Seen
from reviews.workflow.states import ANSWERING, State
from reviews.workflow.transitions import RefusedError
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.readings import FILES, asked, fresh, frozen, read_all, row
from tests.reviews.reviewing import review_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def review(team: Team, teammate: User) -> Review:
    return review_in(State.SELF_ASSESSMENT, team, teammate)


@pytest.fixture
def item(review: Review) -> ReviewItem:
    return asked(review)


def refused(call, *arguments) -> str:
    """The field and the code with which something is refused."""
    with pytest.raises(ValidationError) as caught:
        call(*arguments)
    ((field, (error,)),) = caught.value.error_dict.items()
    assert len(error.message.split(". ")) >= 2, "it says what to do"
    return f"{field}: {error.code}"


def file(content: bytes = b"rps\n100\n", name: str = "load.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


class TestFiles:
    @pytest.fixture
    def repository(self, team: Team, origin: Path) -> Repository:
        commit_files(origin, FILES)
        return RepositoryFactory(team=team, name="pay", url=f"file://{origin}")

    @pytest.fixture
    def review(self, repository: Repository, teammate: User) -> Review:
        return frozen(repository, teammate)

    def test_is_read_by_a_worker_at_the_frozen_commit(self, item: ReviewItem, teammate: User, origin: Path) -> None:
        added = evidence.add_file(item, teammate, "./pay.py", 10)
        assert (added.state, added.snippet, added.commit) == ("pending", [], item.review.commit)
        commit_files(origin, {"pay.py": "GONE = 1\n"})
        read_all()
        read = row(added)
        assert (read.state, read.problem, read.qualname) == ("read", "", "pay")
        assert read.snippet == [[10, FILES["pay.py"].split("\n")[9], True]]
        assert len(read.digest) == 64

    def test_seals_the_review_when_it_is_added_and_when_it_is_read(self, item: ReviewItem, teammate: User) -> None:
        before = fresh(item.review)
        evidence.add_file(item, teammate, "pay.py")
        added = fresh(item.review)
        read_all()
        read = fresh(item.review)
        assert before.version < added.version < read.version
        assert len({before.evidence_digest, added.evidence_digest, read.evidence_digest}) == 3

    def test_some_are_read_in_one_fetch(self, item: ReviewItem, teammate: User, review: Review) -> None:
        Review.objects.update(authors_state="known")
        for path, line in (("pay.py", 5), ("docs/runbook.md", 3), ("drill.data", None)):
            evidence.add_file(item, teammate, path, line)
        assert read_all() == 1
        states = set(Evidence.objects.filter(kind="file").values_list("state", "parts"))
        assert states == {("read", 1), ("read", 0)}
        event = AuditEvent.objects.get(kind="evidence-read")
        assert event.subject == f"review:{review.pk}"

    @pytest.mark.parametrize(
        ("path", "lines", "expected"),
        [
            ("pya.py", (), "path: no_such_file"),
            ("../secret", (), "path: path_malformed"),
            ("", (), "path: path_malformed"),
            ("a\0b", (), "path: path_malformed"),
            ("pay.py", (9, 3), "end_line: lines_malformed"),
            ("pay.py", (0,), "end_line: lines_malformed"),
        ],
    )
    def test_what_cannot_be_is_refused_at_once(self, item, teammate, path, lines, expected) -> None:
        assert refused(evidence.add_file, item, teammate, path, *lines) == expected

    def test_a_near_path_is_named(self, item: ReviewItem, teammate: User) -> None:
        with pytest.raises(ValidationError, match=r"Did you mean pay\.py"):
            evidence.add_file(item, teammate, "pya.py")

    @pytest.mark.parametrize(
        ("path", "line", "words"),
        [
            ("pay.py", 4000, "The file has 14 lines at this commit. Name lines from 1 to 14."),
            ("missing.data", None, "The commit has no such file."),
        ],
    )
    def test_what_shows_only_when_it_is_read_is_kept_with_what_to_do(self, item, teammate, path, line, words) -> None:
        added = evidence.add_file(item, teammate, path, line)
        read_all()
        assert row(added).state == "failed"
        assert words in row(added).problem
        assert read_all() == 0

    def test_a_failure_of_the_network_is_tried_again(self, item: ReviewItem, teammate: User, settings) -> None:
        added = evidence.add_file(item, teammate, "pay.py")
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
        url = Repository.objects.get().url
        Repository.objects.update(url="http://127.0.0.1:9999/a.git")
        read_all()
        assert row(added).state == "pending"
        Repository.objects.update(url=url)
        assert read_all() == 0
        evidence.add_note(item, teammate, "x")
        reading.errands.ask(item.review)
        read_all()
        assert row(added).state == "read"

    def test_what_was_removed_meanwhile_stays_as_it_was(self, item: ReviewItem, teammate: User) -> None:
        added = evidence.add_file(item, teammate, "pay.py")
        evidence.remove(added, teammate)
        read_all()
        assert row(added).state == "pending"

    def test_nothing_is_read_into_a_decided_review(self, item: ReviewItem, teammate: User) -> None:
        added = evidence.add_file(item, teammate, "pay.py")
        Review.objects.update(state=State.WITHDRAWN)
        assert read_all() == 0
        assert row(added).state == "pending"

    def test_below_the_sub_path(self, team: Team, origin: Path, teammate: User) -> None:
        commit_files(origin, {"svc/run.py": "A = 1\n", "other.py": "B = 1\n"})
        url = f"file://{origin}"
        item = asked(frozen(RepositoryFactory(team=team, url=url, sub_path="svc"), teammate))
        assert refused(evidence.add_file, item, teammate, "other.py") == "path: no_such_file"
        added = evidence.add_file(item, teammate, "run.py")
        read_all()
        assert row(added).state == "read"


class TestLinks:
    @pytest.mark.parametrize(
        ("url", "kept"),
        [
            (" https://Wiki.example.org/A?b=C#d ", "https://wiki.example.org/A?b=C#d"),
            ("HTTP://wiki.example.org:80/", "http://wiki.example.org/"),
            ("https://wiki.example.org:8443", "https://wiki.example.org:8443"),
            ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
        ],
    )
    def test_is_kept_normalised(self, item: ReviewItem, teammate: User, url: str, kept: str) -> None:
        assert row(evidence.add_link(item, teammate, url)).text == kept

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("javascript:alert(1)", "link_malformed"),
            ("ftp://a.example/x", "link_malformed"),
            ("//a.example/x", "link_malformed"),
            ("https://", "link_malformed"),
            ("https://a.example/ x", "link_malformed"),
            ("https://a.example/\u202ex", "link_malformed"),
            ("https://a.example\\@b.example/", "link_malformed"),
            ("https://a.example:99999/", "link_malformed"),
            ("https://[::1", "link_malformed"),
            ("https://ada:secret@a.example/", "link_has_credentials"),
            ("https://a.example/" + "x" * 2000, "link_too_long"),
        ],
    )
    def test_what_is_no_address_is_refused(self, item: ReviewItem, teammate: User, url: str, code: str) -> None:
        assert refused(evidence.add_link, item, teammate, url) == f"url: {code}"


class TestNotes:
    def test_is_kept(self, item: ReviewItem, teammate: User) -> None:
        assert row(evidence.add_note(item, teammate, " Tried on Monday.\n")).text == "Tried on Monday."

    @pytest.mark.parametrize(("text", "code"), [("  \n", "note_empty"), ("x" * 4001, "note_too_long")])
    def test_empty_and_endless_ones_are_refused(self, item, teammate, text: str, code: str) -> None:
        assert refused(evidence.add_note, item, teammate, text) == f"text: {code}"


class TestUploads:
    def test_is_kept_once_for_a_team(self, item: ReviewItem, teammate: User, review: Review) -> None:
        first = evidence.add_upload(item, teammate, file(name="../load.csv"))
        second = evidence.add_upload(asked(review, "Q10"), teammate, file(name="again.csv"))
        upload = Upload.objects.get()
        assert (first.upload, second.upload, first.text, second.text) == (upload, upload, "load.csv", "again.csv")
        assert (upload.media_type, upload.size, bytes(upload.content)) == ("text/csv", 8, b"rps\n100\n")
        assert first.digest == upload.sha256

    def test_ten_for_an_item_are_enough(self, item: ReviewItem, teammate: User) -> None:
        added = [evidence.add_upload(item, teammate, file(b"%d\n" % number)) for number in range(10)]
        assert refused(evidence.add_upload, item, teammate, file()) == "file: too_many_uploads"
        evidence.remove(added[0], teammate)
        evidence.add_upload(item, teammate, file())

    def test_what_is_refused_leaves_nothing(self, item: ReviewItem, teammate: User) -> None:
        assert refused(evidence.add_upload, item, teammate, file(b"<svg>", "a.svg")) == "file: kind_unknown"
        assert not Upload.objects.exists()


class TestTurn:
    CALLS = (
        lambda item, by: evidence.add_file(item, by, "pay.py"),
        lambda item, by: evidence.add_link(item, by, "https://a.example/"),
        lambda item, by: evidence.add_note(item, by, "x"),
        lambda item, by: evidence.add_upload(item, by, file()),
        lambda item, by: evidence.remove(item.evidence.first(), by),
    )

    @pytest.mark.parametrize("call", CALLS)
    def test_only_while_answers_are_open(self, item: ReviewItem, teammate: User, call) -> None:
        evidence.add_note(item, teammate, "there")
        before = Evidence.objects.filter(removed_at=None).count()
        for state in set(State) - {*ANSWERING, State.APPROVED, State.APPROVED_WITH_CONDITIONS}:
            Review.objects.update(state=state)
            with pytest.raises(RefusedError):
                call(asked(fresh(item.review)), teammate)
        assert Evidence.objects.filter(removed_at=None).count() == before

    @pytest.mark.parametrize("call", CALLS)
    def test_only_by_the_team(self, item: ReviewItem, teammate: User, viewer: User, stranger: User, call) -> None:
        evidence.add_note(item, teammate, "there")
        for person in (viewer, stranger):
            with pytest.raises(RefusedError, match="role engineer"):
                call(item, person)

    @pytest.mark.parametrize("call", CALLS)
    def test_each_is_one_event_and_a_new_version(self, item: ReviewItem, teammate: User, call) -> None:
        evidence.add_note(item, teammate, "there")
        before, events = fresh(item.review), AuditEvent.objects.count()
        call(item, teammate)
        after, event = fresh(item.review), AuditEvent.objects.latest("seq")
        assert (after.version, AuditEvent.objects.count()) == (before.version + 1, events + 1)
        assert after.evidence_digest != before.evidence_digest
        assert (event.actor, event.kind in ("evidence-added", "evidence-removed")) == ("teammate", True)

    def test_removed_stays_as_a_row_and_is_removed_once(self, item: ReviewItem, teammate: User, owner: User) -> None:
        added = evidence.add_note(item, teammate, "x")
        evidence.remove(added, owner)
        evidence.remove(added, teammate)
        assert (row(added).removed_by, row(added).text) == (owner, "x")
        assert AuditEvent.objects.filter(kind="evidence-removed").count() == 1

    def test_a_page_from_before_the_evidence_is_outdated(self, item: ReviewItem, teammate: User) -> None:
        seen = Seen.of(fresh(item.review))
        evidence.add_note(item, teammate, "x")
        with pytest.raises(ConflictError):
            opening.submit(fresh(item.review), teammate, seen)

    def test_many_at_once_are_all_there(self, item: ReviewItem, teammate: User) -> None:
        def add(number: int) -> None:
            with contextlib.suppress(ValidationError), contextlib.closing(connection):
                evidence.add_upload(item, teammate, file(b"same for all\n", f"{number}.csv"))

        threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (Evidence.objects.filter(kind="upload").count(), Upload.objects.count()) == (10, 1)
