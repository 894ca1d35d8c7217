from django.db import models

from reviews.models.team import Team


class AuditEvent(models.Model):
    """One line of a team's audit log. Rows are only ever added: see `reviews.audit.trail` for the chain they form.

    Names and ids are kept as they were; nothing here changes when a person or a repository goes.
    """

    pk = models.CompositePrimaryKey("team_id", "seq")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="audit_events")
    seq = models.PositiveBigIntegerField(help_text="Counts the events of the team from 1, without a gap.")
    at = models.CharField(max_length=32, help_text="ISO 8601 in UTC; text, so that what was hashed is what is stored.")
    actor_key = models.BigIntegerField(null=True, help_text="The id of the person; none for Plimsoll itself.")
    actor = models.CharField(max_length=150)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=80, help_text="What it is about, such as review:12.")
    text = models.TextField(help_text="What happened, as a sentence.")
    data = models.TextField(help_text="Canonical JSON.")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("seq",)
        indexes = (models.Index(fields=["team", "subject"], name="audit_subject"),)

    def __str__(self) -> str:
        return f"{self.seq}: {self.text}"
