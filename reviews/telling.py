"""What the forge of a repository is to be told, where, and with which token."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from reviews.audit import trail
from reviews.forges import clients, places
from reviews.forges.errors import ForgeError
from reviews.models import Forge, Repository, User
from reviews.sources import policy
from scanners.git.credential import Credential
from scanners.git.errors import SourceError

_TRY_SECONDS = 8.0
_LOCAL = (
    "This is a directory of the machine. Enter the address of the forge's API, such as https://git.example.org/api/v4."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person enters. Nothing in it is checked yet. `token` empty: the stored one stays, unless `forget`."""

    api_url: str = ""
    token: str = ""
    forget: bool = False
    posts_statuses: bool = False
    posts_comments: bool = False


def of(repository: Repository) -> Forge:
    """What is stored, or what holds when nothing is: a row that is not saved."""
    return Forge.objects.filter(repository=repository).first() or Forge(repository=repository)


def save(repository: Repository, wish: Wish, *, by: User) -> Forge:
    """Store what the forge is told. A new address of the API ends the stored token, which was for the old one.

    Raises ValidationError with the errors by field; each says what is wrong and what to do, under a stable code.
    """
    api_url, token = _checked(wish)
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        forge = of(repository)
        moved = api_url != forge.api_url
        kept = "" if wish.forget or moved else forge.token
        changed = _changed(forge, wish, api_url, token or kept)
        if changed:
            forge.api_url, forge.token = api_url, token or kept
            forge.posts_statuses, forge.posts_comments = wish.posts_statuses, wish.posts_comments
            if moved:
                forge.told, forge.told_through = {}, 0  # Another place knows nothing of what this one was told.
                forge.rests_until = None
            forge.save()
            text = f"{by.username} changed what the forge of {repository.name} is told: {', '.join(sorted(changed))}"
            trail.record(repository.team, by, "forge-changed", repository, text, **changed)
    return forge


def forget_token(repository: Repository, *, by: User) -> bool:
    """Drop the token of an API whose address follows from the repository's URL and provider: they have changed.

    In a transaction of the caller. Returns whether there was one.
    """
    forge = of(repository)
    if not forge.token or forge.api_url:
        return False
    Forge.objects.filter(repository=repository).update(token="", told={}, told_through=0)
    text = f"{by.username} moved {repository.name} to another forge, whose token is forgotten"
    trail.record(repository.team, by, "forge-changed", repository, text, token=["", "forgotten"])
    return True


def problem_of(repository: Repository) -> ForgeError | None:
    """Ask the forge whether the stored token reaches the repository; what is in the way of it, or None."""
    try:
        clients.client(repository, seconds=_TRY_SECONDS).check()
    except ForgeError as error:
        return error
    return None


def check_api_url(text: str) -> str:
    """An API's address, normalised, as the operator lets us reach it; empty stays empty. Raises ValidationError."""
    if not text:
        return ""
    try:
        source = places.api_source(text, policy())
    except SourceError as error:
        raise ValidationError(f"{error.message} {error.next_step}", code=error.code) from error
    if source.is_local:
        raise ValidationError(_LOCAL, code="api_url_local")
    return places.api_url(source)


def _checked(wish: Wish) -> tuple[str, str]:
    errors: dict[str, ValidationError] = {}
    api_url, token = "", wish.token.strip()
    try:
        api_url = check_api_url(wish.api_url.strip())
    except ValidationError as error:
        errors["api_url"] = error
    try:
        if token:
            Credential.parse(token)
    except SourceError as error:
        errors["token"] = ValidationError(f"{error.message} {error.next_step}", code=error.code)
    if errors:
        raise ValidationError(errors)
    return api_url, token


def _changed(forge: Forge, wish: Wish, api_url: str, token: str) -> dict[str, Any]:
    """What of it is new, {setting: [before, after]}; of the token only that it is."""
    after = {"api_url": api_url, "posts_statuses": wish.posts_statuses, "posts_comments": wish.posts_comments}
    changed: dict[str, Any] = {
        name: [getattr(forge, name), value] for name, value in after.items() if getattr(forge, name) != value
    }
    if token != forge.token:
        changed["token"] = ["", "replaced" if token else "forgotten"]
    return changed
