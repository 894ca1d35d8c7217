"""Who wrote the commits that a review is about, through real repositories, and who may not review for it."""

from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from reviews.models import Evidence, Repository, Review, Team, User
from reviews.signoff import authorship, reading
from tests.factories import MembershipFactory, RepositoryFactory
from tests.git_server import GitServer, reply
from tests.origin import commit_files
from tests.reviews.readings import FILES, approved, asked, fresh, frozen, read_all

pytestmark = pytest.mark.django_db(transaction=True)
WROTE = "wrote commits since the last approval"


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    commit_files(origin, FILES, author="Cy Coder <cy@example.org>", date="2026-01-01T00:00:00+00:00")
    return RepositoryFactory(team=team, name="pay", url=f"file://{origin}")


@pytest.fixture
def first(repository: Repository, teammate: User) -> Review:
    return frozen(repository, teammate)


def member(team: Team, username: str, **fields: str) -> User:
    return MembershipFactory(
        team=team, user__username=username, **{f"user__{name}": v for name, v in fields.items()}
    ).user


def wrote(review: Review, *people: str) -> Review:
    """The review with these authors, each `name <address>`."""
    pairs = [person.rstrip(">").split(" <") for person in people]
    Review.objects.filter(pk=review.pk).update(
        authors=[[name, email, 1] for name, email in pairs], authors_state=Review.Authors.KNOWN
    )
    return fresh(review)


class TestReading:
    def test_the_first_review_counts_everybody(self, first: Review) -> None:
        assert (first.authors_state, read_all()) == ("pending", 1)
        review = fresh(first)
        assert (review.authors_state, review.authors_note) == ("known", "")
        assert {email for _name, email, _commits in review.authors} == {"cy@example.org", "ada@example.org"}

    def test_the_next_one_counts_those_since_the_approval(
        self, first: Review, origin: Path, repository: Repository, teammate: User
    ) -> None:
        read_all()
        approved(first)
        commit_files(origin, {"a.py": "A = 1\n"}, author="Di Doer <di@example.org>", date="2026-02-01T00:00:00+00:00")
        second = frozen(repository, teammate)
        read_all()
        emails = {email for _name, email, _commits in fresh(second).authors}
        assert (fresh(second).previous_id, emails) == (first.pk, {"di@example.org", "ada@example.org"})

    def test_an_approved_commit_that_is_gone_lets_everybody_count(self, first: Review, teammate: User) -> None:
        gone = Review.objects.create(
            repository=first.repository, number=9, title="old", occasion="release", tier="B", commit="e" * 40
        )
        Review.objects.filter(pk=first.pk).update(previous=approved(gone, state="expired"))
        read_all()
        review = fresh(first)
        assert (review.authors_state, len(review.authors)) == ("known", 2)
        assert "no longer on the server" in review.authors_note

    def test_it_is_read_once(self, first: Review) -> None:
        read_all()
        assert (read_all(), reading.due().count()) == (0, 0)

    def test_a_review_that_moved_meanwhile_keeps_nothing_of_before(self, first: Review, tmp_path: Path) -> None:
        stale = fresh(first)
        Review.objects.filter(pk=first.pk).update(commit="d" * 40)
        authorship.read_authors(stale, tmp_path, lambda: None)
        assert (fresh(first).authors_state, fresh(first).authors) == ("pending", [])


