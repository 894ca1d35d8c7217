from django.conf import settings
from django.db import models


def tier_a() -> list[str]:
    """Where a review is asked for until a team says otherwise."""
    return ["A"]


class Team(models.Model):
    """People who own repositories; every object belongs to one team."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    review_tiers = models.JSONField(
        default=tier_a,
        db_default=["A"],
        help_text="Tiers whose commits the gate lets out only after an approved review.",
    )
    ops_tiers = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Tiers whose quorum also needs somebody with the ops duty."
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one person may do in one team. Roles are ordered: each may do what those before it may.

    `duties` are what a reviewer or maintainer answers for beside that: see Duty.
    """

    class Role(models.TextChoices):
        VIEWER = "viewer", "viewer"
        ENGINEER = "engineer", "engineer"
        REVIEWER = "reviewer", "reviewer"
        MAINTAINER = "maintainer", "maintainer"

    class Duty(models.TextChoices):
        LEAD = "lead", "lead"
        SECURITY = "security", "security"
        OPS = "ops", "ops"
        AUTHORITY = "authority", "release authority"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    duties = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Of Duty; they count from the role reviewer up."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["team", "user"], name="membership_once_per_team"),
            models.CheckConstraint(
                condition=models.Q(role__in=["viewer", "engineer", "reviewer", "maintainer"]),
                name="membership_known_role",
            ),
        )
        ordering = ("user__username",)

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.team}"
