from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.team import Team


class ApiToken(models.Model):
    """What a program shows to be let in for one team. Only its digest is kept; `prefix` lets people tell it apart."""

    class Scope(models.TextChoices):
        READ = "read", "read the gate and scans"
        SCAN = "scan", "ask for scans"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.name} of {self.team}"
