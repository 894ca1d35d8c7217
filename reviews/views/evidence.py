"""What answers rest on: attached, taken away, and uploads given out again."""

from collections.abc import Callable, Mapping

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from reviews import access
from reviews.models import Evidence, Membership
from reviews.rooms.forms import EmptyForm, EvidenceNoteForm, FileForm, LinkForm, UploadForm
from reviews.signoff import evidence
from reviews.views.attempts import SEE_OTHER, attempt, page_of, seen_item, seen_review
from reviews.views.people import PersonRequest
from reviews.views.uploads import to_save
from reviews.waking import wake_readers

KINDS: Mapping[str, tuple[type[forms.Form], Callable[..., Evidence]]] = {
    "file": (FileForm, evidence.add_file),
    "link": (LinkForm, evidence.add_link),
    "note": (EvidenceNoteForm, evidence.add_note),
    "upload": (UploadForm, evidence.add_upload),
}


@login_required
@require_POST
def attach(request: PersonRequest, pk: int, ref: str, kind: str) -> HttpResponse:
    """Attach evidence of one kind to an item. Files are read by a worker afterwards."""
    item = seen_item(request, pk, ref)
    access.require(request.user, item.review.repository.team, Membership.Role.ENGINEER)
    if kind not in KINDS:
        raise Http404(kind)
    form_class, add = KINDS[kind]
    form = form_class(request.POST, request.FILES)
    answer = attempt(
        request, page_of(item, "Attach evidence"), form, lambda: add(item, request.user, **form.cleaned_data)
    )
    if answer.status_code == SEE_OTHER and kind == "file":
        wake_readers()
    return answer


@login_required
@require_POST
def remove(request: PersonRequest, pk: int, evidence_id: int) -> HttpResponse:
    """Take evidence away from its answer."""
    found = seen_evidence(request, pk, evidence_id)
    access.require(request.user, found.item.review.repository.team, Membership.Role.ENGINEER)
    page = page_of(found.item, "Remove the evidence")
    return attempt(request, page, EmptyForm(request.POST), lambda: evidence.remove(found, request.user))


@login_required
@require_safe
def download(request: PersonRequest, pk: int, evidence_id: int) -> HttpResponse:
    """An uploaded file, to be saved: browsers are told never to show it as a page of this site."""
    found = seen_evidence(request, pk, evidence_id)
    if found.upload is None:
        raise Http404("Only uploads are given out.")
    return to_save(found.upload, found.text)


def seen_evidence(request: PersonRequest, pk: int, evidence_id: int) -> Evidence:
    """Evidence of a review that the person may see. Raises Http404."""
    review = seen_review(request, pk)
    rows = Evidence.objects.filter(item__review=review).select_related("item", "upload")
    found = get_object_or_404(rows, pk=evidence_id)
    found.item.review = review
    return found
