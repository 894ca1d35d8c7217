"""
Who wrote the commits that a review is about, and who is therefore not independent.

A worker reads the authors once a review is frozen, and again and again until they are known. Nobody may slip through
because a history is long: where a part of it cannot be read, the authors stay unknown and nobody can sign. Only a
first review, which has no approval to begin at, makes do with the authors of the newest commits.
"""

from collections.abc import Callable
from pathlib import Path

import structlog
from allauth.account.models import EmailAddress

from reviews.models import AuditEvent, Evidence, Repository, Review, User
from reviews.sources import credential, policy
from reviews.workflow.quorum import Account, Author
from reviews.workflow.quorum import outside as not_independent
from reviews.workflow.states import State
from scanners.git.address import parse_source
from scanners.git.authors import Authors, authors
from scanners.git.errors import SourceError

log = structlog.get_logger(__name__)

LIMIT = 20_000
_GONE = "The commit of the last approval is no longer on the server, so everybody who wrote a commit counts."
_NEWEST = f"The history is longer than {LIMIT:,} commits; the authors of the newest ones count."
_TOO_LONG = (
    f"More than {LIMIT:,} commits or co-authors came since the last approval, so some of their authors are not known. "
    "Open a review of a commit in between first."
)


def wanted(review: Review) -> bool:
    """Whether the authors are still to be read."""
    return bool(review.commit) and review.authors_state != Review.Authors.KNOWN


def read_authors(review: Review, scratch: Path, tick: Callable[[], None]) -> bool:
    """Read who wrote the commits since the last approval, and keep it with the review. Returns whether it is known.

    `scratch` is an empty directory, `tick` as of `fetch`. A failure is kept with what to do; calling it again is safe.
    """
    since = review.previous.commit if review.previous else ""
    try:
        found = between(review.repository, since, review.commit, scratch, tick)
    except SourceError as error:
        _keep(review, Review.Authors.FAILED, f"{error.message} {error.next_step}")
        log.warning("authors-unknown", review=review.pk, code=error.code)
        return False
    known = enough(found)
    _keep(review, Review.Authors.KNOWN if known else Review.Authors.FAILED, _note(review, found), found)
    return known


def between(repository: Repository, since: str, commit: str, scratch: Path, tick: Callable[[], None]) -> Authors:
    """Who wrote the commits that lead to one commit and not to the other; to all of it when `since` is empty or gone.

    Raises SourceError.
    """
    rules = policy()
    return authors(
        parse_source(repository.url, rules),
        commit,
        since,
        scratch,
        policy=rules,
        tick=tick,
        credential=credential(repository),
        limit=LIMIT,
    )


def enough(found: Authors) -> bool:
    """Whether nobody can slip through: all are known, or there was no commit to begin at and the newest have to do."""
    return found.complete or not found.since


def outside(review: Review) -> dict[int, str]:
    """Who may not review, and why, as it goes on after "You" or a name.

    Members of the team are compared with the commits by all their addresses, their names, and names at forges. Whoever
    wrote the commits after an approval does not reaffirm it either. Who submitted an earlier round stands in the log.
    """
    people = [Author(name, email) for name, email, _commits in (*review.authors, *_later(review))]
    told = AuditEvent.objects.filter(team=review.repository.team_id, subject=f"review:{review.pk}")
    submitted = told.filter(kind="review-submitted")
    keys = [review.opened_by_id, review.submitted_by_id, *submitted.values_list("actor_key", flat=True)]
    submitters = [key for key in keys if key]
    answered = review.items.exclude(answered_by=None).values_list("answered_by", flat=True)
    attached = Evidence.objects.filter(item__review=review, removed_at=None).values_list("added_by", flat=True)
    return not_independent(_accounts(review), people, submitters, {*answered, *attached})


def strangers(review: Review) -> list[str]:
    """The names of those who wrote commits and are no member of the team."""
    accounts = _accounts(review) if review.authors else []
    people = [Author(name, email) for name, email, _commits in review.authors]
    unknown = [one.name or one.email for one in people if not any(account.is_author(one) for account in accounts)]
    return sorted(set(unknown))


def all_known(review: Review) -> bool:
    """Whether everybody is known who wrote a commit that is to be decided about."""
    if review.state == State.NEEDS_REAFFIRMATION and not all(
        review.commits.values_list("authors_known", flat=True)[:1]
    ):
        return False
    return review.authors_state == Review.Authors.KNOWN


def _later(review: Review) -> list[list[str]]:
    newest = review.commits.first() if review.state == State.NEEDS_REAFFIRMATION else None
    return newest.authors if newest else []


def _accounts(review: Review) -> list[Account]:
    members = list(User.objects.filter(memberships__team=review.repository.team_id))
    emails = {member.pk: {member.email} for member in members}
    for key, email in EmailAddress.objects.filter(user__in=members).values_list("user", "email"):
        emails[key].add(email)
    return [
        Account(member.pk, member.username, member.get_full_name(), frozenset(emails[member.pk])) for member in members
    ]


def _keep(review: Review, state: str, note: str, found: Authors | None = None) -> None:
    """Write it down, unless the review has moved to another commit meanwhile."""
    people = [list(person) for person in found.people] if found else []
    same = Review.objects.filter(pk=review.pk, commit=review.commit, previous=review.previous_id)
    same.exclude(authors_state=Review.Authors.KNOWN).update(authors=people, authors_state=state, authors_note=note)
    review.refresh_from_db(fields=["authors", "authors_state", "authors_note"])


def _note(review: Review, found: Authors) -> str:
    if found.since and not found.complete:
        return _TOO_LONG
    notes = [_GONE] if review.previous and not found.since else []
    return " ".join([*notes, *([] if found.complete else [_NEWEST])])
