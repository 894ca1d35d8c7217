"""What people enter, checked field by field. A message says what is wrong and what to do next."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from reviews import intake, members, telling
from reviews.forges.places import origin
from reviews.models import Membership, Repository, Team, User
from reviews.sources import policy
from scanners.git.address import parse_source
from scanners.git.errors import SourceError
from scanners.git.names import check_branch, check_sub_path
from scanners.rule import AREAS

_CLASSES: dict[type[forms.Widget], str] = {
    forms.Select: "select",
    forms.Textarea: "area",
    forms.CheckboxInput: "",
    forms.CheckboxSelectMultiple: "",
}


class Styled(forms.BaseForm):
    """Gives each widget the class of its kind and ties its help and its error to it for screen readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = _CLASSES.get(type(field.widget), "input")


LABELS = {"url": "Git address", "sub_path": "Folder", "credential": "Access token"}
HELP = {
    "team": "Its members see the repository.",
    "url": "The address that git clones from, such as https://git.example.org/payments/payments-api.git",
    "branch": "The branch that is scored. Scans follow its head.",
    "sub_path": "Empty for all of it. A monorepo is registered once for each service, with its folder.",
    "name": "Empty for the last part of the address or folder.",
    "tier": "How critical the service is. It decides which level is asked for: gold, silver or bronze.",
    "kind": "It decides which items apply: a library has no health check.",
    "credential": "For private repositories: a token that may read, or user:token. Encrypted, and never shown again.",
}
PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class RegisterForm(Styled, forms.Form):
    """Where a repository is and what it is. `teams` limits where it may be registered."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, help_text=HELP["team"])
    url = forms.CharField(label=LABELS["url"], help_text=HELP["url"], widget=forms.TextInput(attrs=PLAIN))
    branch = forms.CharField(initial="main", help_text=HELP["branch"], widget=forms.TextInput(attrs=PLAIN))
    sub_path = forms.CharField(
        required=False, label=LABELS["sub_path"], help_text=HELP["sub_path"], widget=forms.TextInput(attrs=PLAIN)
    )
    name = forms.CharField(required=False, max_length=80, help_text=HELP["name"])
    tier = forms.ChoiceField(choices=Repository.Tier.choices, initial=Repository.Tier.B, help_text=HELP["tier"])
    kind = forms.ChoiceField(choices=Repository.Kind.choices, help_text=HELP["kind"])
    credential = forms.CharField(
        required=False,
        max_length=500,
        label=LABELS["credential"],
        help_text=HELP["credential"],
        widget=forms.PasswordInput(attrs={**PLAIN, "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["team"]).queryset = teams

    def clean(self) -> dict[str, Any]:
        """The name follows from the place when none is given."""
        data = super().clean() or self.cleaned_data
        data["name"] = data.get("name") or default_name(data.get("url", ""), data.get("sub_path", ""))
        return data

    def register(self, by: User) -> Repository | None:
        """The repository, with its first scan asked for; None when a field is at fault, which then says why."""
        wish = {field.name: self.cleaned_data[field.name] for field in fields(intake.Registration)}
        try:
            return intake.register(self.cleaned_data["team"], intake.Registration(**wish), by=by)
        except ValidationError as error:
            self.add_error(None, error)
            return None


class SettingsForm(Styled, forms.ModelForm):
    """A registered repository, with ways to replace and to forget its token. Its address in the pages stays."""

    credential = forms.CharField(
        required=False,
        max_length=500,
        label=LABELS["credential"],
        widget=forms.PasswordInput(attrs={**PLAIN, "autocomplete": "new-password"}),
    )
    forget = forms.BooleanField(required=False, label="Forget the stored token")

    class Meta:
        model = Repository
        fields = ("name", "url", "branch", "sub_path", "tier", "kind", "credential")
        labels = LABELS
        help_texts: ClassVar = HELP | {"name": "Links keep working when the name changes."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = self.instance.credential
        self.moved = self.lost = False
        self.initial.pop("credential", None)
        self.fields["credential"].help_text = (
            "One is stored. Enter another to replace it." if self.stored else "None is stored."
        )
        if not self.stored:
            del self.fields["forget"]

    def clean_url(self) -> str:
        """The address, normalised, as the fetching side accepts it."""
        return checked(self.cleaned_data["url"], lambda url: parse_source(url, policy()).url)

    def clean_branch(self) -> str:
        """A name that git takes for a branch."""
        return checked(self.cleaned_data["branch"], check_branch)

    def clean_sub_path(self) -> str:
        """A folder without a slash at its end."""
        return checked(self.cleaned_data["sub_path"], check_sub_path)

    def clean(self) -> dict[str, Any]:
        """Keep the stored token for the server that it is for, and refuse a place that the team has registered."""
        data = super().clean() or self.cleaned_data
        self.moved = "url" in data and origin(data["url"]) != origin(self.initial["url"])
        kept = "" if self.moved else self.stored
        data["credential"] = "" if data.get("forget") else data.get("credential") or kept
        self.instance.credential = data["credential"]
        place = {name: data.get(name) for name in ("url", "branch", "sub_path")}
        others = Repository.objects.filter(team=self.instance.team, **place).exclude(pk=self.instance.pk)
        if not self.errors and others.exists():
            self.add_error("url", "The team has registered this address, branch and folder. Change one of them.")
        return data

    def change(self, by: User) -> None:
        """Store what was entered, and what of it is new in the audit log; of a token only that it is.

        A token is for one server: at another address the former ones are forgotten. Then `lost` is true.
        """
        told = [name for name in self.changed_data if name not in ("credential", "forget")]
        changed = {name: [str(self.initial.get(name, "")), str(self.cleaned_data[name])] for name in told}
        if self.cleaned_data["credential"] != self.stored:
            changed["credential"] = ["", "replaced" if self.cleaned_data["credential"] else "forgotten"]
        with transaction.atomic():
            intake.save_settings(self.instance, changed, by=by)
            forgotten = self.moved and telling.forget_token(self.instance, by=by)
        self.lost = forgotten or bool(self.moved and self.stored and not self.cleaned_data["credential"])


class RemoveForm(Styled, forms.Form):
    """Removing is confirmed by typing the name."""

    name = forms.CharField(label="Type the name to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_name(self) -> str:
        """The name, letter for letter."""
        if self.cleaned_data["name"].strip() != self.expected:
            raise ValidationError(f"This is not the name. Nothing was removed. Type {self.expected} to remove it.")
        return self.expected


class TeamForm(Styled, forms.ModelForm):
    """A new team."""

    class Meta:
        model = Team
        fields = ("name",)
        help_texts: ClassVar = {"name": "As people call it, such as Payments. It becomes the owner of repositories."}

    def clean_name(self) -> str:
        """A name whose address is free."""
        name = self.cleaned_data["name"].strip()
        self.instance.slug = slugify(name)
        if not self.instance.slug:
            raise ValidationError("The name needs at least one letter or digit.")
        if Team.objects.filter(slug=self.instance.slug).exists():
            raise ValidationError("There is a team of this name. Choose another name.")
        return name


class MemberForm(Styled, forms.Form):
    """Add a person to a team by user name."""

    username = forms.CharField(label="User name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.ENGINEER)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team

    def clean_username(self) -> User:
        """The person, who must have an account and not be in the team."""
        person = User.objects.filter(username=self.cleaned_data["username"].strip(), is_active=True).first()
        if person is None:
            raise ValidationError("Nobody of this user name has an account. Whoever runs this Plimsoll can make one.")
        if Membership.objects.filter(team=self.team, user=person).exists():
            raise ValidationError("This person is in the team. Change the role in the list instead.")
        return person

    def save(self, by: User) -> Membership:
        """The new membership."""
        return members.add(self.team, self.cleaned_data["username"], self.cleaned_data["role"], by=by)


class RoleForm(forms.Form):
    """Another role for one member."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


