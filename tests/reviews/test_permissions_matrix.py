"""Every route of the site against every kind of person. A route that is not listed here fails the test."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from reviews import badges, hooks, tokens
from reviews.models import Delivery, Membership, Repository, Team
from reviews.waivers.asking import ask
from tests.factories import MembershipFactory, RepositoryFactory, TeamFactory
from tests.reviews.inventory_rows import keep
from tests.reviews.patches.mended import ready
from tests.reviews.pull_rows import proposal
from tests.reviews.review_places import FORM, review_places
from tests.reviews.rows import RULE, finished, found
from tests.reviews.waiver_rows import wish

PEOPLE = ("anonymous", "stranger", "viewer", "teammate", "reviewer", "owner", "admin")
SIGN_IN = "sign in"
OK, MOVED, SEEN, REFUSED, FORBIDDEN, MISSING, WRONG_METHOD, CONFLICT = 200, 302, 303, 422, 403, 404, 405, 409


@dataclass(frozen=True)
class Route:
    """What each kind of person gets, in the order of PEOPLE, for a GET or else for a POST."""

    answers: tuple[int | str, ...]
    method: str = "get"


def members(answer: int = OK) -> Route:
    """For members of the team, from viewer up; others do not learn that it is there."""
    return Route((SIGN_IN, MISSING, *[answer] * 5))


def post(*answers: int) -> Route:
    """A change, by POST alone. The answers are those from stranger up."""
    return Route((SIGN_IN, *answers), method="post")


PEOPLE_OF_THE_SITE = Route((SIGN_IN, *[OK] * 6))
MAINTAINERS = Route((SIGN_IN, MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, OK, OK))

ROUTES = {
    "fleet": PEOPLE_OF_THE_SITE,
    "findings": PEOPLE_OF_THE_SITE,
    "finding": members(),
    "finding-fix": members(MOVED),
    "ask-fix": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "patch": members(),
    "download-patch": members(),
    "repository-patches": members(),
    "ask-patch": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "rule-patches": PEOPLE_OF_THE_SITE,
    "ask-rule-patches": post(*[MOVED] * 6),
    "rule-archive": members(),
    "scans": PEOPLE_OF_THE_SITE,
    "scan": members(),
    "scan-progress": members(286),
    "scan-seal": members(404),
    "reviews": PEOPLE_OF_THE_SITE,
    "review": members(),
    "review-progress": members(),
    "move-review": post(MISSING, FORBIDDEN, REFUSED, REFUSED, REFUSED, REFUSED),
    "confirm-items": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "acknowledge-items": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "answer-item": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "confirm-item": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "acknowledge-item": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "give-verdict": post(MISSING, FORBIDDEN, FORBIDDEN, REFUSED, REFUSED, REFUSED),
    "comment-on-item": post(MISSING, SEEN, SEEN, SEEN, SEEN, SEEN),
    "attach-evidence": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "evidence": members(),
    "remove-evidence": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "add-condition": Route((SIGN_IN, MISSING, FORBIDDEN, OK, OK, OK, OK)),
    "drop-condition": post(MISSING, FORBIDDEN, SEEN, SEEN, SEEN, SEEN),
    "verify-condition": post(MISSING, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED),
    "review-workflow": PEOPLE_OF_THE_SITE,
    "repository-reviews": members(),
    "open-review": Route((SIGN_IN, MISSING, FORBIDDEN, OK, OK, OK, OK)),
    "numbered-review": members(MOVED),
    "break-glass": members(),
    "second-glass": post(MISSING, FORBIDDEN, FORBIDDEN, MOVED, MOVED, REFUSED),
    "waivers": PEOPLE_OF_THE_SITE,
    "export-waivers": PEOPLE_OF_THE_SITE,
    "waiver-calendar": PEOPLE_OF_THE_SITE,
    "waiver-feed": Route((MISSING,) * 7),
    "waiver": members(),
    "move-waiver": post(MISSING, FORBIDDEN, REFUSED, REFUSED, REFUSED, REFUSED),
    "request-waiver": Route((SIGN_IN, MISSING, FORBIDDEN, OK, OK, OK, OK)),
    "checklist": PEOPLE_OF_THE_SITE,
    "rule": PEOPLE_OF_THE_SITE,
    "register": PEOPLE_OF_THE_SITE,
    "repository": members(),
    "repository-findings": members(),
    "sites": members(),
    "repository-facts": members(),
    "repository-facts-of": members(),
    "repository-facts-changes": members(),
    "repository-facts-table": members(),
    "repository-sbom": members(),
    "repository-scans": members(),
    "repository-gate": members(),
    "repository-pulls": members(),
    "pull-request": members(),
    "scan-pull-request": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "request-scan": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "request-past": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "repository-deliveries": members(),
    "delivery": members(),
    "deliver-again": post(MISSING, FORBIDDEN, MOVED, MOVED, MOVED, MOVED),
    "repository-webhook": members(),
    "hook-state": members(),
    "make-hook": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, REFUSED, REFUSED),
    "change-hook": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, REFUSED, REFUSED),
    "rotate-secret": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, CONFLICT, CONFLICT),
    "end-former-secret": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "remove-hook": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "tell-forge": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "try-forge": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, REFUSED, REFUSED),
    "repository-settings": MAINTAINERS,
    "share-badges": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "unshare-badges": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "badge": Route((OK,) * 7),
    "remove-repository": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, REFUSED, REFUSED),
    "create-team": Route((SIGN_IN, *[FORBIDDEN] * 5, OK)),
    "team": members(),
    "audit": members(),
    "audit-export": members(),
    "members": MAINTAINERS,
    "change-role": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "change-duties": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "remove-member": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "team-policy": MAINTAINERS,
    "tokens": MAINTAINERS,
    "revoke-token": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "review-templates": members(),
    "review-template": members(),
    "use-shipped-template": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "search": PEOPLE_OF_THE_SITE,
    "status": PEOPLE_OF_THE_SITE,
    "send-again": post(MISSING, FORBIDDEN, FORBIDDEN, FORBIDDEN, MOVED, MOVED),
    "hook": Route((WRONG_METHOD,) * 7),  # Forges post here, and a signature lets in: see views/test_hooks.py.
    "account": PEOPLE_OF_THE_SITE,
    "api-page": PEOPLE_OF_THE_SITE,
}
# Whose answers are tested with the code they belong to: the sign-in of allauth, the admin of Django, the health check,
# and what only programs ask, who show a token instead of signing in.
ELSEWHERE = ("account_", "admin:", "healthz", "media", "static", "api:")


def names(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    """The names of all routes; one without a name is an empty text."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield space + (pattern.name or "")


