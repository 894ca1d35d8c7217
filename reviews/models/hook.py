from django.db import models
from django.db.models.functions import Now

from reviews.models.encrypted import EncryptedTextField
from reviews.models.repository import Repository


class Hook(models.Model):
    """Where the forge of one repository reports what happened.

    `key` is part of the address and only names the hook; what is sent is believed by its secret. After a rotation the
    former secret is accepted until `former_until`. What was refused is remembered once, not for each attempt.
    """

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="hook")
    key = models.CharField(max_length=40, unique=True)
    secret = EncryptedTextField()
    former_secret = EncryptedTextField(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_code = models.CharField(max_length=60, blank=True, default="")

    def __str__(self) -> str:
        return f"hook of {self.repository}"


class Delivery(models.Model):
    """One event that a forge reported and that was believed. The same one twice is one row.

    `asks` is the event as `reviews.webhooks.events` keeps it; `payload` is what was sent, shortened and without
    secrets, for people only. `outcome` says in a sentence what became of it, `code` why nothing did.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DONE = "done", "done"
        IGNORED = "ignored", "ignored"
        FAILED = "failed", "failed"

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=200, help_text="The forge's own name of the delivery.")
    event = models.CharField(max_length=100, help_text="The forge's own name of the event.")
    received_at = models.DateTimeField(db_default=Now())
    asks = models.JSONField(default=dict)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    outcome = models.TextField(blank=True, default="")
    code = models.CharField(max_length=60, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    available_at = models.DateTimeField(db_default=Now(), help_text="Not before: retries back off.")
    settled_at = models.DateTimeField(null=True, blank=True)
    scan = models.ForeignKey("Scan", null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries")
    review = models.ForeignKey("Review", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=["available_at", "id"], condition=models.Q(state="waiting"), name="delivery_waiting"),
        )
        constraints = (models.UniqueConstraint(fields=["hook", "key"], name="delivery_once"),)

    def __str__(self) -> str:
        return f"{self.event} {self.key}"
