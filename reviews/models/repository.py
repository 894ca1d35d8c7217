from django.conf import settings
from django.db import models

from reviews.models.encrypted import EncryptedTextField
from reviews.models.team import Team


class Repository(models.Model):
    """A git URL, branch and sub-path that is scored as one service."""

    class Tier(models.TextChoices):
        A = "A", "A: over 99.9 % available, or personal data"
        B = "B", "B: 99 to 99.9 % available"
        C = "C", "C: less"

    class Kind(models.TextChoices):
        HTTP_API = "http-api", "http-api"
        WORKER = "worker", "worker"
        CRON = "cron", "cron"
        LIBRARY = "library", "library"

    class Provider(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        GITEA = "gitea", "Gitea or Forgejo"
        BITBUCKET = "bitbucket", "Bitbucket Cloud"
        BITBUCKET_SERVER = "bitbucket-server", "Bitbucket Data Center"
        AZURE = "azure", "Azure DevOps"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="repositories")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80)
    url = models.CharField(max_length=1000)
    branch = models.CharField(max_length=250, default="main")
    sub_path = models.CharField(max_length=500, blank=True, default="")
    tier = models.CharField(max_length=1, choices=Tier.choices, default=Tier.B)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.HTTP_API)
    provider = models.CharField(
        max_length=20, choices=Provider.choices, blank=True, default="", db_default="", help_text="Whose forge it is."
    )
    release_tags = models.CharField(
        max_length=100,
        blank=True,
        default="v*",
        db_default="v*",
        help_text="Tags that open a review, as a pattern such as v* or release-*; empty: none does.",
    )
    badge_key = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="Part of the badges' address; empty: no badges."
    )
    credential = EncryptedTextField(blank=True, default="", help_text="An access token for the URL. Write-only.")
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    registered_at = models.DateTimeField(auto_now_add=True)
    latest_scan = models.ForeignKey("Scan", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "repositories"
        constraints = (
            models.UniqueConstraint(fields=["team", "slug"], name="repository_slug_once_per_team"),
            models.UniqueConstraint(
                fields=["team", "url", "branch", "sub_path"], name="repository_place_once_per_team"
            ),
            models.UniqueConstraint(
                fields=["badge_key"], condition=~models.Q(badge_key=""), name="repository_badge_key_once"
            ),
            models.CheckConstraint(condition=models.Q(tier__in=["A", "B", "C"]), name="repository_known_tier"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["http-api", "worker", "cron", "library"]), name="repository_known_kind"
            ),
        )

    def __str__(self) -> str:
        return self.name
