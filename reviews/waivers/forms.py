"""What people enter about waivers, checked field by field by `reviews.waivers.asking`."""

from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from reviews.forms import Styled, checked
from reviews.models import User, Waiver
from reviews.waivers.agenda import KINDS, Wanted
from reviews.waivers.asking import MISSING, Meant, Wish, ask, faults, resolve
from reviews.waivers.life import LONGEST, MOST_DAYS, Action, last_day
from scanners.git.names import check_sub_path

_REASONS = [choice for choice in Waiver.Reason.choices if choice[0] != Waiver.Reason.FALSE_POSITIVE]


class AskForm(Styled, forms.Form):
    """A request. What it is about comes with the address; a false positive says why, and nothing else."""

    path = forms.CharField(
        required=False,
        label="Below",
        help_text="A file, or a folder with a slash at its end. Empty for all of the repository.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    cap = forms.IntegerField(
        label="At most so many findings",
        help_text="The oldest are covered. Those beyond stay open, so nothing new hides behind the waiver.",
    )
    reason = forms.ChoiceField(choices=[("", "Choose one"), *_REASONS])
    justification = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}))
    control = forms.CharField(
        required=False,
        label="What limits the damage meanwhile",
        help_text="Needed when another control compensates: which one, and where it can be seen at work.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    ends_on = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, wish: Wish, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wish, self.today = wish, today
        self.meant: Meant = resolve(wish)
        for name in self._needless():
            del self.fields[name]
        for name, text in MISSING.items():
            if name in self.fields:
                self.fields[name].error_messages["required"] = text
        self._describe()

    def _needless(self) -> list[str]:
        if self.wish.kind == Waiver.Kind.FALSE_POSITIVE:
            return ["path", "cap", "reason", "control", "ends_on"]
        by_path = self.wish.scope == Waiver.Scope.RULE
        fixed = self.wish.scope == Waiver.Scope.FINDING
        return ([] if by_path and not self.wish.extends else ["path"]) + (["cap"] if fixed else [])

    def _describe(self) -> None:
        why = "What whoever decides has to know." if self.wish.kind == Waiver.Kind.WAIVER else _WHY_FALSE
        self.fields["justification"].help_text = why
        if "ends_on" in self.fields:
            latest = last_day(self.meant.severity, self.today)
            most = f"{MOST_DAYS[self.meant.severity]} days at most for severity {self.meant.severity}"
            self.fields["ends_on"].help_text = f"Until {latest:%-d %b %Y}: {most}. In UTC, and it counts to its end."
            self.fields["ends_on"].widget.attrs |= {"min": self.today.isoformat(), "max": latest.isoformat()}
        if "cap" in self.fields:
            old = self.wish.extends
            self.initial.setdefault("cap", old.cap if old else max(len(self.meant.findings), 1))
        if "path" in self.fields:
            self.initial.setdefault("path", self.wish.path)

    def clean_path(self) -> str:
        """A path below the repository; the slash at its end stays."""
        path = self.cleaned_data["path"].strip()
        plain = checked(path, check_sub_path) if path else ""
        return f"{plain}/" if plain and path.endswith("/") else plain

    def clean(self) -> dict[str, Any]:
        """Everything that is wrong at once."""
        data = super().clean() or self.cleaned_data
        for name, text in faults(self.filled(), self.meant, self.today).items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, text)
        return data

    def filled(self) -> Wish:
        """The wish with what was entered and could be read."""
        return replace(self.wish, **{name: value for name, value in self.cleaned_data.items() if name in self.fields})

    def save(self, by: User) -> Waiver | None:
        """The request; None when something is at fault, which the fields then say. Raises RefusedError."""
        try:
            return ask(self.filled(), by, self.today)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self.add_error(name if name in self.fields else None, texts)
            return None


_WHY_FALSE = "Why the code is right as it is. It holds until the code at this place changes."


class DecideForm(Styled, forms.Form):
    """What is done about a waiver, and on which version of it. Declining and revoking need a reason."""

    action = forms.ChoiceField(choices=[(one.value, one.value) for one in Action if one is not Action.END])
    version = forms.IntegerField(min_value=0)
    note = forms.CharField(required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2}))

    def clean(self) -> dict[str, Any]:
        """A reason, where somebody loses something by it."""
        data = super().clean() or self.cleaned_data
        if data.get("action") in (Action.DECLINE, Action.REVOKE) and not data.get("note", "").strip():
            self.add_error(
                "note", f"Say why, so that {'who asked' if data['action'] == Action.DECLINE else 'the team'} knows."
            )
        return data


class AgendaFilter(forms.Form):
    """Which part of what runs is shown; what is not understood is left out."""

    team = forms.SlugField(required=False)
    kind = forms.ChoiceField(required=False, choices=list(KINDS.items()))

    def wanted(self, today: date) -> Wanted:
        """The fields that were filled in and understood."""
        self.is_valid()
        return Wanted(today, **{name: value for name, value in self.cleaned_data.items() if value})
