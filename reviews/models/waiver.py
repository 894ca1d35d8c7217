from django.conf import settings
from django.db import models

from reviews.models.finding import Finding
from reviews.models.repository import Repository
from reviews.models.review import Review


class Waiver(models.Model):
    """A reasoned acceptance of a failing item or finding that ends on a date, approved by someone else.

    A false positive is asked for and approved in the same way, has no end, and holds while the code at its place stays
    the same. `ends_on` is the last day that counts, in UTC; nothing has to run for it to end.
    """

    class Kind(models.TextChoices):
        WAIVER = "waiver", "waiver"
        FALSE_POSITIVE = "false-positive", "false positive"

    class Scope(models.TextChoices):
        FINDING = "finding", "findings"
        RULE = "rule", "a rule below a path"
        ITEM = "item", "an item"

    class Reason(models.TextChoices):
        ACCEPTED = "accepted", "risk accepted"
        COMPENSATED = "compensated", "another control compensates"
        NOT_YET = "not-yet", "cannot be fixed yet"
        FALSE_POSITIVE = "false-positive", "false positive"

    class State(models.TextChoices):
        REQUESTED = "requested", "requested"
        APPROVED = "approved", "approved"
        DECLINED = "declined", "declined"
        WITHDRAWN = "withdrawn", "withdrawn"
        REVOKED = "revoked", "revoked"
        ENDED = "ended", "ended"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="waivers")
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.SET_NULL, related_name="waivers")
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.WAIVER)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    rule = models.CharField(max_length=80, blank=True, default="")
    path = models.TextField(blank=True, default="", help_text="A file, or a folder with a slash at its end.")
    item = models.CharField(max_length=10, blank=True, default="", help_text="The ref of an item.")
    severity = models.CharField(max_length=10, help_text="The highest of what it covers; decides who may approve.")
    cap = models.PositiveIntegerField(default=1, help_text="The most findings that it covers.")
    reason = models.CharField(max_length=15, choices=Reason.choices)
    justification = models.TextField()
    control = models.TextField(blank=True, default="", help_text="What limits the damage meanwhile.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    version = models.PositiveIntegerField(default=0)
    ends_on = models.DateField(null=True, blank=True)
    extends = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="extensions")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_note = models.TextField(blank=True, default="")
    warned = models.JSONField(default=list, help_text="Days before the end at which people were told.")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=["repository", "state"], name="waiver_state"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="false-positive", ends_on__isnull=True)
                | models.Q(kind="waiver", ends_on__isnull=False),
                name="waiver_ends",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved")
                | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("requested_by"))),
                name="waiver_approved_by_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.rule or self.item} of {self.repository}"


class WaivedFinding(models.Model):
    """A finding that a waiver names, and the code that stood there when it was asked for."""

    waiver = models.ForeignKey(Waiver, on_delete=models.CASCADE, related_name="covered")
    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="waivers")
    anchor = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["waiver", "finding"], name="waived_finding_once"),)

    def __str__(self) -> str:
        return f"{self.finding} by {self.waiver_id}"


class Condition(models.Model):
    """Something that must be true by a date for an approval to stay valid. `due_on` is the last day, in UTC."""

    class State(models.TextChoices):
        OPEN = "open", "open"
        VERIFIED = "verified", "verified"
        DROPPED = "dropped", "dropped"

    class Method(models.TextChoices):
        RULE = "rule", "the item passes in a later scan"
        MANUAL = "manual", "somebody looks at it"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="conditions")
    text = models.TextField()
    refs = models.JSONField(default=list, help_text="The refs of the items it stands for.")
    method = models.CharField(max_length=10, choices=Method.choices, default=Method.MANUAL)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verifier = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_note = models.TextField(blank=True, default="")
    warned = models.JSONField(default=list, help_text="Days before the due date at which people were told.")

    class Meta:
        ordering = ("due_on", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(verifier=models.F("owner")), name="condition_verified_by_another"
            ),
        )

    def __str__(self) -> str:
        return self.text
