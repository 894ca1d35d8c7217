"""GitHub and GitHub Enterprise Server."""

from collections.abc import Iterator

from reviews.forges.client import MOST_PAGES, Client, Found, field, rows, two
from reviews.forges.messages import Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key, bearer
from scanners.git.credential import Credential

_PAGE = 50


class GitHub(Client):
    """Commit statuses, and comments of the issue that every pull request is."""

    suffix = "/api/v3"
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

    @classmethod
    def derive(cls, place: Place) -> str:
        return "https://api.github.com" if place.host == "github.com" else place.origin + cls.suffix

    @classmethod
    def key(cls, known: Credential) -> Key:
        return bearer(known)

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        return "/repos" + path(*two(place.below(api, cls.suffix)))

    def set_status(self, status: Status) -> None:
        told = {"state": str(status.state), "target_url": status.url, "description": status.text}
        self.calls.send("POST", f"{self.home}/statuses{path(status.commit)}", told | {"context": status.name})

    def comments(self, number: int) -> Iterator[Found]:
        for page in range(1, MOST_PAGES + 1):
            found = rows(self.calls.get(f"{self.home}/issues/{number}/comments?per_page={_PAGE}&page={page}"))
            yield from (Found(str(field(row, "id")), field(row, "body") or "") for row in found)
            if len(found) < _PAGE:
                return

    def add(self, number: int, text: str) -> str:
        made = self.calls.send("POST", f"{self.home}/issues/{number}/comments", {"body": text})
        return str(field(made.data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        self.calls.send("PATCH", f"{self.home}/issues/comments{path(name)}", {"body": text})
