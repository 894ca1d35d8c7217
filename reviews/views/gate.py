import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reviews.gate import answering, gating
from reviews.views.people import PersonRequest, seen_repository
from reviews.views.repositories import tabs


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Whether a commit may go out, why, and until when; without a commit the newest one that was scanned."""
    seen, now = seen_repository(request, team, repository), timezone.now()
    text = request.GET.get("commit", "").strip()
    context = tabs(request, seen) | {"text": text, "at": now}
    try:
        answer = gating.answer(seen, gating.named(seen, text), now) if text else gating.head(seen, now)
    except gating.CommitError as error:
        return render(request, "reviews/gate.html", context | {"error": str(error)}, status=422)
    plain = json.dumps(answering.as_json(answer), indent=2, ensure_ascii=False).split("\n")
    lines = [(number, line, False) for number, line in enumerate(plain, start=1)]
    return render(request, "reviews/gate.html", context | {"answer": answer, "json": lines})
