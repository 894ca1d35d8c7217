"""Azure DevOps Services and Server."""

from collections.abc import Iterator

from reviews.forges.client import Client, Found, field, rows
from reviews.forges.errors import error
from reviews.forges.messages import State, Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key, basic
from scanners.git.credential import Credential

_VERSION = "?api-version=7.1"
_STATES = {State.PENDING: "pending", State.SUCCESS: "succeeded", State.FAILURE: "failed", State.ERROR: "error"}


class Azure(Client):
    """Statuses of commits, and threads of pull requests: ours has one comment, and is closed, so it holds up nobody.

    A comment's name is thread/comment.
    """

    suffix = "/_apis"
    longest = 140_000

    @classmethod
    def derive(cls, place: Place) -> str:
        return place.origin + path(*_split(place)[0]) + cls.suffix

    @classmethod
    def key(cls, known: Credential) -> Key:
        return basic(Credential(known.token, ""))

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        return "/git/repositories" + path(_split(place)[1])

    def check(self) -> None:
        self.calls.get(self.home + _VERSION)

    def set_status(self, status: Status) -> None:
        genre, _, name = status.name.rpartition("/")
        told = {"state": _STATES[status.state], "description": status.text, "targetUrl": status.url}
        context = {"genre": genre, "name": name} if genre else {"name": name}
        of_commit = f"{self.home}/commits{path(status.commit)}/statuses{_VERSION}"
        self.calls.send("POST", of_commit, told | {"context": context})

    def comments(self, number: int) -> Iterator[Found]:
        for thread in rows(field(self.calls.get(f"{self._of(number)}{_VERSION}"), "value")):
            made = [] if thread.get("isDeleted") else rows(thread.get("comments") or [])
            for row in made[:1]:  # What follows are answers to it.
                if not row.get("isDeleted"):
                    yield Found(f"{field(thread, 'id')}/{field(row, 'id')}", row.get("content") or "")

    def add(self, number: int, text: str) -> str:
        comment = {"parentCommentId": 0, "content": text, "commentType": "text"}
        thread = {"comments": [comment], "status": "closed"}
        made = self.calls.send("POST", f"{self._of(number)}{_VERSION}", thread).data
        first = next(iter(rows(field(made, "comments"))), None)
        return f"{field(made, 'id')}/{field(first, 'id')}"

    def change(self, number: int, name: str, text: str) -> None:
        thread, _, comment = name.partition("/")
        of_comment = f"{self._of(number)}{path(thread)}/comments{path(comment)}{_VERSION}"
        self.calls.send("PATCH", of_comment, {"content": text})

    def _of(self, number: int) -> str:
        return f"{self.home}/pullRequests/{number}/threads"


def _split(place: Place) -> tuple[tuple[str, ...], str]:
    """The organisation or collection with the project, and the repository; which has the project's name if alone."""
    *outer, mark, name = place.segments if len(place.segments) > 1 else ("", "")
    if mark != "_git":
        raise error("forge_place_unknown")
    bare = (place.host == "dev.azure.com" and len(outer) == 1) or (
        place.host.endswith(".visualstudio.com") and not [part for part in outer if part != "DefaultCollection"]
    )
    return (*outer, name) if bare else tuple(outer), name
