from django.conf import settings
from django.db import models

from reviews.models.team import Team
from reviews.workflow.states import Occasion


class ReviewTemplate(models.Model):
    """What a team asks in a review of one tier, kind and occasion, instead of the shipped questions.

    A row never changes: an edit adds the next version, so that a review can tell what it was made from. Going back to
    the shipped questions is a version too, and follows them when they change.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="review_templates")
    tier = models.CharField(max_length=1)
    kind = models.CharField(max_length=10)
    occasion = models.CharField(max_length=20, choices=[(one.value, one.label) for one in Occasion])
    version = models.PositiveIntegerField()
    shipped = models.BooleanField(default=False, help_text="Back to the shipped questions; refs and own are empty.")
    refs = models.JSONField(default=list, help_text="Asked items of the checklist that are in it.")
    own = models.JSONField(default=list, help_text="[{ref, area, title, question, evidence}, ...]: own questions")
    note = models.TextField(blank=True, default="")
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(
                fields=["team", "tier", "kind", "occasion", "version"], name="review_template_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.occasion} of tier {self.tier} {self.kind}, version {self.version}"
