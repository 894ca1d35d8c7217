"""Bitbucket Data Center's REST API. A changed comment names the version that it takes the place of."""

from collections.abc import Mapping
from typing import Any

from tests.forge_contracts.basic import basic
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
    text,
)

REPOSITORY = "/projects/ACME/repos/payments"
PULL = rf"{REPOSITORY}/pull-requests/(?P<number>[1-9]\d*)"
COMMENT = rf"{PULL}/comments/(?P<name>[1-9]\d*)"
STATUS = {
    "key": text(255),
    "state": one_of("SUCCESSFUL", "FAILED", "INPROGRESS", "CANCELLED", "UNKNOWN"),
    "url": link(450),
    "name": text(255),
    "description": text(255, 0),
    "ref": text(255),
}

OPTIONAL = frozenset({"name", "description", "ref"})


def shown(comment: Written) -> dict[str, Any]:
    return {"id": comment.name, "version": comment.version, "text": comment.text}


def read(contract: "BitbucketServer", call: Call) -> Reply:
    return Reply(200, {"slug": "payments", "project": {"key": "ACME"}})


def set_status(contract: "BitbucketServer", call: Call) -> Reply:
    data = call.data
    told = Told(call.found["commit"], data["key"], data["state"], data.get("description", ""), data["url"])
    contract.kept.statuses.append(told)
    return Reply(204)


def activities(contract: "BitbucketServer", call: Call) -> Reply:
    start, limit = int(call.query.get("start", "0")), int(call.query.get("limit", "25"))
    newest_first = contract.kept.of(int(call.found["number"]))[::-1]
    rows = [{"action": "COMMENTED", "comment": shown(comment)} for comment in newest_first] + [{"action": "OPENED"}]
    last = start + limit >= len(rows)
    answer = {"values": rows[start : start + limit], "isLastPage": last}
    return Reply(200, answer if last else answer | {"nextPageStart": start + limit})


def one(contract: "BitbucketServer", call: Call) -> Reply:
    return Reply(200, shown(contract.comment(call)))


def add(contract: "BitbucketServer", call: Call) -> Reply:
    return Reply(201, shown(contract.kept.write(int(call.found["number"]), call.data["text"])))


def change(contract: "BitbucketServer", call: Call) -> Reply:
    comment = contract.comment(call)
    if call.data["version"] != comment.version:
        raise RefusedError(409, "You are attempting to modify a comment based on out-of-date information.")
    comment.text = call.data["text"]
    comment.version += 1
    return Reply(200, shown(comment))


class BitbucketServer(Contract):
    """Served below a path of its own, as many are."""

    home = "/code/scm/ACME/payments.git"
    prefix = "/code/rest/api/1.0"
    routes = (
        Route("GET", REPOSITORY, read),
        Route(
            "POST",
            f"{REPOSITORY}/commits/{COMMIT}/builds",
            set_status,
            STATUS,
            OPTIONAL,
        ),
        Route("GET", f"{PULL}/activities", activities, query=frozenset({"start", "limit"})),
        Route("POST", f"{PULL}/comments", add, {"text": text(32_768)}),
        Route("GET", COMMENT, one),
        Route("PUT", COMMENT, change, {"text": text(32_768), "version": lambda value: isinstance(value, int)}),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        shown = headers.get("authorization", "")
        return shown == f"Bearer {self.kept.token}" or basic(shown)[1:] == (self.kept.token,)

    def error(self, status: int, text: str) -> Any:
        return {"errors": [{"context": None, "message": text, "exceptionName": None}]}
