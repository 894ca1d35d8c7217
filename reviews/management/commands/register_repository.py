import json
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from reviews import hooks, intake, tasks
from reviews.forms import default_name
from reviews.models import Hook, Repository, Team

_TAKEN = "{name} is registered for this URL, branch and path already. {did} Its settings stay as they are."


class Command(BaseCommand):
    help = (
        "Register a repository, ask for its first scan and make its hook. Prints one JSON object: the repository's id, "
        "its name and page, and the address and secret to enter at the forge. The secret is printed once. For a place "
        "that is registered nothing is changed, except that a hook is made where there is none. Mistakes end with "
        "code 1 and are printed by field as JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, metavar="SLUG", help="As in the address of the team's page.")
        parser.add_argument("--url", required=True, help="The address that git clones from.")
        parser.add_argument("--branch", default="main", help="The branch that is scored; main when none is named.")
        parser.add_argument("--path", default="", help="The folder of a monorepo that is scored as one service.")
        parser.add_argument("--tier", default=Repository.Tier.B.value, help="A, B or C; B when none is named.")
        parser.add_argument("--kind", default=Repository.Kind.HTTP_API.value, help="http-api, worker, cron or library.")
        parser.add_argument("--provider", default="", help=f"{', '.join(Repository.Provider.values)}.")
        parser.add_argument("--name", default="", help="The last part of the path or URL when none is given.")
        parser.add_argument(
            "--credential-env",
            default="",
            metavar="VAR",
            help="The environment variable that holds the access token: arguments can be read by others.",
        )

    def handle(self, *args: Any, **options: str) -> None:
        try:
            made = self._made(options)
        except ValidationError as error:
            raise CommandError(json.dumps({"errors": _by_field(error)}, ensure_ascii=False)) from error
        self.stdout.write(json.dumps(made, ensure_ascii=False))

    def _made(self, options: dict[str, str]) -> dict[str, Any]:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise _fault("team", "team_unknown", "There is no team of this slug. It stands in the team page's address.")
        wish = _wish(options)
        _check(partial(_provider, options["provider"], wish.url), partial(intake.at_place, team, wish))
        provider = _provider(options["provider"], wish.url)
        with transaction.atomic():
            repository, is_new = _registered(team, wish)
            hook, secret = _hooked(repository, provider)
            if is_new:
                transaction.on_commit(tasks.wake.delay, robust=True)
        if not is_new:
            did = "Its hook was made now." if secret else "Nothing was changed; a lost secret is rotated on its page."
            self.stderr.write(_TAKEN.format(name=repository.name, did=did))
        page = reverse("repository", args=[team.slug, repository.slug])
        return {
            "repository": repository.pk,
            "name": repository.name,
            "page": f"{settings.BASE_URL}{page}",
            "hook_url": hooks.url(hook),
            "secret": secret,
        }


def _wish(options: dict[str, str]) -> intake.Registration:
    """What was asked for, with the token from the environment. Raises ValidationError."""
    variable, url, path = options["credential_env"], options["url"], options["path"]
    credential = os.environ.get(variable, "") if variable else ""
    if variable and not credential:
        raise _fault(
            "credential_env",
            "credential_missing",
            f"The environment variable {variable} is empty or not set. Set it to the access token, or leave this out.",
        )
    name = options["name"] or default_name(url, path)
    return intake.Registration(name, url, options["branch"], path, options["tier"], options["kind"], credential)


def _check(*checks: Callable[[], object]) -> None:
    """Run every check, so that all mistakes are said at once. Raises ValidationError."""
    faults: dict[str, Any] = {}
    for check in checks:
        try:
            check()
        except ValidationError as error:
            faults |= error.error_dict
    if faults:
        raise ValidationError(faults)


def _provider(named: str, url: str) -> str:
    """Whose forge it is, from what was said or from the URL. Raises ValidationError."""
    provider = named or hooks.guess(url)
    if provider not in Repository.Provider.values:
        known = ", ".join(Repository.Provider.values)
        why = f"{named} is no provider." if named else "The URL does not tell whose forge it is."
        raise _fault("provider", "provider_unknown", f"{why} Name one of {known}.")
    return provider


def _registered(team: Team, wish: intake.Registration) -> tuple[Repository, bool]:
    """The repository of that place, and whether it is new. Raises ValidationError."""
    known = intake.at_place(team, wish)
    return (known, False) if known else (intake.register(team, wish), True)


def _hooked(repository: Repository, provider: str) -> tuple[Hook, str | None]:
    """The hook, and its secret when it was made just now."""
    found = Hook.objects.select_related("repository").filter(repository=repository).first()
    return (found, None) if found else hooks.make(repository, provider)


def _fault(field: str, code: str, text: str) -> ValidationError:
    return ValidationError({field: ValidationError(text, code=code)})


def _by_field(error: ValidationError) -> dict[str, list[dict[str, str]]]:
    """The errors as they are printed: {field: [{"code", "message"}]}."""
    return {
        field.replace("sub_path", "path"): [
            {"code": str(one.code), "message": " ".join(one.messages)} for one in errors
        ]
        for field, errors in error.error_dict.items()
    }
