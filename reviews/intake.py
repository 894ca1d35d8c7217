"""1: a button, a webhook or a registration asks for a scan. Callers wake the workers after the commit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.text import slugify

from reviews.audit import trail
from reviews.models import PullRequest, Repository, Scan, Team, User
from reviews.sources import policy
from scanners.git.address import parse_source
from scanners.git.credential import Credential
from scanners.git.errors import SourceError
from scanners.git.names import check_branch, check_commit, check_sub_path

log = structlog.get_logger(__name__)
_TOLD = ("name", "url", "branch", "sub_path", "tier", "kind")


@dataclass(frozen=True, slots=True)
class Registration:
    """What a person enters to register a repository. Nothing in it is checked yet."""

    name: str
    url: str
    branch: str = "main"
    sub_path: str = ""
    tier: str = Repository.Tier.B
    kind: str = Repository.Kind.HTTP_API
    credential: str = ""


def register(team: Team, wish: Registration, *, by: User | None = None) -> Repository:
    """Add a repository to `team` and ask for its first scan. Raises as `add`."""
    with transaction.atomic():
        repository = add(team, wish, by=by)
        request_scan(repository, trigger=Scan.Trigger.REGISTERED, requested_by=by)
    return repository


def add(team: Team, wish: Registration, *, by: User | None = None) -> Repository:
    """Add a repository to `team`.

    Raises ValidationError with the errors by field; each says what is wrong and what to do, under a stable code.
    """
    checked = _checked(wish)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        named = {"name": wish.name.strip(), "slug": slugify(wish.name), "tier": wish.tier, "kind": wish.kind}
        repository = Repository(team=team, registered_by=by, **named, **checked)
        _check_new(repository)
        repository.full_clean()
        repository.save()
        _tell(repository, by, "registered", **{name: str(getattr(repository, name)) for name in _TOLD})
    log.info("repository-registered", repository=repository.pk, team=team.pk, by=by and by.pk)
    return repository


def at_place(team: Team, wish: Registration) -> Repository | None:
    """What `team` has registered for this URL, branch and sub-path. Raises ValidationError as `add`."""
    return _same_place(Repository(team=team, **_checked(wish)))


def save_settings(repository: Repository, changed: dict[str, list[str]], *, by: User) -> None:
    """Store a repository's settings. `changed` says what of them is new: {setting: [before, after]}."""
    with transaction.atomic():
        repository.save()
        if changed:
            _tell(repository, by, "changed", **changed)


def remove(repository: Repository, *, by: User) -> None:
    """Remove a repository with its scans, findings and reviews; the audit log keeps what was decided."""
    with transaction.atomic():
        _tell(repository, by, "removed", url=repository.url)
        repository.delete()


def request_scan(
    repository: Repository,
    *,
    trigger: str,
    requested_by: User | None = None,
    commit: str = "",
    pull_request: PullRequest | None = None,
) -> Scan:
    """Ask for a scan of `commit`, or of the head when it is empty: of the branch, or of `pull_request`.

    Returns the row that will answer. What is queued already, or runs on that commit, is not asked for twice, except by
    somebody whose turn comes earlier. A newer request takes the place of those that still wait on the same ref, except
    of `Scan.APART`. Raises SourceError commit_malformed.
    """
    if commit:
        check_commit(commit)
    scan = Scan(
        repository=repository,
        branch=pull_request.ref if pull_request else repository.branch,
        pull_request=pull_request,
        trigger=trigger,
        requested_by=requested_by,
        wanted_commit=commit,
    )
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        under_way = _under_way(scan)
        if under_way is not None:
            return under_way
        _take_place(scan)
    say = log.debug if trigger == Scan.Trigger.HISTORY else log.info
    say("scan-requested", scan=scan.pk, repository=repository.pk, trigger=str(trigger), commit=commit or "head")
    return scan


