from django.db import models
from django.db.models.functions import Now

from reviews.models.finding import Finding
from reviews.models.repository import Repository
from reviews.models.scan import Scan


class Introduction(models.Model):
    """Which commit wrote the line of a finding, in contrast to the scan that saw it first."""

    class State(models.TextChoices):
        KNOWN = "known", "known"
        OLDER = "older", "older than what was fetched of the history"
        UNKNOWN = "unknown", "unknown"

    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, related_name="introduction")
    state = models.CharField(max_length=10, choices=State.choices)
    commit = models.CharField(max_length=64, blank=True, default="", help_text="Empty unless it is known.")
    author = models.CharField(max_length=200, blank=True, default="")
    authored_at = models.DateTimeField(null=True, help_text="Of what is older: of the oldest commit that has it.")
    why = models.TextField(blank=True, default="", help_text="Why it is unknown, as a sentence.")

    class Meta:
        indexes = (models.Index(fields=["authored_at"], name="introduction_age"),)

    def __str__(self) -> str:
        return f"{self.finding} introduced: {self.state}"


class Tracing(models.Model):
    """How far the introductions of a repository's findings were looked for, and its place in the queue for it.

    `ended` is the scan whose findings were gone through to the end, whether all was found or it was given up.
    """

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="tracing")
    available_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    ended = models.ForeignKey(Scan, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"tracing of {self.repository}"
