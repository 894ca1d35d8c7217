from django.contrib import admin
from django.urls import include, path, re_path

from reviews.views.account import closed
from reviews.views.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # People are invited: of allauth's pages only those for signing in and out and for one's own password are open.
    re_path(r"^accounts/(?!(?:login|logout|password/change)/)", closed, name="account_closed"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("reviews.urls")),
]
