"""The operator's view of what is stored. Credentials never leave it, and scans are made by the queue alone."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from reviews.models import Membership, Repository, Scan, Team, User


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline,)


@admin.register(Repository)
class RepositoryAdmin(admin.ModelAdmin):
    """Changes what a repository is to us; where it lies is read-only and its token never shown."""

    list_display = ("name", "team", "url", "branch", "sub_path", "tier", "kind")
    list_filter = ("team", "tier", "kind")
    search_fields = ("name", "url")
    # Places are checked by the form that registers them, and a token is write-only.
    exclude = ("credential",)
    readonly_fields = ("url", "branch", "sub_path", "registered_by", "registered_at", "latest_scan")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Repositories are registered on their own page."""
        return False


@admin.register(Scan)
class ScanAdmin(admin.ModelAdmin):
    """Shows scans to whoever looks for one that is stuck; nothing can be changed."""

    list_display = ("id", "repository", "state", "trigger", "attempts", "leased_by", "requested_at", "error_code")
    list_filter = ("state", "trigger", "error_code")
    list_select_related = ("repository",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Scans are asked for on the pages."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Scan | None = None) -> bool:
        """A scan's row belongs to the queue."""
        return False


admin.site.register(User, UserAdmin)
