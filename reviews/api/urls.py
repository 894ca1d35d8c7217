"""Everything below /api/: the page for people, the operations, and a refusal for every other address."""

from django.urls import include, path

from reviews.api import door, page

urlpatterns = [
    path("", page.index, name="api-page"),
    path("", include((door.patterns(), "api"))),
]
