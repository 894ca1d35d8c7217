"""Forges whose API began as GitHub's: commit statuses, and comments of the issue that every pull request is."""

from abc import ABC

from reviews.forges.client import Client, field, two
from reviews.forges.messages import Status
from reviews.forges.places import Place, path


class IssueClient(Client, ABC):
    """What they have in common. Each hands out its comments in its own way."""

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        return "/repos" + path(*two(place.below(api, cls.suffix)))

    def set_status(self, status: Status) -> None:
        told = {"state": str(status.state), "target_url": status.url, "description": status.text}
        self.calls.send("POST", f"{self.home}/statuses{path(status.commit)}", told | {"context": status.name})

    def add(self, number: int, text: str) -> str:
        made = self.calls.send("POST", f"{self.home}/issues/{number}/comments", {"body": text})
        return str(field(made.data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        self.calls.send("PATCH", f"{self.home}/issues/comments{path(name)}", {"body": text})
