"""Bitbucket Data Center."""

from collections.abc import Iterator

from reviews.forges.bitbucket import STATES
from reviews.forges.client import MOST_PAGES, Client, Found, field, rows, two
from reviews.forges.errors import error
from reviews.forges.messages import Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key, basic_or_bearer
from scanners.git.credential import Credential

_PAGE = 50


class BitbucketServer(Client):
    """Builds of a commit, and comments of pull requests, which are listed among its activities."""

    suffix = "/rest/api/1.0"
    longest = 30_000

    @classmethod
    def derive(cls, place: Place) -> str:
        outer, _ = _split(place)
        return place.origin + path(*outer) + cls.suffix

    @classmethod
    def key(cls, known: Credential) -> Key:
        return basic_or_bearer(known)

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        project, name = two(_split(place)[1])
        return "/projects" + path(project) + "/repos" + path(name)

    def set_status(self, status: Status) -> None:
        told = {"key": status.name, "name": status.name, "state": STATES[status.state], "url": status.url}
        self.calls.send("POST", f"{self.home}/commits{path(status.commit)}/builds", told | {"description": status.text})

    def comments(self, number: int) -> Iterator[Found]:
        found: list[Found] = []
        start = 0
        for _ in range(MOST_PAGES):
            answer = self.calls.get(f"{self._of(number)}/activities?limit={_PAGE}&start={start}")
            made = [row for row in rows(field(answer, "values")) if row.get("action") == "COMMENTED"]
            found += [Found(str(field(row, "comment", "id")), field(row, "comment", "text")) for row in made]
            if answer.get("isLastPage", True):
                break
            start = int(field(answer, "nextPageStart"))
        yield from reversed(found)  # Activities come with the newest first.

    def add(self, number: int, text: str) -> str:
        return str(field(self.calls.send("POST", f"{self._of(number)}/comments", {"text": text}).data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        comment = f"{self._of(number)}/comments{path(name)}"
        version = field(self.calls.get(comment), "version")
        self.calls.send("PUT", comment, {"text": text, "version": version})

    def _of(self, number: int) -> str:
        return f"{self.home}/pull-requests/{number}"


def _split(place: Place) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before and after /scm/ in the address that git clones from."""
    if len(place.segments) < 3 or place.segments[-3] != "scm":
        raise error("forge_place_unknown")
    return place.segments[:-3], place.segments[-2:]
