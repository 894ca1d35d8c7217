"""7: breaking the glass: a commit goes out without an approval, loudly, and a second person looks within a day."""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from reviews.audit import trail
from reviews.models import BreakGlass, Repository, Review, User
from reviews.outbox import notify
from reviews.signoff import casefile
from reviews.signoff.opening import open_review, reviewers
from reviews.workflow.quorum import Actor
from reviews.workflow.states import Action, Occasion
from reviews.workflow.transitions import RefusedError
from scanners.git.names import check_commit

OPEN_FOR = timedelta(days=7)


def break_glass(repository: Repository, by: User, commit: str, reason: str, review: Review | None = None) -> BreakGlass:
    """Let a commit out for seven days. Raises RefusedError, and SourceError for what is no commit.

    A draft for the review that has to follow is opened at once.
    """
    _need(casefile.actor(by, repository.team).has("authority"), "This needs the duty release authority.")
    _need(len(reason.strip()) >= 20, "Say why this cannot wait, in a sentence that will be read afterwards.")
    _need(len(check_commit(commit)) >= 40, "Name the whole commit: the gate answers for exactly one.")
    with transaction.atomic():
        now = timezone.now()
        broken = {"commit": commit, "reason": reason.strip(), "by": by, "at": now, "ends_at": now + OPEN_FOR}
        glass = BreakGlass.objects.create(repository=repository, review=review, **broken)
        text = f"{by.username} broke the glass for {repository.name} at {commit[:7]}: {reason.strip()}"
        trail.record(repository.team, by, "glass-broken", glass, text, commit=commit, reason=reason.strip())
        if review is None:
            open_review(repository, by, title=f"after {commit[:7]}", occasion=Occasion.INCIDENT, commit=commit)
        _tell(glass, "glass-broken", by, text, "Look at it as the second person, within 24 hours.")
    return glass


def second(glass: BreakGlass, by: User, note: str) -> None:
    """Stand by it as the second person: a reviewer, and not who broke it. Raises RefusedError."""
    actor = casefile.actor(by, glass.repository.team)
    _need(actor.rank >= Actor.REVIEWER, "This needs the role reviewer.")
    _need(by.pk != glass.by_id, "Somebody other than who broke the glass has to do this.")
    with transaction.atomic():
        free = BreakGlass.objects.filter(pk=glass.pk, second__isnull=True)
        _need(bool(free.update(second=by, second_at=timezone.now())), "A second person has looked at it already.")
        text = f"{by.username} stands by the broken glass of {glass.repository.name} at {glass.commit[:7]}: {note}"
        trail.record(glass.repository.team, by, "glass-seconded", glass, text, commit=glass.commit, note=note)
        _tell(glass, "glass-seconded", by, text)


def _need(fine: bool, reason: str) -> None:
    if not fine:
        raise RefusedError(Action.APPROVE, (reason,))


def _tell(glass: BreakGlass, kind: str, by: User, text: str, next_step: str = "") -> None:
    team, name = glass.repository.team, glass.repository.name
    path = reverse("break-glass", args=[team.slug, glass.repository.slug])
    body = notify.body(text, path=path, by=by, next_step=next_step)
    subject = f"{name}: {kind.replace('-', ' ')}"
    notify.post(team, kind, reviewers(team), key=f"glass:{glass.pk}:{kind}", subject=subject, body=body)
