from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviews import access, waived
from reviews.models import Membership, Waiver
from reviews.signoff import casefile
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs
from reviews.waivers import agenda, feeds
from reviews.waivers.decisions import ConflictError, decide
from reviews.waivers.effects import effects
from reviews.waivers.forms import AgendaFilter, AskForm, DecideForm
from reviews.waivers.life import Action, RefusedError
from reviews.waivers.pleas import choices, history, plea, wished
from reviews.waivers.timeline import timeline
from reviews.waking import wake_delivery

PER_PAGE = 50
SCOPES = {"finding", "rule", "item", "extends"}
FORBIDDEN, CONFLICT, UNPROCESSABLE = 403, 409, 422
WITH = ("repository__team", "repository__latest_scan", "requested_by", "decided_by", "review", "extends")


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """What waits for an approver, what runs and when it ends, and what ended recently."""
    wanted = AgendaFilter(request.GET).wanted(waived.today())
    entries = agenda.running(request.user, wanted)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    query = urlencode([(name, value) for name, value in (("team", wanted.team), ("kind", wanted.kind)) if value])
    context = {
        "wanted": wanted,
        "requests": agenda.asked(request.user, wanted),
        "entries": entries,
        "gone": sum(entry.over for entry in entries),
        "longest": max((entry.left for entry in entries), default=0),
        "page": page,
        "effects": effects(waivers_of(request, page.object_list), wanted.today),
        "line": timeline([entry.ends_on for entry in entries if entry.ends_on], wanted.today),
        "said": agenda.titles(entries),
        "over": agenda.over(request.user, wanted),
        "teams": access.teams(request.user),
        "kinds": agenda.KINDS.items(),
        "query": query,
        "base": f"?{query}",
    }
    return render(request, "reviews/waivers.html", context)


def waivers_of(request: PersonRequest, entries: Any) -> Any:
    """The waivers among the entries of one page."""
    keys = [entry.waiver for entry in entries if entry.waiver]
    return access.waivers(request.user).filter(pk__in=keys).select_related("repository")


@login_required
@require_safe
def export(request: PersonRequest) -> HttpResponse:
    """The same as a table for other programs."""
    wanted = AgendaFilter(request.GET).wanted(waived.today())
    name = f"plimsoll-waivers-{wanted.today}.csv"
    content = feeds.table(request.user, wanted)
    return HttpResponse(
        content, "text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@login_required
@require_safe
def calendar(request: PersonRequest) -> HttpResponse:
    """The address of one's calendar, and what to do with it."""
    address = request.build_absolute_uri(reverse("waiver-feed")) + "?" + urlencode({"token": feeds.token(request.user)})
    return render(request, "reviews/calendar.html", {"address": address})


@require_safe
def feed(request: PersonRequest) -> HttpResponse:
    """The calendar itself, for whoever holds the address; programs that read it cannot sign in."""
    owner = feeds.owner(request.GET.get("token", ""))
    if owner is None:
        raise Http404("No such calendar.")
    headers = {"Content-Disposition": 'inline; filename="plimsoll.ics"', "Cache-Control": "private, max-age=900"}
    return HttpResponse(feeds.calendar_of(owner, waived.today()), "text/calendar; charset=utf-8", headers=headers)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Ask for a waiver or a false positive of what the address names."""
    seen = seen_repository(request, team, repository)
    access.require(request.user, seen.team, Membership.Role.ENGINEER)
    if not request.GET.keys() & SCOPES:
        return render(request, "reviews/waiver_choose.html", tabs(request, seen) | {"choices": choices(seen)})
    form = AskForm(request.POST or None, wish=wished(seen, request.GET), today=waived.today())
    if not form.meant.known:
        raise Http404("Nothing of this is there.")
    if request.method == "POST" and form.is_valid():
        made = form.save(request.user)
        if made:
            wake_delivery()
            return redirect("waiver", made.pk)
    context = tabs(request, seen) | {"form": form, "wish": form.wish, "meant": form.meant}
    return render(request, "reviews/waiver_ask.html", context, status=UNPROCESSABLE if form.errors else 200)


@login_required
@require_safe
def waiver(request: PersonRequest, pk: int) -> HttpResponse:
    """One waiver: what it covers, why, until when, and what became of it."""
    return shown(request, seen_waiver(request, pk), DecideForm())


@login_required
@require_POST
def move(request: PersonRequest, pk: int) -> HttpResponse:
    """Approve, decline, withdraw or revoke it, as it was on the page."""
    found, form = seen_waiver(request, pk), DecideForm(request.POST)
    access.require(request.user, found.repository.team, Membership.Role.ENGINEER)
    if not form.is_valid():
        return shown(request, found, form, UNPROCESSABLE)
    given = form.cleaned_data
    try:
        decide(Action(given["action"]), found, request.user, version=given["version"], note=given["note"].strip())
    except ConflictError:
        return conflict(request, found, given["note"])
    except RefusedError as error:
        form.add_error(None, list(error.reasons))
        return shown(request, found, form, FORBIDDEN)
    wake_delivery()
    return redirect("waiver", pk)


def conflict(request: PersonRequest, found: Waiver, note: str) -> HttpResponse:
    """Who was first, with what and when; what was typed is not lost."""
    found.refresh_from_db()
    context = {"waiver": found, "event": next(iter(history(found)), None), "note": note}
    return render(request, "reviews/waiver_conflict.html", context, status=CONFLICT)


def seen_waiver(request: PersonRequest, pk: int) -> Waiver:
    """The waiver with what its page needs. Raises Http404."""
    return get_object_or_404(access.waivers(request.user).select_related(*WITH), pk=pk)


def shown(request: PersonRequest, found: Waiver, form: DecideForm, status: int = 200) -> HttpResponse:
    """The page of a waiver."""
    actor = casefile.actor(request.user, found.repository.team)
    context = tabs(request, found.repository) | {"waiver": found, "plea": plea(found, actor, waived.today())}
    return render(request, "reviews/waiver.html", context | {"form": form}, status=status)
