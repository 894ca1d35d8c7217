from django.contrib import admin
from django.urls import include, path

from reviews.views.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("reviews.urls")),
]
