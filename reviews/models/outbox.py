from django.db import models
from django.db.models.functions import Now

from reviews.models.repository import Repository
from reviews.models.team import Team


class OutboxMessage(models.Model):
    """Something to tell somebody, written in the transaction that it tells of and delivered afterwards.

    `key` makes a message exist once, whatever is tried again. A sender holds it by `fence`, as a worker holds a scan.
    `problem` is why the last attempt did not deliver it. What a forge is told has a `repository`, a `topic`, of which
    only the newest message counts, and its content in `data`: see `reviews.forges.messages`.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        STATUS = "status", "commit status"
        COMMENT = "comment", "pull request comment"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"
        SUPERSEDED = "superseded", "superseded"
        NO_SERVER = "no-server", "no mail server"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="outbox")
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    repository = models.ForeignKey(
        Repository,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="outbox",
        db_index=False,  # The index of topics begins with it.
        help_text="None: people.",
    )
    topic = models.CharField(max_length=200, blank=True, default="", db_default="")
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    data = models.JSONField(default=dict, db_default={}, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=["state", "available_at"], name="outbox_due"),
            models.Index(fields=["repository", "topic"], name="outbox_topic"),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient}"
