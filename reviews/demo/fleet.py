"""The demo's teams, people and services."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from reviews.demo.origin import mirror, write
from reviews.demo.story import commits
from reviews.intake import Registration, add, policy, request_scan
from reviews.models import Membership, Repository, Scan, Team, User
from scanners.git.address import parse_source
from scanners.git.history import history

_STORIES = Path(__file__).with_name("stories")
_OWN_COMMITS = 8
Role = Membership.Role


@dataclass(frozen=True, slots=True)
class Service:
    """One demo repository; its story is the file of its name."""

    team: str
    name: str
    tier: str
    kind: str


SERVICES = (
    Service("Payments", "payments-api", "A", "http-api"),
    Service("Payments", "payout-worker", "A", "worker"),
    Service("Payments", "money", "C", "library"),
    Service("Storefront", "catalogue-api", "B", "http-api"),
    Service("Data", "nightly-export", "C", "cron"),
)
OWN = Service("Data", "plimsoll", "B", "http-api")
PEOPLE = {
    "Payments": (
        ("Ada Marsh", Role.MAINTAINER),
        ("Tomas Berg", Role.ENGINEER),
        ("Priya Nair", Role.ENGINEER),
        ("Jonas Okafor", Role.ENGINEER),
        ("Ruth Adler", Role.REVIEWER),
    ),
    "Storefront": (
        ("Mara Lind", Role.MAINTAINER),
        ("Ken Sato", Role.ENGINEER),
        ("Lea Fontaine", Role.ENGINEER),
        ("Ruth Adler", Role.REVIEWER),
    ),
    "Data": (("Nina Kovacs", Role.MAINTAINER), ("Otto Reuter", Role.ENGINEER), ("Ruth Adler", Role.REVIEWER)),
}


def place(service: Service) -> Path:
    """Where the service's bare repository is."""
    return Path(settings.DATA_DIR) / "demo" / f"{service.name}.git"


def make_origins(today: datetime | None = None) -> list[Service]:
    """Write the repositories that are not there yet, and our own anew. Returns those there are. Raises OSError."""
    for service in SERVICES:
        if not place(service).exists():
            story = (_STORIES / f"{service.name}.txt").read_text(encoding="utf-8")
            write(place(service), commits(story, today or datetime.now(UTC)))
    if not (settings.BASE_DIR / ".git").exists():
        return list(SERVICES)
    mirror(settings.BASE_DIR, place(OWN))
    return [*SERVICES, OWN]


def make_teams() -> dict[str, Team]:
    """The teams, by name, with their people, who cannot sign in."""
    teams = {}
    for name, people in PEOPLE.items():
        team, _ = Team.objects.get_or_create(slug=name.lower(), defaults={"name": name})
        for person, role in people:
            Membership.objects.get_or_create(team=team, user=_person(person), defaults={"role": role})
        teams[name] = team
    return teams


def register(team: Team, service: Service) -> int:
    """Register the service with its history, oldest first, once. Returns the number of scans asked for."""
    found = Repository.objects.filter(team=team, slug=service.name).first()
    if found is not None and service != OWN:
        return 0
    with transaction.atomic():
        repository = found or add(team, _wish(service))
        known = set(repository.scans.values_list("wanted_commit", flat=True))
        missing = [sha for sha in _history(repository, service) if sha not in known]
        for sha in missing:
            request_scan(repository, trigger=Scan.Trigger.HISTORY, commit=sha)
    return len(missing)


def _person(name: str) -> User:
    first, last = name.split()
    username = f"{first}.{last}".lower()
    known = {"first_name": first, "last_name": last, "email": f"{username}@harbour.example", "password": "!"}
    return User.objects.get_or_create(username=username, defaults=known)[0]


def _wish(service: Service) -> Registration:
    return Registration(service.name, f"file://{place(service)}", tier=service.tier, kind=service.kind)


def _history(repository: Repository, service: Service) -> Iterator[str]:
    limit = _OWN_COMMITS if service == OWN else 100
    source = parse_source(repository.url, policy())
    for commit in history(source, repository.branch, limit, policy=policy()):
        yield commit.sha
