"""What maintainers enter for their team: duties, policy, and what reviews ask."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.http import QueryDict

from reviews import tokens
from reviews.checklist import Item, Tier, read
from reviews.forms import Styled
from reviews.models import ApiToken, Membership, ReviewTemplate, Team, User
from reviews.signoff.templates import Draft, Place, asked_refs, next_own
from reviews.workflow.questions import EVIDENCE, LONGEST_QUESTION, LONGEST_TITLE, OWN, always, choices
from scanners.rule import AREAS

TIERS = [(tier.value, f"Tier {tier}") for tier in Tier]
SPARE = 2
WORDS = {"link": "link", "file": "file at the commit", "upload": "upload", "note": "note"}


class DutiesForm(forms.Form):
    """What a member answers for."""

    duties = forms.MultipleChoiceField(required=False, choices=Membership.Duty.choices)


class PolicyForm(forms.Form):
    """On which tiers a review is needed, and whose quorum needs the duty ops."""

    review_tiers = forms.MultipleChoiceField(required=False, choices=TIERS)
    ops_tiers = forms.MultipleChoiceField(required=False, choices=TIERS)


class TokenForm(Styled, forms.Form):
    """What a token is called, what it may do, and how long it lasts."""

    name = forms.CharField(
        max_length=80,
        help_text="Where it is used, such as: the release pipeline of payments-api.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "It would let nobody do anything. Tick at least one."},
    )
    days = forms.TypedChoiceField(
        label="It ends in", choices=[(days, f"{days} days") for days in tokens.LASTS], initial=90, coerce=int
    )

    def make(self, team: Team, by: User) -> tuple[ApiToken, str]:
        """The new token and its secret, which can be shown now and never again."""
        data = self.cleaned_data
        return tokens.make(team, data["name"], data["scopes"], data["days"], by=by)


class OwnForm(Styled, forms.Form):
    """One question of the team's own. A row that is left empty is none."""

    ref = forms.CharField(required=False, max_length=5, widget=forms.HiddenInput)
    area = forms.ChoiceField(choices=[("", "Choose an area"), *((area, area) for area in AREAS)])
    title = forms.CharField(
        label="Statement", max_length=LONGEST_TITLE, help_text="What should be true, such as: The ledger balances."
    )
    question = forms.CharField(
        max_length=LONGEST_QUESTION,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What a reviewer wants to know.",
    )
    evidence = forms.MultipleChoiceField(
        label="What may prove the answer", choices=[(kind, WORDS[kind]) for kind in EVIDENCE]
    )
    gone = forms.BooleanField(required=False, label="Take this question out")


OwnForms = forms.formset_factory(OwnForm, extra=SPARE, max_num=40)


class TemplateForm(Styled, forms.Form):
    """What a team asks of people in the reviews of one place. `base` is the version that the page showed."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    refs = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        label="Why it changes",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stands in the history and in the audit log.",
    )

    def __init__(self, place: Place, newest: ReviewTemplate | None, data: QueryDict | None = None) -> None:
        self.place, self.newest = place, newest
        self.items = choices(read(), place.tier, place.kind)
        asked = asked_refs(newest, place)
        base = newest.version if newest else 0
        super().__init__(data, initial={"base": base, "refs": [ref for ref in asked if not OWN.fullmatch(ref)]})
        self.fields["refs"].choices = [(item.ref, item.title) for item in self.items]  # type: ignore[attr-defined]  # a choice field
        self.own = OwnForms(data, initial=self._stored(), prefix="own")

    def _stored(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.newest.own] if self.newest else []

    @property
    def areas(self) -> list[tuple[str, list[tuple[Item, bool, bool]]]]:
        """The items by area, each with whether it is ticked and whether it has to be."""
        ticked = set(self["refs"].value() or ())
        kept = set(always(read()))
        rows = [(item, item.ref in ticked | kept, item.ref in kept) for item in self.items]
        return [(area, list(found)) for area, found in groupby(rows, key=lambda row: row[0].area)]

    def is_valid(self) -> bool:
        """Whether the form and all its own questions are."""
        return all([super().is_valid(), self.own.is_valid()])

    def draft(self) -> Draft:
        """What was entered. New questions get the next refs."""
        data = self.cleaned_data
        refs = [item.ref for item in self.items if item.ref in {*data["refs"], *always(read())}]
        return Draft(data["base"], refs, self._asked(), data["note"])

    def _asked(self) -> list[dict[str, Any]]:
        known = {row["ref"] for row in self._stored()}
        number, rows = next_own(self.place), []
        for row in _filled(self.own.cleaned_data):
            ref = row["ref"]
            if ref not in known:
                ref, number = f"Y{number}", number + 1
            rows.append({"ref": ref, **{name: row[name] for name in ("area", "title", "question", "evidence")}})
        return rows


def rebased(data: QueryDict, base: int) -> QueryDict:
    """What somebody entered, as a change of a newer version."""
    changed = data.copy()
    changed["base"] = str(base)
    return changed


def _filled(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row and not row["gone"]]
