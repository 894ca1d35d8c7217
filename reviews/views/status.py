from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from reviews import access
from reviews.advisories.standing import standing
from reviews.models import Membership
from reviews.status import failed_looks, failed_of, outbox, reported, send_again, status
from reviews.views.people import PersonRequest, maintained_team
from reviews.waking import wake_delivery


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Whether scans get done and people are told: the queue, who works on what, the outbox, and what failed lately."""
    mine = access.teams_of(request.user, Membership.Role.MAINTAINER)
    context = {
        "status": status(access.scans(request.user)),
        "reported": reported(access.deliveries(request.user)),
        "outbox": outbox(access.messages(request.user)),
        "failed_of": failed_of(mine),
        "failed_looks": failed_looks(access.repositories(request.user)),
        "advisories": standing(),
    }
    return render(request, "reviews/status.html" + ("#now" if request.htmx else ""), context)


@login_required
@require_POST
def send(request: PersonRequest, team: str) -> HttpResponse:
    """Send the team's messages again that failed in the last day. For maintainers."""
    seen = maintained_team(request, team)
    count = send_again(seen)
    wake_delivery()
    if count:
        messages.success(request, f"{count} message{'' if count == 1 else 's'} of {seen} will be sent again.")
    else:
        messages.info(request, f"Of {seen} no message failed in the last day that nothing newer took the place of.")
    return redirect("status")
