from django.conf import settings
from django.db import models

from reviews.models.repository import Repository
from reviews.models.review import Review, ReviewItem


class Verdict(models.Model):
    """What one reviewer says about one item, bound to the evidence that the page showed. The newest row counts."""

    class Value(models.TextChoices):
        AGREE = "agree", "agree"
        MUST_CHANGE = "must-change", "must change"
        CONDITION = "condition", "with a condition"

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="verdicts")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    value = models.CharField(max_length=12, choices=Value.choices)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.value}"


class Comment(models.Model):
    """What somebody says about an item."""

    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.author} on {self.item}"


class SignOff(models.Model):
    """One reviewer's recorded decision, bound to commit, rule set and evidence. Rows are only ever added."""

    class Decision(models.TextChoices):
        APPROVE = "approve", "approve"
        CONDITIONS = "approve-with-conditions", "approve with conditions"
        CHANGES = "request-changes", "request changes"
        REJECT = "reject", "reject"
        REAFFIRM = "reaffirm", "reaffirm"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="sign_offs")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    duties = models.JSONField(default=list, help_text="Those that the reviewer had at that moment.")
    decision = models.CharField(max_length=30, choices=Decision.choices)
    round = models.PositiveSmallIntegerField()
    commit = models.CharField(max_length=64)
    tree = models.CharField(max_length=64)
    rule_set = models.CharField(max_length=64)
    evidence_digest = models.CharField(max_length=64)
    items = models.JSONField(default=dict, help_text="{ref: digest of what the item rests on}")
    note = models.TextField(blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.decision}"


class BreakGlass(models.Model):
    """A commit let out without an approval: by a release authority, with a reason, and a second person within 24 h."""

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="broken_glass")
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.SET_NULL, related_name="broken_glass")
    commit = models.CharField(max_length=64)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    second_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(help_text="From then on it opens nothing.")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(second__isnull=True) | ~models.Q(second=models.F("by")), name="glass_second_differs"
            ),
        )

    def __str__(self) -> str:
        return f"{self.repository} at {self.commit[:7]}"
