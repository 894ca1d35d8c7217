from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from reviews import access, waived
from reviews.codelinks import commit_url
from reviews.excuses import never_waived
from reviews.findings import by_rule, filtered, groups, totals
from reviews.forms import FindingFilter
from reviews.models import Finding, Repository, Waiver
from reviews.patches import showing
from reviews.scorecards import rule_outcomes
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waived import Shown
from scanners import registry

PER_PAGE = 60
WITH = ("repository__team", "repository__latest_scan", "repository__tracing", "first_scan", "last_scan", "introduction")


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Findings of all repositories that the person may see."""
    shown = waived.shown(access.repositories(request.user), waived.today())
    seen = access.findings(request.user).select_related("repository__team", "repository__latest_scan")
    context = listed(request, seen.defer("repository__latest_scan__scorecard"), shown)
    context["teams"] = access.teams(request.user)
    return render(request, "reviews/findings.html" + ("#list" if request.htmx else ""), context)


@login_required
@require_safe
def of_repository(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Findings of one repository."""
    seen = seen_repository(request, team, repository)
    findings = access.findings(request.user).filter(repository=seen)
    context = tabs(request, seen) | listed(request, findings, waived.shown([seen], waived.today()), seen)
    page = "reviews/findings.html#list" if request.htmx else "reviews/repository_findings.html"
    return render(request, page, context | {"sites": sites(seen)})


@login_required
@require_safe
def finding(request: PersonRequest, pk: int) -> HttpResponse:
    """One finding: the code, why it matters, the fix and its history. Opened in a list, only the part below its row."""
    found = get_object_or_404(access.findings(request.user).select_related(*WITH), pk=pk)
    excused = waived.shown([found.repository], waived.today()).get(found.pk)
    context = tabs(request, found.repository) | {
        "finding": found,
        "fix": None if excused else showing.fix_of(found, found.repository),
        "rule": registry.rules().get(found.rule),
        "events": found.events.select_related("scan").defer("scan__scorecard"),
        "written_at": commit_url(found.repository, found.introduction.commit) if hasattr(found, "introduction") else "",
        "suppression": f"# plimsoll: ignore[{found.rule}] ",
        "shown": excused,
        "waiting": Waiver.objects.filter(covered__finding=found, state=Waiver.State.REQUESTED),
        "waivable": found.confidence != "low" and found.rule not in never_waived(waived.rules()),
    }
    return render(request, "reviews/finding.html" + ("#detail" if request.htmx else ""), context)


def listed(
    request: PersonRequest,
    findings: QuerySet[Finding],
    shown: Mapping[int, Shown],
    repository: Repository | None = None,
) -> dict[str, Any]:
    """One page of findings, filtered by the query string and grouped by rule; `shown` says which are covered.

    `repository` is theirs, None for findings of several.
    """
    form = FindingFilter(request.GET)
    wanted = form.wanted()
    found = filtered(findings, wanted, shown)
    page = Paginator(by_rule(found).defer("snippet"), PER_PAGE).get_page(request.GET.get("page"))
    proved = showing.verified([repository] if repository else {one.repository for one in page.object_list})
    return {
        "page": page,
        "groups": groups(page.object_list, totals(found)),
        "verified": totals(found.filter(pk__in=set().union(*proved.values()))) if proved else {},
        "form": form,
        "wanted": wanted,
        "shown": shown,
        "narrowed": wanted != {"state": "open"},
        "base": "?" + urlencode(wanted),
    }


def sites(repository: Repository) -> dict[str, Any]:
    """What the newest scan says about each rule."""
    return rule_outcomes(repository.latest_scan.scorecard) if repository.latest_scan else {}
