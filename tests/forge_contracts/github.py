"""GitHub's REST API, version 2022-11-28."""

from collections.abc import Mapping
from typing import Any

from tests.forge_contracts.contract import (
    COMMIT,
    Call,
    Contract,
    RefusedError,
    Reply,
    Route,
    Told,
    Written,
    link,
    one_of,
    page,
    text,
)

REPOSITORY = "/repos/acme/payments"
NUMBER = r"(?P<number>[1-9]\d*)"
NAME = r"(?P<name>[1-9]\d*)"
BODY = {"body": text(65_536)}
STATUS = {
    "state": one_of("error", "failure", "pending", "success"),
    "target_url": link(),
    "description": text(140, 0),
    "context": text(255),
}


def shown(comment: Written) -> dict[str, Any]:
    """A comment as it is answered."""
    return {"id": comment.name, "body": comment.text, "user": {"login": "plimsoll"}}


def read(contract: "GitHub", call: Call) -> Reply:
    return Reply(200, {"full_name": "acme/payments", "permissions": {"push": True}})


def set_status(contract: "GitHub", call: Call) -> Reply:
    data = call.data
    told = Told(call.found["commit"], data["context"], data["state"], data["description"], data["target_url"])
    contract.kept.statuses.append(told)
    return Reply(201, {"id": len(contract.kept.statuses), "state": told.state, "context": told.name})


def listed(contract: "GitHub", call: Call) -> Reply:
    rows = contract.kept.of(int(call.found["number"]))
    return Reply(200, [shown(comment) for comment in page(rows, call.query)])


def add(contract: "GitHub", call: Call) -> Reply:
    return Reply(201, shown(contract.kept.write(int(call.found["number"]), call.data["body"])))


def change(contract: "GitHub", call: Call) -> Reply:
    comment = contract.comment(call)
    comment.text = call.data["body"]
    comment.version += 1
    return Reply(200, shown(comment))


class GitHub(Contract):
    """As GitHub Enterprise Server serves it."""

    prefix = "/api/v3"
    no_commit = 422
    routes = (
        Route("GET", REPOSITORY, read),
        Route("POST", f"{REPOSITORY}/statuses/{COMMIT}", set_status, STATUS, frozenset(STATUS) - {"state"}),
        Route("GET", f"{REPOSITORY}/issues/{NUMBER}/comments", listed, query=frozenset({"per_page", "page", "since"})),
        Route("POST", f"{REPOSITORY}/issues/{NUMBER}/comments", add, BODY),
        Route("PATCH", f"{REPOSITORY}/issues/comments/{NAME}", change, BODY),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") in (f"Bearer {self.kept.token}", f"token {self.kept.token}")

    def check(self, call: Call) -> None:
        if not call.headers.get("user-agent"):
            raise RefusedError(403, "Request forbidden by administrative rules: no User-Agent")
        if call.headers.get("x-github-api-version", "2022-11-28") != "2022-11-28":
            raise RefusedError(400, "no such API version")
        if call.headers.get("accept") != "application/vnd.github+json":
            raise RefusedError(415, "not the recommended Accept header")

    def error(self, status: int, text: str) -> Any:
        return {"message": text, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
