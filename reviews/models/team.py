from django.conf import settings
from django.db import models


class Team(models.Model):
    """People who own repositories; every object belongs to one team."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What one person may do in one team. Roles are ordered: each may do what those before it may."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "viewer"
        ENGINEER = "engineer", "engineer"
        REVIEWER = "reviewer", "reviewer"
        MAINTAINER = "maintainer", "maintainer"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
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
