import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from reviews import access, reported
from reviews.deliveries import sorting
from reviews.models import Delivery, Hook, Membership, Repository
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waking import wake_sorting

PER_PAGE = 50


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """What the forge of one repository reported, the newest first."""
    seen = seen_repository(request, team, repository)
    hook = Hook.objects.filter(repository=seen).first()
    context = {"hook": hook, "refusal": reported.refusal(hook) if hook else None}
    return render(request, "reviews/deliveries.html", tabs(request, seen) | context | listed(request, seen))


@login_required
@require_safe
def delivery(request: PersonRequest, pk: int) -> HttpResponse:
    """One delivery: what was sent, what was understood of it, and what became of it."""
    found = seen_delivery(request, pk)
    repository = found.hook.repository
    plain = json.dumps(found.payload, indent=2, ensure_ascii=False).split("\n")
    context = tabs(request, repository) | {
        "delivery": found,
        "said": reported.said(found, repository.provider),
        "facts": reported.facts(found.asks),
        "payload": [(number, line, False) for number, line in enumerate(plain, start=1)],
    }
    return render(request, "reviews/delivery.html", context)


@login_required
@require_POST
def again(request: PersonRequest, pk: int) -> HttpResponse:
    """Have a settled delivery sorted once more, as if it had just arrived."""
    found = seen_delivery(request, pk)
    access.require(request.user, found.hook.repository.team, Membership.Role.ENGINEER)
    if sorting.again(found):
        wake_sorting()
        messages.success(request, "It is delivered again. What the server holds now counts.")
    else:
        messages.warning(request, "It waits for a worker already, so nothing was changed.")
    return redirect("delivery", pk)


def seen_delivery(request: PersonRequest, pk: int) -> Delivery:
    """The delivery with its hook and repository. Raises Http404 for one that the person may not see."""
    related = ("hook__repository__team", "hook__repository__latest_scan", "scan", "review")
    return get_object_or_404(access.deliveries(request.user).select_related(*related), pk=pk)


def listed(request: PersonRequest, repository: Repository) -> dict[str, Any]:
    """One page of a repository's deliveries, of one state when asked for."""
    state = request.GET.get("state", "")
    state = state if state in Delivery.State.values else ""
    rows = access.deliveries(request.user).filter(hook__repository=repository, **({"state": state} if state else {}))
    rows = rows.select_related("scan", "review").defer("payload", "scan__scorecard").order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = [reported.Line(row, reported.said(row, repository.provider)) for row in page]
    return {"page": page, "lines": lines, "state": state, "states": Delivery.State.choices, "base": f"?state={state}"}
