"""Gitea's and Forgejo's API, version 1. It lists all comments of an issue at once."""

from collections.abc import Mapping
from typing import Any

from tests.forge_contracts import github
from tests.forge_contracts.contract import COMMIT, Call, Contract, Reply, Route, link, one_of, text
from tests.forge_contracts.github import BODY, NAME, NUMBER, REPOSITORY

STATUS = {
    "state": one_of("pending", "success", "error", "failure", "warning"),
    "target_url": link(),
    "description": text(1000, 0),
    "context": text(255),
}


def listed(contract: "Gitea", call: Call) -> Reply:
    return Reply(200, [github.shown(comment) for comment in contract.kept.of(int(call.found["number"]))])


class Gitea(Contract):
    """Served below the forge's own address."""

    prefix = "/api/v1"
    routes = (
        Route("GET", REPOSITORY, github.read),
        Route("POST", f"{REPOSITORY}/statuses/{COMMIT}", github.set_status, STATUS, frozenset(STATUS) - {"state"}),
        Route("GET", f"{REPOSITORY}/issues/{NUMBER}/comments", listed, query=frozenset({"since", "before"})),
        Route("POST", f"{REPOSITORY}/issues/{NUMBER}/comments", github.add, BODY),
        Route("PATCH", f"{REPOSITORY}/issues/comments/{NAME}", github.change, BODY),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") in (f"token {self.kept.token}", f"Bearer {self.kept.token}")

    def error(self, status: int, text: str) -> Any:
        return {"message": text, "url": "https://gitea.example/api/swagger"}
