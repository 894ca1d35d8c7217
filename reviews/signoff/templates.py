"""
What a team asks in its reviews, in versions. (Pages of HTML are templates of another kind: they are in `templates/`.)

    current(team, tier, kind, occasion)             # the newest version; None where the shipped questions are asked
    save(place, by, Draft(...))                     # the next version; raises SavedMeanwhileError or BadTemplateError
    changes(older, newer, place)                    # what a version changed, as sentences

A version never changes. Of two people who edit the same one, the second is told who was first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from reviews.audit import trail
from reviews.checklist import Kind, Tier, read
from reviews.models import ReviewTemplate, Team, User
from reviews.workflow import questions
from reviews.workflow.states import Occasion


class SavedMeanwhileError(Exception):
    """Somebody else saved a version since the page was read."""


class BadTemplateError(ValueError):
    """The draft cannot be asked. `faults` are sentences that say what to do."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Place:
    """Which reviews a template is for."""

    team: Team
    tier: Tier
    kind: Kind
    occasion: Occasion

    @property
    def said(self) -> str:
        """As words."""
        return f"{self.occasion.label}, tier {self.tier}, {self.kind}"

    @property
    def why(self) -> str:
        """What the occasion puts at risk."""
        return questions.read()[self.occasion].why

    @property
    def most(self) -> int:
        """How many questions may be asked there."""
        return questions.MOST[self.tier]

    def versions(self) -> list[ReviewTemplate]:
        """All versions, newest first."""
        return list(self._rows().select_related("edited_by"))

    def newest(self) -> ReviewTemplate | None:
        """The newest version, whether or not it goes back to the shipped questions."""
        return self._rows().select_related("edited_by").first()

    def _rows(self) -> Any:
        named = {"tier": self.tier.value, "kind": self.kind.value, "occasion": self.occasion.value}
        return self.team.review_templates.filter(**named).order_by("-version")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to be asked. `base` is the version that their page showed, 0 for none."""

    base: int
    refs: Sequence[str] = ()
    own: Sequence[Mapping[str, Any]] = ()
    note: str = ""
    shipped: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One template as the table shows it: how many questions it asks, and the version if a team edited it."""

    place: Place
    questions: int
    version: int
    edited: bool


def current(team: Team, tier: Tier, kind: Kind, occasion: Occasion) -> ReviewTemplate | None:
    """The template that a review is made from; None while nobody has edited it."""
    return Place(team, tier, kind, occasion).newest()


def overview(team: Team) -> list[tuple[Kind, list[tuple[Occasion, list[Cell]]]]]:
    """What a team asks everywhere: by kind, occasion and tier."""
    newest = {(row.tier, row.kind, row.occasion): row for row in team.review_templates.order_by("version")}
    return [
        (
            kind,
            [(occasion, [_cell(Place(team, tier, kind, occasion), newest) for tier in Tier]) for occasion in Occasion],
        )
        for kind in Kind
    ]


def asked_refs(template: ReviewTemplate | None, place: Place) -> tuple[str, ...]:
    """The refs that a version asks, its own questions last."""
    everything = questions.asked(read(), place.tier, place.kind, place.occasion, template)
    return tuple(one.ref for one in everything if one.asked)


def next_own(place: Place) -> int:
    """The number of the next own question: a ref that was used once never means another question."""
    used = [int(row["ref"][1:]) for version in place.versions() for row in version.own]
    return max(used, default=0) + 1


def save(place: Place, by: User, draft: Draft) -> ReviewTemplate:
    """Add the next version, with its event in the audit log. Raises BadTemplateError or SavedMeanwhileError."""
    faults = () if draft.shipped else questions.faults(read(), place.tier, place.kind, draft.refs, draft.own)
    if faults:
        raise BadTemplateError(faults)
    try:
        with transaction.atomic():
            Team.objects.select_for_update(no_key=True).get(pk=place.team.pk)
            return _added(place, by, draft)
    except IntegrityError as error:
        raise SavedMeanwhileError(_first(place)) from error


def changes(older: ReviewTemplate | None, newer: ReviewTemplate, place: Place) -> list[str]:
    """What a version changed against the one before it, or against the shipped questions, as sentences."""
    before, after = asked_refs(older, place), asked_refs(newer, place)
    told = [f"Added {', '.join(added)}." for added in [[ref for ref in after if ref not in before]] if added]
    told += [f"Took out {', '.join(gone)}." for gone in [[ref for ref in before if ref not in after]] if gone]
    known = {row["ref"]: row for row in (older.own if older else ())}
    told += [f"Reworded {row['ref']}." for row in newer.own if row["ref"] in known and known[row["ref"]] != row]
    return (["Back to the shipped questions."] if newer.shipped else []) + (told or ["The questions stayed the same."])


def _added(place: Place, by: User, draft: Draft) -> ReviewTemplate:
    newest = place.newest()
    if (newest.version if newest else 0) != draft.base:
        raise SavedMeanwhileError(_first(place))
    made = ReviewTemplate.objects.create(
        team=place.team,
        tier=place.tier.value,
        kind=place.kind.value,
        occasion=place.occasion.value,
        version=draft.base + 1,
        shipped=draft.shipped,
        refs=[] if draft.shipped else list(draft.refs),
        own=[] if draft.shipped else [dict(row) for row in draft.own],
        note=draft.note.strip(),
        edited_by=by,
    )
    told = " ".join(changes(newest, made, place))
    text = f"{by.username} changed what reviews ask ({place.said}), version {made.version}. {told}"
    data = {"version": made.version, "refs": made.refs, "own": made.own, "shipped": made.shipped, "note": made.note}
    trail.record(place.team, by, "template-changed", made, text, **data)
    return made


def _cell(place: Place, newest: Mapping[tuple[str, str, str], ReviewTemplate]) -> Cell:
    row = newest.get((place.tier.value, place.kind.value, place.occasion.value))
    number = len(asked_refs(row, place))
    return Cell(place, number, row.version if row else 0, edited=row is not None and not row.shipped)


def _first(place: Place) -> str:
    newest = place.newest()
    if newest is None or newest.edited_by is None:
        return "Somebody changed this template meanwhile. Read it again."
    who, version = newest.edited_by.username, newest.version
    return f"{who} saved version {version} meanwhile. Yours is not stored: look at theirs, then save yours again."
