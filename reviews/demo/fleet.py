"""The demo's teams, people and services."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from django.conf import settings
from django.db import transaction

from reviews import members, team_policy
from reviews.demo.origin import mirror, write
from reviews.demo.proposed import pulls, report, told
from reviews.intake import Registration, add, request_scan
from reviews.models import AuditEvent, Membership, Repository, Scan, Team, User
from reviews.sources import policy
from scanners.git.address import parse_source
from scanners.git.history import history

_OWN_COMMITS = 8
Role: TypeAlias = Membership.Role
Duty: TypeAlias = Membership.Duty


@dataclass(frozen=True, slots=True)
class Service:
    """One demo repository; its story is the file of its name."""

    team: str
    name: str
    tier: str
    kind: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one team."""

    name: str
    role: Role
    duties: tuple[Duty, ...] = ()


SERVICES = (
    Service("Payments", "payments-api", "A", "http-api"),
    Service("Payments", "payout-worker", "A", "worker"),
    Service("Payments", "money", "C", "library"),
    Service("Storefront", "catalogue-api", "B", "http-api"),
    Service("Data", "nightly-export", "C", "cron"),
)
OWN = Service("Data", "plimsoll", "B", "http-api")
RUTH = Person("Ruth Adler", Role.REVIEWER, (Duty.LEAD, Duty.SECURITY))
ELIN = Person("Elin Dahl", Role.REVIEWER, (Duty.OPS,))
SAMUEL = Person("Samuel Ortiz", Role.REVIEWER, (Duty.AUTHORITY,))
# The first of each team makes it and takes in the others.
PEOPLE = {
    "Payments": (
        Person("Ada Marsh", Role.MAINTAINER),
        Person("Tomas Berg", Role.ENGINEER),
        Person("Priya Nair", Role.ENGINEER),
        Person("Jonas Okafor", Role.ENGINEER),
        RUTH,
        ELIN,
        SAMUEL,
    ),
    "Storefront": (
        Person("Mara Lind", Role.MAINTAINER),
        Person("Ken Sato", Role.ENGINEER),
        Person("Lea Fontaine", Role.ENGINEER),
        RUTH,
        ELIN,
    ),
    "Data": (Person("Nina Kovacs", Role.MAINTAINER), Person("Otto Reuter", Role.ENGINEER), RUTH, SAMUEL),
}
# Who looks around may decide: they wrote no commit and answered nothing.
GUEST_DUTIES = (Duty.SECURITY, Duty.AUTHORITY)
OPS_TIERS = {"Payments": ["A"]}


def place(service: Service) -> Path:
    """Where the service's bare repository is."""
    return Path(settings.DATA_DIR) / "demo" / f"{service.name}.git"


def make_origins(today: datetime | None = None) -> list[Service]:
    """Write the repositories that are not there yet, and our own anew. Returns those there are. Raises OSError."""
    for service in SERVICES:
        if not place(service).exists():
            day = today or datetime.now(UTC)
            write(place(service), told(service.name, day), pulls=pulls(service.name, day))
    if not (settings.BASE_DIR / ".git").exists():
        return list(SERVICES)
    mirror(settings.BASE_DIR, place(OWN))
    return [*SERVICES, OWN]


def make_teams() -> dict[str, Team]:
    """The teams, by name, with their people, who cannot sign in, and the first site admin, who can."""
    teams = {}
    for name, people in PEOPLE.items():
        lead = person(people[0].name)
        team = Team.objects.filter(slug=name.lower()).first() or _make_team(name, lead)
        for one in people:
            _take_in(team, person(one.name), one.role, one.duties, by=lead)
        guest = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if guest is not None:
            _take_in(team, guest, Role.MAINTAINER, GUEST_DUTIES, by=lead)
        if not _told(team, "policy-changed"):
            team_policy.change(team, team.review_tiers, OPS_TIERS.get(name, []), by=lead)
        teams[name] = team
    return teams


def person(name: str) -> User:
    """The account of somebody of the demo, without a password that would let anybody in."""
    first, last = name.split()
    username = f"{first}.{last}".lower()
    known = {"first_name": first, "last_name": last, "email": f"{username}@harbour.example", "password": "!"}
    return User.objects.get_or_create(username=username, defaults=known)[0]


def register(team: Team, service: Service) -> int:
    """Register the service with its history, oldest first, once. Returns the number of scans asked for."""
    found = Repository.objects.filter(team=team, slug=service.name).first()
    if found is not None and service != OWN:
        return 0
    with transaction.atomic():
        repository = found or add(team, _wish(service), by=person(PEOPLE[service.team][0].name))
        known = set(repository.scans.values_list("wanted_commit", flat=True))
        missing = [sha for sha in _history(repository, service) if sha not in known]
        for sha in missing:
            request_scan(repository, trigger=Scan.Trigger.HISTORY, commit=sha)
    report(repository, by=person(PEOPLE[service.team][0].name))
    return len(missing)


def _make_team(name: str, lead: User) -> Team:
    team = Team(name=name, slug=name.lower())
    members.make_team(team, lead)
    return team


def _take_in(team: Team, who: User, role: Role, duties: Collection[Duty], *, by: User) -> None:
    """Once: who was given other duties, or was taken out, since then, stays so."""
    if _told(team, "member-duties-changed", who) or _told(team, "member-removed", who):
        return
    with transaction.atomic():
        there = Membership.objects.filter(team=team, user=who).first()
        members.change_duties(there or members.add(team, who, role, by=by), duties, by=by)


def _told(team: Team, kind: str, who: User | None = None) -> bool:
    about = AuditEvent.objects.filter(team=team, kind=kind)
    return (about.filter(subject=f"user:{who.pk}") if who else about).exists()


def _wish(service: Service) -> Registration:
    return Registration(service.name, f"file://{place(service)}", tier=service.tier, kind=service.kind)


def _history(repository: Repository, service: Service) -> Iterator[str]:
    limit = _OWN_COMMITS if service == OWN else 100
    source = parse_source(repository.url, policy())
    for commit in history(source, repository.branch, limit, policy=policy()):
        yield commit.sha
