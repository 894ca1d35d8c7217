from django.conf import settings
from django.db import models

from reviews.models.review import ReviewItem
from reviews.models.team import Team


class Upload(models.Model):
    """A file that somebody attached, kept once for each team under its sha256."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="uploads")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField(help_text="Bytes.")
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["team", "sha256"], name="upload_once_per_team"),)

    def __str__(self) -> str:
        return self.sha256[:12]


class Evidence(models.Model):
    """Something that an answer rests on. Removed evidence stays as a row: what was shown once can be looked up."""

    class Kind(models.TextChoices):
        FILE = "file", "file at the commit"
        LINK = "link", "link"
        NOTE = "note", "note"
        UPLOAD = "upload", "upload"

    class State(models.TextChoices):
        PENDING = "pending", "being read"
        READ = "read", "read"
        FAILED = "failed", "could not be read"

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(blank=True, default="", help_text="The note, the address of the link, or a file's name.")
    path = models.TextField(blank=True, default="")
    line = models.PositiveIntegerField(null=True, blank=True)
    end_line = models.PositiveIntegerField(null=True, blank=True)
    commit = models.CharField(max_length=64, blank=True, default="")
    blob = models.CharField(max_length=64, blank=True, default="")
    snippet = models.JSONField(default=list, help_text="[[line, text, marked], ...]")
    digest = models.CharField(max_length=64, blank=True, default="", help_text="Of the content; formatting left out.")
    qualname = models.TextField(blank=True, default="", help_text="The def or class that the digest covers.")
    parts = models.PositiveIntegerField(default=0, help_text="Statements or lines that it covers; 0 for the whole.")
    upload = models.ForeignKey(Upload, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.READ)
    problem = models.TextField(blank=True, default="", help_text="Why it could not be read, and what to do.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.kind} for {self.item}"
