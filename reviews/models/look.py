from django.db import models

from reviews.models.repository import Repository


class Look(models.Model):
    """The last look at the head of a repository's branch, whether it succeeded or not: the attempt is what counts.

    Whoever looks holds it until `until`, so that no two look at once. `code` and `problem` are empty after a success.
    """

    repository = models.OneToOneField(Repository, on_delete=models.CASCADE, related_name="look")
    attempted_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    head = models.CharField(max_length=64, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="In a row.")
    code = models.CharField(max_length=60, blank=True, default="")
    problem = models.TextField(blank=True, default="")

    class Meta:
        indexes = (models.Index(fields=["attempted_at"], name="look_oldest"),)

    def __str__(self) -> str:
        return f"look at {self.repository}"
