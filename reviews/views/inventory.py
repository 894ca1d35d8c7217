from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from reviews import factchanges, factpages, inventory
from reviews.chapters import CHAPTERS, Chapter
from reviews.codelinks import lines_of
from reviews.factpages import Section
from reviews.gate import gating
from reviews.inventory import Inventory, Line, Wish
from reviews.models import Repository
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from scanners.inventory import export
from scanners.inventory.table import BAD, UNKNOWN
from scanners.inventory.tables import TABLES

MARKS = {BAD: "At fault", UNKNOWN: "Not fully known"}
BILL = "application/vnd.cyclonedx+json; version=1.6"
FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@login_required
@require_safe
def chapter(request: PersonRequest, team: str, repository: str, chapter: str = "boundaries") -> HttpResponse:
    """One chapter of what a repository tells by itself: its tables at a commit, the worst rows first."""
    seen = seen_repository(request, team, repository)
    wanted = CHAPTERS.get(chapter)
    if wanted is None:
        raise Http404("There is no such chapter.")
    told = told_at(request, seen, "commit")
    context = framed(request, seen, told) | {"chapter": wanted}
    if told is None or not told.kept:
        return render(request, "reviews/inventory_empty.html", context)
    context |= shown(request, told, wanted)
    return render(request, "reviews/inventory.html" + ("#tables" if request.htmx else ""), context)


@login_required
@require_safe
def changes(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """What changed in every table between two commits."""
    seen = seen_repository(request, team, repository)
    told = told_at(request, seen, "commit")
    context = framed(request, seen, told) | {"chapter": None}
    if told is None or not told.kept:
        return render(request, "reviews/inventory_empty.html", context)
    context |= compared(request, told)
    return render(request, "reviews/inventory_changes.html", context)


@login_required
@require_safe
def download(request: PersonRequest, team: str, repository: str, table: str, form: str) -> HttpResponse:
    """A table for other programs, or with `since` what changed in it."""
    seen = seen_repository(request, team, repository)
    wanted, told = TABLES.get(table), told_at(request, seen, "commit")
    if wanted is None or form not in FORMS or told is None or not told.kept:
        raise Http404("There is no such table.")
    name, rows = f"{seen.slug}-{table}-{told.scan.commit[:7]}", told.rows(table)
    if "since" in request.GET:
        before = told_at(request, seen, "since")
        if before is None or not before.kept:
            raise Http404("There is nothing to compare with.")
        name = f"{name}-since-{before.scan.commit[:7]}"
        wanted, rows = factchanges.as_table(wanted), list(factchanges.as_rows(before.rows(table), rows))
    content = export.as_csv(wanted, rows) if form == "csv" else export.as_json([(wanted, rows)])
    return HttpResponse(content, FORMS[form], headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'})


@login_required
@require_safe
def bill(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """The bill of materials of a commit, as CycloneDX."""
    seen = seen_repository(request, team, repository)
    told = told_at(request, seen, "commit")
    if told is None or not told.kept:
        raise Http404("No finished scan of this commit kept its dependencies.")
    headers = {"Content-Disposition": f'attachment; filename="{seen.slug}-{told.scan.commit[:7]}.cdx.json"'}
    return HttpResponse(told.bill(seen.name), BILL, headers=headers)


def told_at(request: PersonRequest, repository: Repository, name: str) -> Inventory | None:
    """The inventory at the commit that a parameter names; without it that of the newest scan, if there is one.

    Raises Http404 for a commit that no finished scan looked at.
    """
    text, scan = request.GET.get(name, "").strip(), repository.latest_scan
    if text:
        try:
            scan = factchanges.scan_of(repository, gating.named(repository, text))
        except gating.CommitError as error:
            raise Http404(error.message) from error
        if scan is None:
            raise Http404("No finished scan looked at this commit.")
    return inventory.read(scan) if scan else None


def addresses(repository: Repository, before: Inventory, after: Inventory) -> tuple[Any, Any]:
    """What gives the addresses of lines at either commit."""
    return lines_of(repository, before.scan.commit), lines_of(repository, after.scan.commit)


def framed(request: PersonRequest, repository: Repository, told: Inventory | None) -> dict[str, Any]:
    """What the head of every page of facts shows. `at` keeps the commit of the page in its links."""
    older = told is not None and told.scan != repository.latest_scan
    return tabs(request, repository) | {
        "told": told,
        "older": older,
        "at": f"commit={told.scan.commit}" if told and older else "",
        "stops": factpages.stops(told) if told and told.kept else [],
        "newest": repository.scans.filter(pull_request=None).first() if told is None else None,
    }


def shown(request: PersonRequest, told: Inventory, chapter: Chapter) -> dict[str, Any]:
    """The tables of a chapter as they were asked for."""
    given = {name: request.GET.get(name, "").strip()[:200] for name in ("q", "mark", "facet", "row", "table")}
    wish = Wish(given["q"], given["mark"] if given["mark"] in MARKS else "", given["facet"], given["row"])
    tables = (given["table"],) if given["table"] in chapter.tables else chapter.tables
    repository = told.scan.repository
    address = lines_of(repository, told.scan.commit)
    sections = factpages.sections(told, tables, wish, request.GET.get("page"), address)
    home = reverse("repository-facts-of", args=[repository.team.slug, repository.slug, chapter.name])
    base = "?" + urlencode({name: value for name, value in (*kept(request).items(), *given.items()) if value})
    context = {"sections": sections, "wish": wish, "given": given, "base": base, "home": home, "marks": MARKS.items()}
    if sections[0].table.name == "boundaries" and sections[0].found:
        context["map"] = drawn(repository, sections[0], home, kept(request))
    return context


def compared(request: PersonRequest, told: Inventory) -> dict[str, Any]:
    """What changed since the commit that is asked for, or the usual one. `missing` is one that nobody scanned."""
    repository, missing = told.scan.repository, ""
    offers = factchanges.offered(repository)
    usual = factchanges.former(repository, told.scan, offers)
    before = inventory.read(usual.scan) if usual else None
    if request.GET.get("since"):
        try:
            before = told_at(request, repository, "since")
        except Http404:
            before, missing = None, request.GET["since"]
    found = (
        factchanges.differences(before, told, *addresses(repository, before, told)) if before and before.kept else []
    )
    return {
        "offers": offers,
        "usual": usual,
        "before": before,
        "missing": missing,
        "found": found,
        "total": sum(one.total for one in found),
        "forms": FORMS,
        "offered": {one.commit for one in offers},
    }


def kept(request: PersonRequest) -> dict[str, str]:
    """The commit of the page, for its links."""
    commit = request.GET.get("commit", "").strip()
    return {"commit": commit} if commit else {}


def drawn(repository: Repository, section: Section, home: str, kept: Mapping[str, str]) -> dict[str, Any]:
    """The map of boundaries, whose ends lead to their rows."""
    on_page = {line.id for line in section.page}

    def row_url(line: Line) -> str:
        if line.id in on_page:
            return f"#{line.id}"
        return f"{home}?{urlencode({**kept, 'table': 'boundaries', 'row': line.id})}#{line.id}"

    def kind_url(kind: str) -> str:
        return f"{home}?{urlencode({**kept, 'table': 'boundaries', 'facet': kind})}"

    return factpages.drawings(repository.name, section, row_url, kind_url)