def checked(value: str, check: Callable[[str], str]) -> str:
    """The value as `check` returns it; its SourceError becomes the field's message."""
    try:
        return check(value.strip())
    except SourceError as error:
        raise ValidationError(f"{error.message} {error.next_step}", code=error.code) from error


def default_name(url: str, sub_path: str) -> str:
    """What a repository is called when nobody says: the last folder, or the last part of the address."""
    return (sub_path or url).rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


class FindingFilter(forms.Form):
    """Which findings are shown. Every field may be empty, and what is not understood is left out."""

    STATES = (
        ("open", "open"),
        ("waived", "waived"),
        ("false-positive", "false positive"),
        ("fixed", "fixed"),
        ("gone", "gone"),
        ("all", "all states"),
    )
    SEVERITIES = (("", "Severity"), ("critical", "critical"), ("high", "high and over"), ("medium", "medium and over"))
    CONFIDENCES = (("", "Confidence"), ("medium", "medium and over"), ("high", "high"))
    WRITTEN = (("", "Written"), *((str(days), f"written in the last {days} days") for days in (7, 30, 90)))

    q = forms.CharField(required=False, max_length=200)
    state = forms.ChoiceField(required=False, choices=STATES)
    severity = forms.ChoiceField(required=False, choices=SEVERITIES)
    area = forms.ChoiceField(required=False, choices=[("", "Area"), *((area, area) for area in AREAS)])
    rule = forms.CharField(required=False, max_length=80)
    confidence = forms.ChoiceField(required=False, choices=CONFIDENCES)
    written = forms.ChoiceField(required=False, choices=WRITTEN)
    team = forms.SlugField(required=False)

    def wanted(self) -> dict[str, str]:
        """The fields that were filled in and understood; open findings when nothing is said about the state."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return {"state": "open", **given}