@pytest.fixture
def people(team, stranger, viewer, teammate, reviewer, owner, admin) -> dict[str, object]:
    """The cast by name."""
    cast = {"stranger": stranger, "viewer": viewer, "teammate": teammate, "reviewer": reviewer, "owner": owner}
    return cast | {"admin": admin, "anonymous": None}


@pytest.fixture
def places(team, people) -> dict[str, dict[str, object]]:
    """What each route of the site is asked for: things of the team Payments."""
    repository = RepositoryFactory(team=team, name="pay")
    scan = finished(repository)
    keep(scan, {})
    of_team, of_repository = {"team": team.slug}, {"team": team.slug, "repository": repository.slug}
    member = {**of_team, "pk": MembershipFactory(team=team).pk}
    asked = {"pk": ask(wish(repository, found(repository, line=2)), people["teammate"]).pk}
    of_template = of_team | {"tier": "A", "kind": "worker", "occasion": "release"}
    given = {name: of_repository for name in ROUTES if "repository" in name}
    return (
        given
        | review_places(repository)
        | hook_places(repository)
        | dict.fromkeys(("pull-request", "scan-pull-request"), of_repository | {"number": proposal(repository).number})
        | {
            "finding": {"pk": found(repository).pk},
            **patch_places(repository),
            "scan": {"pk": scan.pk},
            "scan-progress": {"pk": scan.pk},
            "scan-seal": {"pk": scan.pk},
            "rule": {"rule": RULE},
            "sites": of_repository | {"rule": RULE},
            "repository-facts-of": of_repository | {"chapter": "endpoints"},
            "repository-facts-table": of_repository | {"table": "endpoints", "form": "csv"},
            "request-scan": of_repository,
            "request-past": of_repository,
            "request-waiver": of_repository,
            "waiver": asked,
            "move-waiver": asked,
            "team": of_team,
            "audit": of_team,
            "hook": {"key": "any"},
            "send-again": of_team,
            "audit-export": of_team,
            "members": of_team,
            "change-role": member,
            "change-duties": member,
            "remove-member": member,
            "team-policy": of_team,
            "tokens": of_team,
            "revoke-token": {**of_team, "pk": tokens.make(team, "ci", ["read"], 30, by=people["owner"])[0].pk},
            "share-badges": of_repository,
            "unshare-badges": of_repository,
            "badge": {"key": badges.share(repository, by=people["owner"]), "kind": "gate"},
            "review-templates": of_team,
            "review-template": of_template,
            "use-shipped-template": of_template,
        }
    )