class TestFailure:
    @pytest.fixture
    def broken(self, first: Review, origin: Path) -> Review:
        origin.rename(origin.with_name("elsewhere.git"))
        assert reading.do_one()
        return fresh(first)

    def test_says_what_to_do_and_is_no_permission(self, broken: Review) -> None:
        assert (broken.authors_state, broken.authors) == ("failed", [])
        assert "repository" in broken.authors_note
        assert broken.authors_note.count(".") >= 2

    def test_waits_longer_each_time_and_then_succeeds(self, broken: Review, origin: Path) -> None:
        assert (broken.errand_attempts, broken.errand_at > timezone.now() + timedelta(seconds=5)) == (1, True)
        assert not reading.do_one()
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        assert reading.do_one()
        waits = fresh(broken).errand_at - timezone.now()
        assert (fresh(broken).errand_attempts, waits > timedelta(seconds=25)) == (2, True)
        origin.with_name("elsewhere.git").rename(origin)
        Review.objects.update(errand_at=timezone.now() - timedelta(seconds=1))
        assert reading.do_one()
        assert (fresh(broken).authors_state, fresh(broken).errand_attempts) == ("known", 0)

    def test_a_server_that_asks_for_a_token_is_named(self, first: Review, origin: Path, settings) -> None:
        settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http"], ["127.0.0.1"]
        with GitServer(origin.parent, hook=lambda request: reply(request, 401)) as server:
            Repository.objects.update(url=f"{server.url}/origin.git")
            assert reading.do_one()
        assert fresh(first).authors_note == (
            "The server asks for an access token. Add a token that may read this repository."
        )

    def test_an_incomplete_history_since_an_approval_is_not_enough(
        self, first: Review, repository: Repository, origin: Path, teammate: User
    ) -> None:
        read_all()
        approved(first)
        flood = "".join(f"Co-authored-by: P{number} <p{number}@example.org>\n" for number in range(1100))
        commit_files(origin, {"a.py": "A = 1\n"}, message=f"x\n\n{flood}", date="2026-02-01T00:00:00+00:00")
        second = frozen(repository, teammate)
        read_all()
        assert fresh(second).authors_state == "failed"
        assert "a commit in between" in fresh(second).authors_note


class TestTwoWorkers:
    def test_one_holds_the_review_and_the_other_finds_nothing(self, first: Review) -> None:
        Review.objects.filter(pk=first.pk).update(errand_at=timezone.now() + timedelta(seconds=50))
        assert not reading.do_one()
        assert fresh(first).authors_state == "pending"

    def test_what_a_dead_one_held_is_taken_over(self, first: Review) -> None:
        Review.objects.filter(pk=first.pk).update(errand_at=timezone.now() - timedelta(seconds=1), errand_attempts=1)
        assert reading.do_one()
        assert fresh(first).authors_state == "known"


class TestOutside:
    def test_those_who_opened_submitted_answered_or_attached(
        self, first: Review, team: Team, owner: User, reviewer: User, teammate: User
    ) -> None:
        Review.objects.filter(pk=first.pk).update(submitted_by=owner)
        items = list(first.items.filter(asked=True)[:2])
        first.items.filter(pk=items[0].pk).update(answered_by=reviewer)
        other = member(team, "other")
        Evidence.objects.create(item=items[1], kind="note", text="x", added_by=other)
        found = authorship.outside(fresh(first))
        assert found[teammate.pk] == found[owner.pk] == "submitted this review"
        assert found[reviewer.pk] == found[other.pk] == "answered an item of this review"

    @pytest.mark.parametrize(
        "author",
        [
            "Somebody <dora@example.org>",
            "Somebody <DORA@OLD.example>",
            "dora  DOE <x@y.example>",
            "dora.d <x@y.example>",
            "X <12+dora.d@users.noreply.github.com>",
            "X <12-dora.d@users.noreply.gitlab.com>",
            "X <dora.d@noreply.codeberg.org>",
        ],
    )
    def test_authors_by_every_address_and_name(self, first: Review, team: Team, author: str) -> None:
        dora = member(team, "dora.d", email="dora@example.org", first_name="Dora", last_name="Doe")
        EmailAddress.objects.create(user=dora, email="dora@old.example", verified=True)
        assert authorship.outside(wrote(first, author))[dora.pk] == WROTE

    @pytest.mark.parametrize("author", ["GitHub <noreply@github.com>", "X <>", "Dora Doe-Smith <d@y.example>"])
    def test_others_stay_inside(self, first: Review, team: Team, author: str) -> None:
        dora = member(team, "dora.d", email="", first_name="Dora", last_name="Doe")
        assert dora.pk not in authorship.outside(wrote(first, author))

    def test_a_member_who_joins_later_is_compared_too(self, first: Review, team: Team) -> None:
        review = wrote(first, "Late Comer <late@example.org>")
        late = member(team, "late", email="late@example.org")
        assert authorship.outside(review) == {first.opened_by_id: "submitted this review", late.pk: WROTE}

    def test_removed_evidence_binds_nobody(self, first: Review, reviewer: User) -> None:
        gone = {"removed_at": timezone.now(), "removed_by": reviewer}
        Evidence.objects.create(item=asked(first), kind="note", text="x", added_by=reviewer, **gone)
        assert reviewer.pk not in authorship.outside(first)
