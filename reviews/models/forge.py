from django.db import models
from django.db.models.functions import Now

from reviews.models.encrypted import EncryptedTextField
from reviews.models.repository import Repository
from reviews.models.scan import Scan


class Forge(models.Model):
    """What one repository's forge is told, where, and with which token.

    `told` is the gate's answer that was last put into the outbox, {"commit", "state", "text", "rests", "expires"}, and
    `told_through` the last event of the team's audit log that it took into account. Nothing is sent before
    `rests_until`: the forge asked to slow down, or was in trouble.
    """

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="forge")
    api_url = models.CharField(max_length=1000, blank=True, default="", help_text="Empty: it follows from the URL.")
    token = EncryptedTextField(blank=True, default="", help_text="Empty: the repository's own. Write-only.")
    posts_statuses = models.BooleanField(default=False)
    posts_comments = models.BooleanField(default=False)
    told = models.JSONField(default=dict)
    told_through = models.BigIntegerField(default=0)
    rests_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"forge of {self.repository}"


class PullRequest(models.Model):
    """A change that is proposed to the scored branch. GitLab calls it a merge request.

    `head` is the commit that the forge last named, `ref` what a server is asked for to get it, `comment` the forge's
    name of the one comment that is kept up to date.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="pull_requests")
    number = models.PositiveBigIntegerField()
    title = models.CharField(max_length=300, blank=True, default="")
    author = models.CharField(max_length=200, blank=True, default="")
    url = models.CharField(max_length=1000, blank=True, default="", help_text="Its page at the forge; empty: unknown.")
    source = models.CharField(max_length=250, blank=True, default="")
    target = models.CharField(max_length=250)
    ref = models.CharField(max_length=250)
    head = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    first_seen_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    latest_scan = models.ForeignKey(Scan, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    comment = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("-changed_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["repository", "number"], name="pull_request_once"),
            models.CheckConstraint(condition=models.Q(state__in=["open", "closed"]), name="pull_request_known_state"),
        )

    def __str__(self) -> str:
        return f"#{self.number} {self.title}".strip()


class Comparison(models.Model):
    """What a scan of a pull request found beside what the code it starts from has already.

    `new` and `fixed` are findings, {"rule", "path", "line", "end_line", "message", "severity", "confidence",
    "snippet"}, the worst first; new ones also say whether they are "waived". Of very many only the first are kept;
    `counted` has all: see `reviews.pulls.comparing`. Scores are 0 to 100; those of the pull request itself stand with
    its scan.
    """

    class Base(models.TextChoices):
        MERGE_BASE = "merge-base", "where it left the branch"
        BRANCH = "branch", "the head of the branch"

    scan = models.OneToOneField(Scan, on_delete=models.CASCADE, related_name="comparison")
    base = models.CharField(max_length=10, choices=Base.choices)
    base_commit = models.CharField(max_length=64)
    base_level = models.CharField(max_length=10, blank=True, default="")
    base_score_low = models.FloatField(null=True)
    base_score_high = models.FloatField(null=True)
    new = models.JSONField(default=list)
    fixed = models.JSONField(default=list)
    counted = models.JSONField(default=dict, db_default={}, blank=True)

    def __str__(self) -> str:
        return f"comparison of {self.scan} with {self.base_commit[:7]}"