def hook_places(repository: Repository) -> dict[str, dict[str, object]]:
    """What the routes of hooks and deliveries are asked for."""
    hook, _ = hooks.make(repository, "gitea")
    delivery = {"pk": Delivery.objects.create(hook=hook, key="1", event="push", state="done").pk}
    of_repository = {"team": repository.team.slug, "repository": repository.slug}
    names = ("hook-state", "make-hook", "change-hook", "rotate-secret", "end-former-secret", "remove-hook")
    return {
        **dict.fromkeys((*names, "tell-forge", "try-forge"), of_repository),
        "delivery": delivery,
        "deliver-again": delivery,
    }


def patch_places(repository: Repository) -> dict[str, dict[str, object]]:
    """What the routes of patches are asked for."""
    row, of_repository = (
        {"pk": ready(repository, RULE).pk},
        {"team": repository.team.slug, "repository": repository.slug},
    )
    finding, rule = {"pk": found(repository, line=3).pk}, {"rule": RULE}
    return {
        **dict.fromkeys(("finding-fix", "ask-fix"), finding),
        **dict.fromkeys(("patch", "download-patch"), row),
        **dict.fromkeys(("rule-patches", "ask-rule-patches", "rule-archive"), rule),
        "ask-patch": of_repository,
    }


def answer_of(client, person, method: str, url: str) -> int | str:
    """The status that a person gets, or SIGN_IN. Whatever the request changed is undone."""
    with transaction.atomic():
        client.force_login(person) if person else client.logout()
        response = getattr(client, method)(url, FORM | {"role": "engineer", "name": "not the name"})
        transaction.set_rollback(True)
    return (
        SIGN_IN if response.headers.get("Location", "").startswith(reverse("account_login")) else response.status_code
    )


def test_every_route_is_listed_here():
    routes = {name for name in names(get_resolver().url_patterns) if not name.startswith(ELSEWHERE)}
    assert routes - {"admin:"} == set(ROUTES)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ROUTES)
def test_what_each_person_gets(client, people, places, name):
    route, url = ROUTES[name], reverse(name, kwargs=places.get(name))
    answers = {person: answer_of(client, people[person], route.method, url) for person in PEOPLE}
    assert answers == dict(zip(PEOPLE, route.answers, strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.method == "post"])
def test_what_changes_something_is_never_done_by_a_get(client, people, places, name):
    assert answer_of(client, people["owner"], "get", reverse(name, kwargs=places.get(name))) == WRONG_METHOD


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if route.method == "get"])
def test_what_shows_something_takes_no_delete(client, people, places, name):
    assert answer_of(client, people["admin"], "delete", reverse(name, kwargs=places.get(name))) == WRONG_METHOD


@pytest.mark.django_db
@pytest.mark.parametrize("person", ["stranger", "viewer", "teammate", "reviewer"])
@pytest.mark.parametrize(
    "name", ["repository-settings", "members", "create-team", "team-policy", "review-template", "tokens"]
)
def test_forms_are_refused_when_posted_by_those_who_may_not_see_them(client, people, places, name, person):
    answer = answer_of(client, people[person], "post", reverse(name, kwargs=places.get(name)))
    assert answer in (FORBIDDEN, MISSING)


@pytest.mark.django_db
def test_a_viewer_registers_nothing_even_by_a_posted_form(client, people, team):
    client.force_login(people["viewer"])
    wish = {"team": team.pk, "url": "https://git.example.org/a", "branch": "main", "tier": "B", "kind": "worker"}
    assert client.post(reverse("register"), wish).status_code == REFUSED
    assert not team.repositories.exists()


@pytest.mark.django_db
def test_a_role_in_one_team_is_none_in_another(client, people, team, places):
    other = TeamFactory()
    Membership.objects.create(team=other, user=people["viewer"], role="maintainer")
    answer = answer_of(client, people["viewer"], "post", reverse("request-scan", kwargs=places["request-scan"]))
    assert answer == FORBIDDEN
    assert Team.objects.get(pk=other.pk).members.get() == people["viewer"]
