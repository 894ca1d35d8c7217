"""Bitbucket Cloud."""

import hashlib
from collections.abc import Iterator

from reviews.forges.client import MOST_PAGES, Client, Found, field, rows, two
from reviews.forges.errors import error
from reviews.forges.messages import State, Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key, basic_or_bearer
from scanners.git.credential import Credential

_PAGE = 50
_LONGEST_KEY = 40
STATES = {State.PENDING: "INPROGRESS", State.SUCCESS: "SUCCESSFUL", State.FAILURE: "FAILED", State.ERROR: "FAILED"}


class Bitbucket(Client):
    """Build statuses, and comments of pull requests."""

    suffix = "/2.0"
    longest = 30_000

    @classmethod
    def derive(cls, place: Place) -> str:
        if place.host != "bitbucket.org":
            raise error("forge_place_unknown")
        return "https://api.bitbucket.org/2.0"

    @classmethod
    def key(cls, known: Credential) -> Key:
        return basic_or_bearer(known)

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        return "/repositories" + path(*two(place.segments))

    def set_status(self, status: Status) -> None:
        told = {"key": key_of(status.name), "name": status.name, "state": STATES[status.state], "url": status.url}
        build = f"{self.home}/commit{path(status.commit)}/statuses/build"
        self.calls.send("POST", build, told | {"description": status.text})

    def comments(self, number: int) -> Iterator[Found]:
        for page in range(1, MOST_PAGES + 1):
            answer = self.calls.get(f"{self._of(number)}?pagelen={_PAGE}&page={page}&sort=created_on")
            for row in rows(field(answer, "values")):
                if not row.get("deleted") and not row.get("inline"):
                    yield Found(str(field(row, "id")), field(row, "content", "raw") or "")
            if "next" not in answer:
                return

    def add(self, number: int, text: str) -> str:
        return str(field(self.calls.send("POST", self._of(number), {"content": {"raw": text}}).data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        self.calls.send("PUT", f"{self._of(number)}{path(name)}", {"content": {"raw": text}})

    def _of(self, number: int) -> str:
        return f"{self.home}/pullrequests/{number}/comments"


def key_of(name: str) -> str:
    """What tells builds of a commit apart: the name, or when that is too long its beginning and a digest."""
    if len(name) <= _LONGEST_KEY:
        return name
    return f"{name[: _LONGEST_KEY - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
