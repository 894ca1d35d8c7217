"""The operator's view of what is stored. Changes are made on the pages, where each becomes a row of the audit log.

Only people are made and changed here. Credentials never leave it, and scans are made by the queue alone.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from reviews.models import Membership, Repository, Scan, Team, User


class ShownOnly(admin.options.BaseModelAdmin):
    """Nothing can be added, changed or deleted: the audit log would not know."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class MembershipInline(ShownOnly, admin.TabularInline):
    model = Membership
    extra = 0


@admin.register(Team)
class TeamAdmin(ShownOnly, admin.ModelAdmin):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name",)
    inlines = (MembershipInline,)


@admin.register(Repository)
class RepositoryAdmin(ShownOnly, admin.ModelAdmin):
    """Shows what a repository is to us and where it lies; its token never."""

    list_display = ("name", "team", "url", "branch", "sub_path", "tier", "kind")
    list_filter = ("team", "tier", "kind")
    search_fields = ("name", "url")
    exclude = ("credential",)


@admin.register(Scan)
class ScanAdmin(ShownOnly, admin.ModelAdmin):
    """Shows scans to whoever looks for one that is stuck; a scan's row belongs to the queue."""

    list_display = ("id", "repository", "state", "trigger", "attempts", "leased_by", "requested_at", "error_code")
    list_filter = ("state", "trigger", "error_code")
    list_select_related = ("repository",)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Makes people, and switches them off; one who is deleted would leave teams without a word in the audit log."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: `active` is what is taken away."""
        return False
