"""What an event asks for, done: a scan asked for, a review opened, a pull request written down. Safe to do twice."""

import time

from django.db import transaction
from django.db.models import Q

from reviews import intake
from reviews.deliveries.outcomes import Outcome, at_once, done, ignored, together
from reviews.models import Repository, Review, Scan
from reviews.pulls.seen import seen as pull_request_seen
from reviews.signoff import opening
from reviews.sources import commit_at
from reviews.webhooks.events import Event, PullRequest, Push, Several, Tag
from reviews.workflow.states import Occasion
from reviews.workflow.transitions import RefusedError
from scanners.git.errors import SourceError, error

Commits = dict[str, str]
LOOKED_FOR = ("tag", "several")  # Kinds of events for which the server may have to be asked first.
_LOOK_SECONDS = 20
_ALL_LOOKS_SECONDS = 60
_LONGEST_TITLE = 80
_ABSENT = ("branch_not_found", "empty_repository")


def same(event: Event) -> tuple[str, ...]:
    """What an event is about: of several about the same, the newest says it all."""
    match event:
        case Push():
            return ("push", event.branch, "" if event.commit else "deleted")
        case Tag():
            return ("tag", event.name, "deleted" if event.deleted else "")
        case PullRequest():
            return ("pull", str(event.number))
        case _:
            return (type(event).__name__, repr(event))


def look(repository: Repository, event: Event) -> Commits:
    """What the server has of the tags that an event names: the commit of each, empty when it is not there.

    May take a while, so in no transaction. Raises SourceError.
    """
    end = time.monotonic() + _ALL_LOOKS_SECONDS
    found: Commits = {}
    for one in _parts(event):
        if isinstance(one, Tag) and at_once(repository, one) is None:
            if time.monotonic() > end:
                raise error("remote_timeout")
            found[one.name] = _commit_of(repository, one.name)
    return found


def act(repository: Repository, event: Event, commits: Commits) -> Outcome:
    """Do what an event asks for; `commits` is what `look` found. In a transaction of the caller: all or nothing."""
    return together([_act(repository, one, commits) for one in _parts(event)])


def _parts(event: Event) -> tuple[Event, ...]:
    return event.events if isinstance(event, Several) else (event,)


def _commit_of(repository: Repository, tag: str) -> str:
    try:
        return commit_at(repository, f"refs/tags/{tag}", _LOOK_SECONDS)
    except SourceError as failure:
        if failure.code in _ABSENT:
            return ""
        raise


def _act(repository: Repository, event: Event, commits: Commits) -> Outcome:
    outcome = at_once(repository, event)
    if outcome is not None:
        return outcome
    match event:
        case Push():
            scan = intake.request_scan(repository, trigger=Scan.Trigger.WEBHOOK)
            return done(f"Scan {scan.pk} looks at the head of {event.branch}.", scan=scan)
        case Tag():
            return _open_review(repository, event.name, commits.get(event.name, ""))
        case PullRequest():
            seen = pull_request_seen(repository, event)
            return ignored(seen.code, seen.text) if seen.code else done(seen.text, scan=seen.scan)
        case _:
            return ignored("event_ignored", "It asks for nothing here.")


def _open_review(repository: Repository, tag: str, commit: str) -> Outcome:
    """Once for each tag and commit, whoever was first."""
    if not commit:
        return ignored("tag_gone", f"The server has no tag {tag} now.")
    locked = Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    title = tag if len(tag) <= _LONGEST_TITLE else f"{tag[: _LONGEST_TITLE - 1]}…"
    its = Q(wanted_commit=commit) | Q(commit=commit)
    there = locked.reviews.filter(its, title=title, occasion=Occasion.RELEASE).first()
    if there is not None:
        return done(f"Review {there.number} is about {tag} at {commit[:7]} already.", review=there)
    review = opening.open_review(locked, None, title=title, occasion=Occasion.RELEASE, commit=commit)
    return done(f"It opened review {review.number} of {tag} at {commit[:7]}.{_started(review)}", review=review)


def _started(review: Review) -> str:
    """Nothing, or why the review stays a draft."""
    try:
        with transaction.atomic():
            opening.start(review, None)
    except RefusedError as error:
        return f" It was not started: {' '.join(error.reasons)}"
    return ""
