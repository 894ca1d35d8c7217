"""GitLab, hosted or one's own."""

import re
from collections.abc import Iterator

from reviews.forges.client import MOST_PAGES, Client, Found, field, rows
from reviews.forges.errors import ForgeError, error
from reviews.forges.messages import State, Status
from reviews.forges.places import Place, path
from reviews.forges.tokens import Key
from scanners.git.credential import Credential

_PAGE = 50
_STATES = {State.PENDING: "pending", State.SUCCESS: "success", State.FAILURE: "failed", State.ERROR: "failed"}
_SAME = re.compile(r"Cannot transition status via :\w+ from :(\w+)")


class GitLab(Client):
    """Statuses of a commit's pipeline, and notes of merge requests. A project is named by its whole encoded path."""

    suffix = "/api/v4"
    longest = 900_000

    @classmethod
    def key(cls, known: Credential) -> Key:
        return Key("PRIVATE-TOKEN", known.token, known.token)

    @classmethod
    def found(cls, place: Place, api: str) -> str:
        segments = place.below(api, cls.suffix)
        if len(segments) < 2:
            raise error("forge_place_unknown")
        return "/projects" + path("/".join(segments))

    def set_status(self, status: Status) -> None:
        told = {"state": _STATES[status.state], "name": status.name, "description": status.text}
        try:
            self.calls.send("POST", f"{self.home}/statuses{path(status.commit)}", told | {"target_url": status.url})
        except ForgeError as problem:
            refused = _SAME.search(problem.said)
            if refused is None or refused[1] != told["state"]:  # To say the same again is an error there.
                raise

    def comments(self, number: int) -> Iterator[Found]:
        notes = f"{self.home}/merge_requests/{number}/notes?sort=asc&order_by=created_at&per_page={_PAGE}"
        for page in range(1, MOST_PAGES + 1):
            found = rows(self.calls.get(f"{notes}&page={page}"))
            yield from (Found(str(field(row, "id")), field(row, "body") or "") for row in found)
            if len(found) < _PAGE:
                return

    def add(self, number: int, text: str) -> str:
        made = self.calls.send("POST", f"{self.home}/merge_requests/{number}/notes", {"body": text})
        return str(field(made.data, "id"))

    def change(self, number: int, name: str, text: str) -> None:
        self.calls.send("PUT", f"{self.home}/merge_requests/{number}/notes{path(name)}", {"body": text})
