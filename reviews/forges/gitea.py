"""Gitea and Forgejo."""

from collections.abc import Iterator

from reviews.forges.client import Found, field, rows
from reviews.forges.issues import IssueClient
from reviews.forges.tokens import Key
from scanners.git.credential import Credential


class Gitea(IssueClient):
    """All comments come in one answer."""

    suffix = "/api/v1"

    @classmethod
    def key(cls, known: Credential) -> Key:
        return Key("Authorization", f"token {known.token}", known.token)

    def comments(self, number: int) -> Iterator[Found]:
        found = rows(self.calls.get(f"{self.home}/issues/{number}/comments"))
        yield from (Found(str(field(row, "id")), field(row, "body") or "") for row in found)
