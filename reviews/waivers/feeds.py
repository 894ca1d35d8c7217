"""What runs, for other programs: a calendar with an address of its own for each person, and a table."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.core import signing
from django.utils import timezone
from django.utils.crypto import salted_hmac

from reviews.models import Condition, User, Waiver
from reviews.waivers.agenda import Entry, Wanted, conditions, running, waivers
from reviews.waivers.decisions import case, subject
from reviews.waivers.ical import Event, calendar

_SALT = "reviews.waivers.feeds.calendar"
_HEAD = ["kind", "state", "what", "repository", "team", "severity", "asked or owned by", "decided or verified by"]
_HEAD += ["ends on", "days left", "cap", "reason", "text", "control"]
# A program for tables would run a cell that begins so.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def token(person: User) -> str:
    """What the address of a person's calendar carries. Another password makes another one."""
    return signing.Signer(salt=_SALT).sign_object([person.pk, _fingerprint(person)])


def owner(text: str) -> User | None:
    """Whose token this is; None for one that is forged, of an older password, or of somebody who may not sign in."""
    try:
        key, fingerprint = signing.Signer(salt=_SALT).unsign_object(text)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    person = User.objects.filter(pk=key, is_active=True).first()
    return person if person and _fingerprint(person) == fingerprint else None


def _fingerprint(person: User) -> str:
    return salted_hmac(_SALT, person.password).hexdigest()[:16]


def calendar_of(person: User, today: date) -> str:
    """All that ends and that a person may see, a day each."""
    return calendar("Plimsoll: waivers and conditions", [_event(entry) for entry in running(person, Wanted(today))])


def _event(entry: Entry) -> Event:
    what = "due" if entry.kind == "condition" else "ends"
    effect = f"If nothing happens: {entry.effect}." if entry.effect else ""
    return Event(
        uid=f"{entry.key}@{settings.ALLOWED_HOSTS[0]}",
        day=entry.ends_on or date.max,
        changed=entry.at or timezone.now(),
        summary=f"{entry.repository.name}: {entry.kind} {what}, {entry.title}",
        description="\n".join(part for part in (entry.note, f"Answerable: {entry.answerable}", effect) if part),
        url=f"{settings.BASE_URL}{entry.url}",
        sequence=entry.version,
    )


def table(person: User, wanted: Wanted) -> str:
    """Every waiver, false positive and condition that a person may see, whatever became of it, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    writer.writerows(_safe(_of_waiver(waiver, wanted.today)) for waiver in waivers(person, wanted).order_by("pk"))
    writer.writerows(_safe(_of_condition(one, wanted.today)) for one in conditions(person, wanted).order_by("pk"))
    return out.getvalue()


def _of_waiver(waiver: Waiver, today: date) -> list[object]:
    days = (waiver.ends_on - today).days if waiver.ends_on else ""
    place = [subject(waiver), waiver.repository.name, waiver.repository.team.name, waiver.severity]
    people = [waiver.requested_by, waiver.decided_by or ""]
    texts = [waiver.get_reason_display(), waiver.justification, waiver.control]
    state = case(waiver, today).effective.value
    return [waiver.get_kind_display(), state, *place, *people, waiver.ends_on or "", days, waiver.cap, *texts]


def _of_condition(condition: Condition, today: date) -> list[object]:
    repository, days = condition.review.repository, (condition.due_on - today).days
    place = [condition.text, repository.name, repository.team.name, ""]
    people = [condition.owner, condition.verifier]
    about = f"of the review of {condition.review.title}"
    return ["condition", condition.state, *place, *people, condition.due_on, days, "", "", about, ""]


def _safe(cells: Iterable[object]) -> list[str]:
    texts = [str(cell) for cell in cells]
    return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]
