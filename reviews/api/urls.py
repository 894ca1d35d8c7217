"""Everything below /api/: the page for people, the operations, and a refusal for every other address."""

from django.urls import include, path, re_path

from reviews.api import door, page

urlpatterns = [
    path("", page.index, name="api-page"),
    path("v1/", include((door.patterns(), "api"))),
    re_path(r"^.+$", door.unknown, name="api-unknown"),
]
