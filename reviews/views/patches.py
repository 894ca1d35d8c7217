from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from reviews import access, waived
from reviews.models import Finding, Membership, Patch, Repository
from reviews.patches import archive, asking, showing
from reviews.patches.questions import Question, bulk_rules
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waking import wake_menders
from scanners import registry
from scanners.fixes.offered import fixes

STOP_POLLING = 286
MEDIA_TYPE = "text/x-diff; charset=utf-8"
Role = Membership.Role


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """What one patch, or one for each rule, would clear in a repository."""
    seen = seen_repository(request, team, repository)
    whole = seen.patches.filter(finding=None, rule="").defer("body").first()
    context = tabs(request, seen) | {"lines": showing.rule_lines(seen), "whole": showing.Answer(seen, whole)}
    return render(request, "reviews/patches.html", context)


@login_required
@require_POST
def ask(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Ask for the patch of one rule, or of all that may be mended in bulk."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Role.ENGINEER)
    row = _asked(request, seen, Question(request.POST.get("rule", "")))
    return redirect("patch", row.pk) if row else redirect("repository-patches", team, repository)


@login_required
@require_safe
def patch(request: PersonRequest, pk: int) -> HttpResponse:
    """One patch: what it clears, what it changes, what it leaves and why. The patch of a finding is on its page."""
    row = _seen(request, pk)
    if row.finding_id:
        return redirect("finding", row.finding_id)
    answer = showing.Answer(row.repository, row)
    context = tabs(request, row.repository) | {"answer": answer, "patch": row, "rule": registry.rules().get(row.rule)}
    if not request.htmx:
        return render(request, "reviews/patch.html", context)
    return render(request, "reviews/patch.html#answer", context, status=200 if row.pending else STOP_POLLING)


@login_required
@require_safe
def download(request: PersonRequest, pk: int) -> HttpResponse:
    """The patch as a file. Raises Http404 for one that is not ready."""
    row = _seen(request, pk)
    if not row.ready:
        raise Http404("This patch is not ready.")
    return attached(bytes(row.body), showing.file_name(row, row.repository), MEDIA_TYPE)


@login_required
@require_safe
def fix(request: PersonRequest, pk: int) -> HttpResponse:
    """The part of a finding's page that shows its fix, which changes while that is worked out."""
    found = _finding(request, pk)
    if not request.htmx:
        return redirect("finding", pk)
    return _fix(request, found)


@login_required
@require_POST
def ask_fix(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask for the fix of one finding."""
    found = _finding(request, pk)
    access.require(request.user, found.repository.team, Role.ENGINEER)
    _asked(request, found.repository, Question(finding=found.pk))
    return _fix(request, found) if request.htmx else redirect("finding", pk)


@login_required
@require_safe
def of_rule(request: PersonRequest, rule: str) -> HttpResponse:
    """One rule over all repositories that the person may see: where a patch is ready, and where it can be asked for."""
    if rule not in bulk_rules():
        raise Http404("This rule has no fix that may be applied in bulk.")
    lines = showing.across(access.repositories(request.user), rule)
    may_ask = set(access.teams_of(request.user, Role.ENGINEER).values_list("pk", flat=True))
    context = {"rule": registry.rules()[rule], "fix": fixes()[rule], "lines": lines}
    context["ready"] = [line for line in lines if line.answer.ready and line.answer.holds]
    context["pending"] = any(line.answer.pending for line in lines)
    context["missing"] = [line for line in lines if line.answer.missing and line.repository.team_id in may_ask]
    return render(request, "reviews/rule_patches.html" + ("#lines" if request.htmx else ""), context)


@login_required
@require_POST
def ask_of_rule(request: PersonRequest, rule: str) -> HttpResponse:
    """Ask for the patch of one rule in every repository of the person's teams that has findings of it."""
    if rule not in bulk_rules():
        raise Http404("This rule has no fix that may be applied in bulk.")
    teams = access.teams_of(request.user, Role.ENGINEER)
    for line in showing.across(access.repositories(request.user).filter(team__in=teams), rule):
        _asked(request, line.repository, Question(rule))
    return redirect("rule-patches", rule)


@login_required
@require_safe
def archive_of_rule(request: PersonRequest, rule: str) -> HttpResponse:
    """The patches of one rule that are ready, in one archive. Raises Http404 when none is."""
    rows = access.patches(request.user).filter(finding=None, rule=rule, state=Patch.State.READY)
    found = archive.packed(rows.select_related("repository__team", "repository__latest_scan"))
    if rule not in registry.rules() or not found:
        raise Http404("No patch of this rule is ready.")
    return attached(found, f"{rule}.zip", "application/zip")


def attached(content: bytes, name: str, media_type: str) -> HttpResponse:
    """Bytes that a browser saves and never shows."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=media_type, headers=headers)


def _asked(request: PersonRequest, repository: Repository, question: Question) -> Patch | None:
    """The row of a question; None when it is refused, which the next page says."""
    try:
        row = asking.ask(repository, question, by=request.user)
    except ValidationError as error:
        messages.error(request, f"{repository.name}: {error.messages[0]}")
        return None
    wake_menders()
    return row


def _fix(request: PersonRequest, found: Finding) -> HttpResponse:
    excused = found.pk in waived.shown([found.repository], waived.today())
    rule = registry.rules().get(found.rule)
    context = tabs(request, found.repository) | {"finding": found, "rule": rule, "apart": True}
    context["fix"] = None if excused else showing.fix_of(found, found.repository)
    return render(request, "reviews/finding.html#fix", context)


def _finding(request: PersonRequest, pk: int) -> Finding:
    """The finding with its repository. Raises Http404."""
    visible = access.findings(request.user).select_related("repository__team", "repository__latest_scan")
    return get_object_or_404(visible, pk=pk)


def _seen(request: PersonRequest, pk: int) -> Patch:
    """The patch with its repository. Raises Http404 for one that the person may not see."""
    visible = access.patches(request.user).select_related("repository__team", "repository__latest_scan", "asked_by")
    return get_object_or_404(visible, pk=pk)
