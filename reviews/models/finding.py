from django.db import models

from reviews.models.repository import Repository
from reviews.models.scan import Scan


class Finding(models.Model):
    """One site that is at fault, followed from scan to scan. Line and snippet are of the newest that saw it.

    A scan writes what is new or changed: `last_scan` of an open one is the scan that wrote it, not the newest that saw
    it, which is `newest_scan` or asked for by `seen_by`. Of one that is closed it is the last that saw it.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        FIXED = "fixed", "fixed"
        GONE = "gone", "gone"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="findings")
    identity = models.CharField(max_length=64)
    rule = models.CharField(max_length=80)
    area = models.CharField(max_length=20)
    severity = models.CharField(max_length=10)
    confidence = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    path = models.TextField()
    line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()
    qualname = models.TextField(blank=True, default="")
    anchor = models.CharField(max_length=64)
    line_hash = models.CharField(max_length=64)
    ordinal = models.PositiveIntegerField(default=0)
    message = models.TextField()
    snippet = models.JSONField(default=list, help_text="[[line, text, marked], ...], at most 7")
    first_scan = models.ForeignKey(Scan, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    last_scan = models.ForeignKey(Scan, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    first_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = (
            "path",
            "line",
        )
        constraints = (models.UniqueConstraint(fields=["repository", "identity"], name="finding_identity_once"),)
        indexes = (models.Index(fields=["repository", "state", "rule"], name="finding_open"),)

    def __str__(self) -> str:
        return f"{self.rule} at {self.path}:{self.line}"

    @staticmethod
    def seen_by(scan: Scan | None) -> models.Q:
        """The findings that a scan of the branch saw and no newer one did."""
        is_open = models.Q(state=Finding.State.OPEN)
        return is_open & models.Q(repository__latest_scan=scan) | ~is_open & models.Q(last_scan=scan)

    @property
    def newest_scan(self) -> Scan | None:
        """The newest scan that saw it."""
        return self.repository.latest_scan if self.state == self.State.OPEN else self.last_scan


class FindingEvent(models.Model):
    """What a scan did to a finding: its history, one row a change."""

    class Kind(models.TextChoices):
        OPENED = "opened", "opened"
        FIXED = "fixed", "fixed"
        GONE = "gone", "gone"
        REOPENED = "reopened", "reopened"
        MOVED = "moved", "moved"

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="events")
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="finding_events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    detail = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["finding", "scan"], name="finding_event_once_per_scan"),)

    def __str__(self) -> str:
        return f"{self.finding} {self.kind}"
