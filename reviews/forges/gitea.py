"""Gitea and Forgejo."""

from collections.abc import Iterator

from reviews.forges.client import Client, Found, field, rows, two
from reviews.forges.messages import Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key
from scanners.git.credential import Credential


class Gitea(Client):
    """Commit statuses, and comments of the issue that every pull request is. All comments come in one answer."""

    suffix = "/api/v1"

    @classmethod
    def key(cls, known: Credential) -> Key:
        return Key("Authorization", f"token {known.token}", known.token)

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        return "/repos" + path(*two(place.below(api, cls.suffix)))

    def set_status(self, status: Status) -> None:
        told = {"state": str(status.state), "target_url": status.url, "description": status.text}
        self.calls.send("POST", f"{self.home}/statuses{path(status.commit)}", told | {"context": status.name})

    def comments(self, number: int) -> Iterator[Found]:
        found = rows(self.calls.get(f"{self.home}/issues/{number}/comments"))
        yield from (Found(str(field(row, "id")), field(row, "body") or "") for row in found)

    def add(self, number: int, text: str) -> str:
        made = self.calls.send("POST", f"{self.home}/issues/{number}/comments", {"body": text})
        return str(field(made.data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        self.calls.send("PATCH", f"{self.home}/issues/comments{path(name)}", {"body": text})
