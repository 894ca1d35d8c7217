from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews import access
from reviews.status import outbox, status
from reviews.views.people import PersonRequest


@login_required
@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Whether scans get done and people are told: the queue, who works on what, the outbox, and what failed lately."""
    context = {"status": status(access.scans(request.user)), "outbox": outbox(access.messages(request.user))}
    return render(request, "reviews/status.html" + ("#now" if request.htmx else ""), context)
