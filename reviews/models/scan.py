from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reviews.models.advisory import AdvisoryLoad
from reviews.models.repository import Repository


class Scan(models.Model):
    """One run of the rules on one commit, and its place in the queue of record.

    A worker holds a scan by its `fence`: every lease raises it, and a write that names an older one changes nothing.
    Everything the scorecard shows is in `scorecard`, written once, in the transaction that ends the scan.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "requested"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        SUPERSEDED = "superseded", "superseded"

    class Trigger(models.TextChoices):
        PERSON = "person", "a person"
        WEBHOOK = "webhook", "a webhook"
        PULL_REQUEST = "pull", "a pull request"
        POLL = "poll", "a look at the branch"
        REGISTERED = "registered", "registration"
        HISTORY = "history", "history"
        REVIEW = "review", "a review"
        ADVISORIES = "advisories", "new advisories"

    # Who goes first: people, then what a forge reported, then what nobody reported, new advisories, and the past.
    TURNS = (
        (Trigger.PERSON, Trigger.REGISTERED, Trigger.REVIEW),
        (Trigger.WEBHOOK, Trigger.PULL_REQUEST),
        (Trigger.POLL,),
        (Trigger.ADVISORIES,),
        (Trigger.HISTORY,),
    )
    # They name commits that nobody pushes again, so no newer request takes their place, and they take nobody's.
    APART = models.Q(trigger__in=(Trigger.HISTORY, Trigger.REVIEW)) | (
        models.Q(trigger=Trigger.PERSON, pull_request=None) & ~models.Q(wanted_commit="")
    )
    # What was found at the head of the branch. A commit that was asked for by its name need not have been there.
    OF_HEAD = models.Q(pull_request=None) & (
        models.Q(wanted_commit="") | models.Q(trigger__in=(Trigger.WEBHOOK, Trigger.POLL))
    )

    class Step(models.TextChoices):
        FETCH = "fetch", "Fetch"
        LIST = "list", "List"
        SCAN = "scan", "Scan"
        MATCH = "match", "Match"
        SCORE = "score", "Score"

    repository = models.ForeignKey(Repository, on_delete=models.CASCADE, related_name="scans")
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.PERSON)
    branch = models.CharField(max_length=250, help_text="Or the full ref, such as refs/pull/7/head.")
    pull_request = models.ForeignKey(
        "PullRequest",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="scans",
        db_index=False,  # Its own index, below, leaves out the scans of branches.
        help_text="None: a branch.",
    )
    wanted_commit = models.CharField(max_length=64, blank=True, default="", help_text="Empty: the head of the branch.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_at = models.DateTimeField(db_default=Now())
    superseded_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    # The lease.
    available_at = models.DateTimeField(db_default=Now(), help_text="Not before: retries back off.")
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    leased_by = models.CharField(max_length=120, blank=True, default="")
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    step = models.CharField(max_length=10, choices=Step.choices, blank=True, default="")
    progress = models.JSONField(default=dict, help_text="{files, cached, scanned, total, steps: {step: seconds}}")
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    error_next = models.TextField(blank=True, default="")

    # What was scanned.
    commit = models.CharField(max_length=64, blank=True, default="")
    tree = models.CharField(max_length=64, blank=True, default="")
    authored_at = models.DateTimeField(null=True)
    author = models.CharField(max_length=200, blank=True, default="")
    subject = models.CharField(max_length=300, blank=True, default="")
    rule_set = models.CharField(max_length=64, blank=True, default="")
    basis = models.CharField(
        max_length=64, blank=True, default="", help_text="Digest of what else the scorecard depends on."
    )

    advisories = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Digest of the advisories; empty: without any."
    )
    compared = models.ForeignKey(
        AdvisoryLoad,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,  # Scans are many, and loads are never dropped: no lock on both to check it.
        help_text="The newest advisories under which all that it says of dependencies holds.",
    )

    # What came out. Scores are 0 to 100.
    level = models.CharField(max_length=10, blank=True, default="")
    card_until = models.DateField(null=True, help_text="The last day on which the scorecard is so, by its waivers.")
    score_low = models.FloatField(null=True)
    score_high = models.FloatField(null=True)
    scorecard = models.JSONField(default=dict)
    open_findings = models.JSONField(default=dict, help_text="{severity: open findings after this scan}")
    coverage = models.FloatField(null=True, help_text="Share of Python lines read, 0 to 1.")
    python_files = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["state", "available_at"], name="scan_queue"),
            models.Index(fields=["repository", "-id"], name="scan_newest"),
            models.Index(
                fields=["pull_request", "-id"],
                condition=models.Q(pull_request__isnull=False),
                name="scan_of_pull_request",
            ),
            models.Index(fields=["repository", "started_at"], name="scan_served"),
            models.Index(fields=["started_at"], name="scan_lately"),
        )
        constraints = (
            # A commit has one result a rule set and state of the advisories, however often it was asked for.
            models.UniqueConstraint(
                fields=["repository", "branch", "commit", "rule_set", "advisories"],
                condition=models.Q(state="done"),
                name="scan_one_answer",
            ),
            # Matching follows findings from one scan of a repository to the next, so these never overlap.
            models.UniqueConstraint(
                fields=["repository"], condition=models.Q(state="running"), name="scan_one_running"
            ),
            # Two requests at the same moment make one row.
            models.UniqueConstraint(
                fields=["repository", "branch", "wanted_commit"],
                condition=models.Q(state="requested"),
                name="scan_one_request",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "running", "done", "failed", "superseded"]),
                name="scan_known_state",
            ),
        )

    def __str__(self) -> str:
        return f"scan {self.pk} of {self.repository}"

    @property
    def turn(self) -> int:
        """Its place in TURNS."""
        return self.turn_of(self.trigger)

    @classmethod
    def turn_of(cls, trigger: str) -> int:
        """The place of a trigger in TURNS."""
        return next(turn for turn, triggers in enumerate(cls.TURNS) if trigger in triggers)

    @property
    def is_apart(self) -> bool:
        """What APART says of rows."""
        named = self.trigger == self.Trigger.PERSON and self.pull_request_id is None and bool(self.wanted_commit)
        return named or self.trigger in (self.Trigger.HISTORY, self.Trigger.REVIEW)


class ScanTree(models.Model):
    """What a finished scan looked at, kept apart because only a few pages need it.

    `files` is zlib-compressed JSON: {"files": [[path, blob sha, path class, lines, cached, problem or null]],
    "skipped": [[path, code, message]], "suppressions": [[path, line, [rules], reason, used]]}. `facts` likewise, and
    `counted`: what a scorecard can be made of again, {"counts": {rule: ...}, "findings": [...]}: see `reviews.recount`;
    and `inventory`: the rows of each table of `scanners.inventory`. `asked` has what the rules asked of the advisories
    and were told: {"of": [[package, version, digest]], "knows": [[package, bool]]}.
    """

    scan = models.OneToOneField(Scan, on_delete=models.CASCADE, related_name="tree_content")
    files = models.BinaryField()
    facts = models.BinaryField(default=bytes)
    counted = models.BinaryField(default=bytes, db_default=b"")
    inventory = models.BinaryField(default=bytes, db_default=b"")
    asked = models.BinaryField(default=bytes, db_default=b"")

    def __str__(self) -> str:
        return f"tree of {self.scan}"
