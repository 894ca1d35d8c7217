from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.repository import Repository
from reviews.models.scan import Scan
from reviews.models.template import ReviewTemplate
from reviews.workflow.states import Occasion, State


class Review(models.Model):
    """People's work towards a release decision about one commit.

    `version` rises with every write that a decision depends on; a decision names the version, commit and evidence
    digest that its page showed. What was frozen at the start (commit, tree, rule set, checklist, template) changes only
    when the review moves to another commit. Stored states may lag behind time: `workflow.effective` says what is so.
    """

    class Authors(models.TextChoices):
        PENDING = "pending", "pending"
        KNOWN = "known", "known"
        FAILED = "failed", "failed"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="reviews")
    number = models.PositiveIntegerField(help_text="Counts the reviews of the repository from 1.")
    title = models.CharField(max_length=80, help_text="What is released, such as 3.2.0.")
    occasion = models.CharField(max_length=20, choices=[(one.value, one.label) for one in Occasion])
    tier = models.CharField(max_length=1)
    kind = models.CharField(max_length=10)
    state = models.CharField(
        max_length=30, choices=[(one.value, one.label) for one in State], default=State.DRAFT.value
    )
    version = models.PositiveIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)

    wanted_commit = models.CharField(max_length=64, blank=True, default="", help_text="Empty: the head of the branch.")
    commit = models.CharField(max_length=64, blank=True, default="")
    tree = models.CharField(max_length=64, blank=True, default="")
    rule_set = models.CharField(max_length=64, blank=True, default="")
    checklist = models.CharField(max_length=80, blank=True, default="")
    template = models.ForeignKey(ReviewTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    scan = models.ForeignKey(Scan, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews")
    evidence_digest = models.CharField(max_length=64, blank=True, default="")
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    authors = models.JSONField(default=list, help_text="[[name, email, commits], ...] since the last approval")
    authors_state = models.CharField(max_length=10, choices=Authors.choices, default=Authors.PENDING)
    authors_note = models.TextField(blank=True, default="")

    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, default="", help_text="The reason given with the newest transition.")

    # What workers read for it in the repository: see `reviews.signoff.errands`.
    errand_at = models.DateTimeField(db_default=Now(), help_text="Not before: a worker is at it, or retries back off.")
    errand_attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=["repository", "number"], name="review_number_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in State]), name="review_known_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["approved", "approved-with-conditions"])
                | models.Q(valid_until__isnull=False),
                name="review_approval_ends",
            ),
        )
        indexes = (models.Index(fields=["repository", "state"], name="review_state"),)

    def __str__(self) -> str:
        return f"{self.repository} {self.title}"


class ReviewItem(models.Model):
    """One question of one review: what the scan found, what a person answered, and the digest of what it rests on.

    `question` is the item's text as it was frozen. `digest` covers all that a verdict is about: see `evidence.digest`.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField(help_text="Order on the page.")
    ref = models.CharField(max_length=10)
    area = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    question = models.TextField()
    level = models.CharField(max_length=10)
    severity = models.CharField(max_length=10)
    asked = models.BooleanField()
    required = models.BooleanField()
    takes = models.JSONField(default=list, help_text="Kinds of evidence that fit the question.")

    found = models.CharField(max_length=20, blank=True, default="", help_text="Outcome by scan; empty when only asked.")
    found_reason = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict, help_text="{anchors: [...], lines: [...]}: what the scan rests on.")
    facts_digest = models.CharField(max_length=64, blank=True, default="")

    answer = models.CharField(max_length=20, blank=True, default="", help_text="pass, fail or not-applicable")
    rationale = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    carried = models.BooleanField(default=False, help_text="Copied from the last approval and not confirmed yet.")
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    digest = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("place",)
        constraints = (models.UniqueConstraint(fields=["review", "ref"], name="review_item_once"),)

    def __str__(self) -> str:
        return f"{self.ref} of {self.review}"


class ReviewCommit(models.Model):
    """A later commit held against an approved review: the digest of each item there, and what differs."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="commits")
    scan = models.ForeignKey(Scan, null=True, on_delete=models.SET_NULL, related_name="+")
    commit = models.CharField(max_length=64)
    tree = models.CharField(max_length=64)
    digests = models.JSONField(default=dict, help_text="{ref: digest of what the item rests on}")
    changes = models.JSONField(default=list, help_text="[[ref, 'changed' or 'reopened', what], ...]")
    authors = models.JSONField(default=list, help_text="As of the review, since its commit; read where items changed.")
    authors_known = models.BooleanField(default=True)
    compared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=["review", "commit"], name="review_commit_once"),)

    def __str__(self) -> str:
        return f"{self.review} at {self.commit[:7]}"
