"""Files that people uploaded, given out again so that no browser takes one for a page of this site."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from reviews.models import Upload
from reviews.signoff.uploads import clean_name

HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def to_save(upload: Upload, name: str) -> HttpResponse:
    """The bytes of an upload under a name, to be saved and never shown. Call it for what one may see only."""
    disposition = content_disposition_header(True, clean_name(name) or "upload")
    headers = HEADERS | {"Content-Disposition": str(disposition)}
    return HttpResponse(bytes(upload.content), content_type="application/octet-stream", headers=headers)
