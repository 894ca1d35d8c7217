from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.finding import Finding
from reviews.models.repository import Repository


class Patch(models.Model):
    """What clears findings of a repository: one row a question, answered anew in place, and its place in a queue.

    The question is a finding; or a rule, for all its findings; or neither, for all that may be mended in bulk.
    The answer was proved at `commit`, and is known to hold up to `holds_at`: no file that it changes differs there.
    A worker holds a row by its `fence`, as it holds a scan.
    """

    class State(models.TextChoices):
        WANTED = "wanted", "waits for a worker"
        WORKING = "working", "is being worked out"
        READY = "ready", "ready"
        NOTHING = "nothing", "nothing is offered"
        FAILED = "failed", "failed"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="patches")
    rule = models.CharField(max_length=80, blank=True, default="")
    finding = models.OneToOneField(Finding, null=True, blank=True, on_delete=models.CASCADE, related_name="patch")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WANTED)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    ahead = models.BooleanField(default=False, help_text="Made before anybody asked, when nobody else waits.")

    # The lease.
    available_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    progress = models.JSONField(default=dict, help_text="{done, total}: files")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    error_next = models.TextField(blank=True, default="")

    # The answer.
    commit = models.CharField(max_length=64, blank=True, default="")
    holds_at = models.CharField(max_length=64, blank=True, default="")
    rule_set = models.CharField(max_length=64, blank=True, default="")
    basis = models.CharField(max_length=64, blank=True, default="", help_text="Digest of the findings and their files.")
    body = models.BinaryField(default=bytes)
    files = models.PositiveIntegerField(default=0, help_text="How many the patch changes.")
    fixed = models.JSONField(default=list, help_text="[{finding, rule, path, line, title}]")
    refused = models.JSONField(default=list, help_text="[{finding, rule, path, line, why}]")

    class Meta:
        ordering = ("rule", "pk")
        verbose_name_plural = "patches"
        indexes = (
            models.Index(fields=["state", "available_at"], name="patch_queue"),
            models.Index(fields=["finished_at"], name="patch_old"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["repository", "rule"], condition=models.Q(finding=None), name="patch_one_a_question"
            ),
            models.UniqueConstraint(
                fields=["repository"], condition=models.Q(state="working"), name="patch_one_working"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["wanted", "working", "ready", "nothing", "failed"]),
                name="patch_known_state",
            ),
        )

    def __str__(self) -> str:
        return f"patch {self.pk} of {self.repository}"

    @property
    def pending(self) -> bool:
        """Whether a worker has yet to answer."""
        return self.state in (self.State.WANTED, self.State.WORKING)

    @property
    def ready(self) -> bool:
        """Whether there is something to apply."""
        return self.state == self.State.READY
