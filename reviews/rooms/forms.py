"""What people enter in a review, checked field by field. A message says what is wrong and what to do next."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from reviews.forms import PLAIN, Styled
from reviews.models import Condition, Repository, Review, Scan, Team, User
from reviews.outcomes import Outcome
from reviews.signoff.conditions import Wish
from reviews.signoff.opening import open_review, start
from reviews.signoff.turns import Seen
from reviews.workflow.states import Occasion

LONGEST = 4000
COMMITS = 30
INCOMPLETE = "The form did not say what its page showed. Read the review again, then decide."
OCCASIONS = {
    Occasion.FIRST_LAUNCH: "It goes live for the first time.",
    Occasion.MAJOR_CHANGE: "Design, data or load change at once.",
    Occasion.RELEASE: "A version of a known service goes out.",
    Occasion.PERIODIC: "Nothing special: it is time to look again.",
    Occasion.INCIDENT: "It failed in a way that surprised.",
    Occasion.TIER_RAISED: "The service has become more critical.",
}
ANSWERS = (
    (Outcome.PASS.value, "Pass"),
    (Outcome.FAIL.value, "Fail"),
    (Outcome.NOT_APPLICABLE.value, "Does not apply"),
)


def text(label: str, *, required: bool = True, help_text: str = "", rows: int = 4) -> forms.CharField:
    """A field for a few sentences."""
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=LONGEST, widget=area, help_text=help_text)


class ReviewFilter(forms.Form):
    """Which reviews are listed. What is not understood is left out."""

    GROUPS = (("", "Open"), ("mine", "Waiting for me"), ("decided", "Decided"), ("all", "All states"))

    group = forms.ChoiceField(required=False, choices=GROUPS)
    team = forms.SlugField(required=False)
    repository = forms.IntegerField(required=False, min_value=1)

    def wanted(self) -> dict[str, Any]:
        """The fields that were filled in and understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class OpenForm(Styled, forms.Form):
    """A review to open. The commit is one of the last scanned ones, any other one, or the head of the branch."""

    title = forms.CharField(max_length=80, help_text="What is released, such as 3.2.0.", widget=forms.TextInput(PLAIN))
    occasion = forms.ChoiceField(
        choices=[(one.value, f"{one.label.capitalize()}: {OCCASIONS[one]}") for one in Occasion],
        initial=Occasion.RELEASE.value,
        help_text="It decides what is asked of people. What the scan answers is the same on each occasion.",
    )
    scanned = forms.ChoiceField(label="Commit", required=False, help_text="The review is about exactly this commit.")
    commit = forms.CharField(
        label="Another commit",
        required=False,
        help_text="The whole id of a commit of the repository. It is taken instead of the choice above.",
        widget=forms.TextInput(PLAIN),
    )

    def __init__(self, *args: Any, repository: Repository, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        head = ("", f"The head of {repository.branch}, whatever it is then")
        cast(forms.ChoiceField, self.fields["scanned"]).choices = [head, *scanned_commits(repository)]

    def begin(self, repository: Repository, by: User) -> Review | None:
        """The review, with its scan asked for; None when a field is at fault, which then says why."""
        data = self.cleaned_data
        commit = (data["commit"].strip() or data["scanned"]).lower()
        try:
            with transaction.atomic():
                review = open_review(repository, by, title=data["title"], occasion=data["occasion"], commit=commit)
                start(review, by)
        except ValidationError as error:
            self.add_error(None, error)
            return None
        return review


class DecisionForm(Styled, forms.Form):
    """Something that is decided on what a page showed: `seen` is that page."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """`seen` as turns.Seen."""
        data = super().clean() or self.cleaned_data
        try:
            data["seen"] = Seen.parse(data.get("seen", ""))
        except ValueError as error:
            raise ValidationError(INCOMPLETE, code="incomplete") from error
        return data


class NoteForm(DecisionForm):
    """A decision with an optional note."""

    note = text("Note", required=False, help_text="It is kept with the decision and cannot be changed afterwards.")


class ReasonForm(DecisionForm):
    """A decision that needs a reason."""

    note = text("Why", help_text="It is kept with the decision and sent to the team.")


class MoveForm(DecisionForm):
    """Another commit for a review."""

    commit = forms.CharField(
        required=False,
        help_text="The whole id of a commit. Empty for the head of the branch.",
        widget=forms.TextInput(PLAIN),
    )


class ReaffirmForm(NoteForm):
    """The changed items that somebody agrees to again."""

    items = forms.CharField(widget=forms.HiddenInput, required=False)

    def refs(self, changed: tuple[str, ...]) -> list[str]:
        """The chosen refs; all that are changed when none is named."""
        return [ref for ref in self.cleaned_data["items"].split(",") if ref] or list(changed)


class AnswerForm(Styled, forms.Form):
    """An answer to an asked item."""

    answer = forms.ChoiceField(choices=ANSWERS, error_messages={"required": "Choose one of the three."})
    rationale = text("Why", required=False, help_text="How it is so, or why it does not apply. A pass needs evidence.")
    digest = forms.CharField(widget=forms.HiddenInput, required=False)


class EmptyForm(Styled, forms.Form):
    """A click and nothing else."""


class CommentForm(Styled, forms.Form):
    """Something to say about an item."""

    text = text("Comment")


class VerdictForm(Styled, forms.Form):
    """What a reviewer says of an item, on the evidence that the page showed."""

    value = forms.ChoiceField(
        label="Verdict",
        choices=(("agree", "Agree"), ("must-change", "Must change"), ("condition", "With a condition")),
    )
    digest = forms.CharField(widget=forms.HiddenInput, required=False)


class FileForm(Styled, forms.Form):
    """A file of the repository at the review's commit, or some lines of it."""

    path = forms.CharField(max_length=1000, widget=forms.TextInput({**PLAIN, "placeholder": "docs/runbook.md"}))
    line = forms.IntegerField(required=False, min_value=1)
    end_line = forms.IntegerField(label="To line", required=False, min_value=1)


class LinkForm(Styled, forms.Form):
    """The address of something that proves an answer."""

    url = forms.CharField(
        label="Address", max_length=2000, widget=forms.TextInput({**PLAIN, "placeholder": "https://"})
    )


class EvidenceNoteForm(Styled, forms.Form):
    """Something that was seen, in words."""

    text = text("Note")


class UploadForm(Styled, forms.Form):
    """A file from one's own machine."""

    file = forms.FileField()


class ConditionForm(Styled, forms.Form):
    """What must be true by a date for the approval to stay valid."""

    text = text("What must be true", rows=3)
    refs = forms.MultipleChoiceField(label="For the items", widget=forms.CheckboxSelectMultiple)
    method = forms.ChoiceField(label="Verified how", choices=[(one.value, one.label) for one in Condition.Method])
    owner = forms.ModelChoiceField(User.objects.none(), empty_label=None, help_text="Who makes it true.")
    verifier = forms.ModelChoiceField(
        User.objects.none(), empty_label=None, help_text="Who looks and says that it is. Not the owner."
    )
    due_on = forms.DateField(
        label="Due",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="The last day, in UTC. One that is overdue suspends the approval.",
    )

    def __init__(self, *args: Any, review: Review, refs: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = team_members(review.repository.team)
        for name in ("owner", "verifier"):
            cast(forms.ModelChoiceField, self.fields[name]).queryset = members
        cast(forms.MultipleChoiceField, self.fields["refs"]).choices = refs
        self.fields["refs"].widget.attrs["class"] = ""
        self.fields["due_on"].initial = timezone.now().date() + timedelta(days=14)

    def wish(self) -> Wish:
        """What was entered, for `conditions.add`."""
        return Wish(**self.cleaned_data)


class VerifyForm(Styled, forms.Form):
    """How one knows that a condition is met."""

    note = text("How you know", rows=2)


class GlassForm(Styled, forms.Form):
    """A commit that goes out without an approval."""

    commit = forms.CharField(help_text="The whole id: the gate answers for exactly one.", widget=forms.TextInput(PLAIN))
    reason = text("Why it cannot wait", help_text="A sentence that will be read afterwards, 20 characters or more.")
    name = forms.CharField(label="Type the name of the repository to confirm", widget=forms.TextInput(PLAIN))

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_name(self) -> str:
        """The name, letter for letter."""
        if self.cleaned_data["name"].strip() != self.expected:
            raise ValidationError(f"This is not the name. No glass was broken. Type {self.expected} to break it.")
        return self.expected


class SecondForm(Styled, forms.Form):
    """What the second person says about broken glass."""

    note = text("What you saw", rows=2)


def scanned_commits(repository: Repository) -> list[tuple[str, str]]:
    """The last scanned commits of a repository, as choices."""
    scans = repository.scans.filter(state=Scan.State.DONE, pull_request=None).order_by("-pk")
    done = scans.values_list("commit", "subject")[:COMMITS]
    return [(commit, f"{commit[:7]} {subject}"[:90]) for commit, subject in dict(done).items()]


def team_members(team: Team) -> QuerySet[User]:
    """The people of a team who can sign in."""
    return User.objects.filter(memberships__team=team, is_active=True).order_by("username")
