from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.audit import trail, verifying
from reviews.models import AuditEvent, Team
from reviews.views.people import PersonRequest, seen_team

PER_PAGE = 50
MOST_VERIFIED = 5000
FILTERS = {"kind": "kind", "person": "actor", "subject": "subject"}


class Line(NamedTuple):
    """An event and its time, which is none when somebody made it unreadable."""

    event: AuditEvent
    at: datetime | None


@login_required
@require_safe
def index(request: PersonRequest, team: str) -> HttpResponse:
    """The audit log of one team, the newest event first; with `verify` in the address it is checked as well."""
    seen = seen_team(request, team)
    events = AuditEvent.objects.filter(team=seen)
    # A manipulated row must not take the page down that would show it.
    with trail.text_of_any_bytes("backslashreplace"):
        page, wanted = listed(request, events)
        context = {
            "team": seen,
            "page": page,
            "lines": [Line(event, when(event.at)) for event in page],
            "wanted": wanted,
            "base": "?" + urlencode(wanted),
            "kinds": events.order_by("kind").values_list("kind", flat=True).distinct(),
            "people": events.order_by("actor").values_list("actor", flat=True).distinct(),
            "last": events.order_by("-seq").first(),
            "checked": checked(request, seen, events),
            "most": MOST_VERIFIED,
        }
        return render(request, "reviews/audit.html", context)


@login_required
@require_safe
def export(request: PersonRequest, team: str) -> StreamingHttpResponse:
    """The whole log as lines of JSON, with its signed head as the last one."""
    seen = seen_team(request, team)
    answer = StreamingHttpResponse(trail.export(seen), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="audit-{seen.slug}.jsonl"'
    return answer


def listed(request: PersonRequest, events: QuerySet[AuditEvent]) -> tuple[Page, dict[str, str]]:
    """One page of the events that were asked for, and the filters that say which those are."""
    given = {name: request.GET.get(name, "").strip().replace("\0", "") for name in FILTERS}
    wanted = {name: value for name, value in given.items() if value}
    rows = events.filter(**{FILTERS[name]: value for name, value in wanted.items()}).order_by("-seq")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    return page, wanted


def when(at: Any) -> datetime | None:
    """The time of an event."""
    try:
        return datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None


def checked(request: PersonRequest, team: Team, events: QuerySet[AuditEvent]) -> dict[str, Any] | None:
    """What a check of the log found, when one was asked for and there is not too much for a page to read."""
    if "verify" not in request.GET:
        return None
    if events.count() > MOST_VERIFIED:
        return {"too_many": True}
    found = verifying.verify(team)
    faults = [(fault, verifying.ADVICE[fault.kind]) for fault in (*found.faults, *found.remarks)]
    return {"found": found, "faults": faults}
