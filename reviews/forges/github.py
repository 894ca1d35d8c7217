"""GitHub and GitHub Enterprise Server."""

from collections.abc import Iterator

from reviews.forges.client import MOST_PAGES, Found, field, rows
from reviews.forges.issues import IssueClient
from reviews.forges.places import Place
from reviews.forges.tokens import Key, bearer
from scanners.git.credential import Credential

_PAGE = 50


class GitHub(IssueClient):
    """The comments come in pages."""

    suffix = "/api/v3"
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

    @classmethod
    def derive(cls, place: Place) -> str:
        return "https://api.github.com" if place.host == "github.com" else place.origin + cls.suffix

    @classmethod
    def key(cls, known: Credential) -> Key:
        return bearer(known)

    def comments(self, number: int) -> Iterator[Found]:
        for page in range(1, MOST_PAGES + 1):
            found = rows(self.calls.get(f"{self.home}/issues/{number}/comments?per_page={_PAGE}&page={page}"))
            yield from (Found(str(field(row, "id")), field(row, "body") or "") for row in found)
            if len(found) < _PAGE:
                return