def end_waiting(pull_request: PullRequest) -> int:
    """End the scans that wait for a pull request, because it was closed. Returns how many; one that runs goes on.

    Close its row first: what is tried again looks there.
    """
    waiting = pull_request.scans.filter(state=Scan.State.REQUESTED)
    ended = waiting.update(state=Scan.State.SUPERSEDED, finished_at=Now())
    if ended:
        log.info("scan-superseded", repository=pull_request.repository_id, pull_request=pull_request.pk, count=ended)
    return ended


def _under_way(scan: Scan) -> Scan | None:
    """The row that will answer. One that runs on the head may have read it before the newest push."""
    answering = Q(state=Scan.State.REQUESTED)
    if scan.wanted_commit:
        answering |= Q(state=Scan.State.RUNNING)
    asked = Scan.objects.filter(repository=scan.repository, branch=scan.branch, pull_request=scan.pull_request)
    found = asked.filter(answering, wanted_commit=scan.wanted_commit).first()
    gives_way = found and found.state == Scan.State.REQUESTED and not found.is_apart and scan.turn < found.turn
    return None if gives_way else found


def _take_place(scan: Scan) -> None:
    """Save the new row. Those whose place it takes end before, because no two may ask for the same."""
    waiting = Scan.objects.filter(repository=scan.repository, branch=scan.branch, state=Scan.State.REQUESTED)
    needless = waiting.filter(pull_request__isnull=scan.pull_request is None).exclude(Scan.APART)
    if scan.is_apart:
        needless = needless.filter(wanted_commit=scan.wanted_commit)
    older = list(needless.values_list("pk", flat=True))
    if older:  # A worker may take one of them meanwhile, and then keeps it.
        waiting.filter(pk__in=older).update(state=Scan.State.SUPERSEDED, finished_at=Now())
    scan.save()
    if older:
        ended = Scan.objects.filter(pk__in=older, state=Scan.State.SUPERSEDED).update(superseded_by=scan)
        log.info("scan-superseded", repository=scan.repository_id, by=scan.pk, count=ended)


def _checked(wish: Registration) -> dict[str, str]:
    checks: dict[str, Callable[[str], str]] = {
        "url": lambda url: parse_source(url, policy()).url,
        "branch": check_branch,
        "sub_path": check_sub_path,
        "credential": _check_credential,
    }
    checked: dict[str, str] = {}
    errors: dict[str, ValidationError] = {}
    for field, check in checks.items():
        try:
            checked[field] = check(getattr(wish, field).strip())
        except SourceError as error:
            errors[field] = ValidationError(f"{error.message} {error.next_step}", code=error.code)
    if errors:
        raise ValidationError(errors)
    return checked


def _check_credential(text: str) -> str:
    if text:
        Credential.parse(text)
    return text


def _check_new(repository: Repository) -> None:
    others = Repository.objects.filter(team=repository.team)
    if not repository.slug:
        raise _field_error("name", "name_malformed", "The name has no letters or digits.", "Choose a name with some.")
    if others.filter(slug=repository.slug).exists():
        raise _field_error("name", "name_taken", "The team has a repository of this name.", "Choose another name.")
    same = _same_place(repository)
    if same is not None:
        message = f"The team has registered this URL, branch and sub-path as {same.name}."
        raise _field_error("url", "place_taken", message, "Open that repository, or choose another branch or sub-path.")


def _same_place(repository: Repository) -> Repository | None:
    place = {name: getattr(repository, name) for name in ("url", "branch", "sub_path")}
    return Repository.objects.filter(team=repository.team, **place).first()


def _tell(repository: Repository, by: User | None, what: str, **data: Any) -> None:
    who = by.username if by else trail.PLIMSOLL
    some = f": {', '.join(sorted(data))}" if what == "changed" else ""
    text = f"{who} {what} the repository {repository.name}{some}"
    trail.record(repository.team, by, f"repository-{what}", repository, text, **data)


def _field_error(field: str, code: str, message: str, next_step: str) -> ValidationError:
    return ValidationError({field: ValidationError(f"{message} {next_step}", code=code)})
