"""Azure DevOps' REST API, version 7.1. A comment is the first one of a thread."""

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

REPOSITORY = "/git/repositories/payments"
THREADS = rf"{REPOSITORY}/pullRequests/(?P<number>[1-9]\d*)/threads"
VERSION = frozenset({"api-version"})
LONGEST = 150_000


def _context(value: Any) -> bool:
    return isinstance(value, dict) and set(value) <= {"name", "genre"} and text(255)(value.get("name"))


def _comments(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and _comment(value[0])


def _comment(value: Any) -> bool:
    known = {"parentCommentId", "content", "commentType"}
    kinds = (1, "text")
    return set(value) <= known and text(LONGEST)(value.get("content")) and value.get("commentType") in kinds


STATUS = {
    "state": one_of("error", "failed", "notApplicable", "notSet", "pending", "succeeded"),
    "description": text(4000, 0),
    "targetUrl": link(),
    "context": _context,
}
STATES = one_of("active", "byDesign", "closed", "fixed", "pending", "unknown", "wontFix")


def shown(comment: Written) -> dict[str, Any]:
    return {"id": 1, "content": comment.text, "commentType": "text", "isDeleted": comment.deleted}


def thread(comment: Written) -> dict[str, Any]:
    return {"id": comment.name, "comments": [shown(comment)], "status": "closed", "isDeleted": False}


def read(contract: "Azure", call: Call) -> Reply:
    return Reply(200, {"id": "0ad49569", "name": "payments"})


def set_status(contract: "Azure", call: Call) -> Reply:
    data, context = call.data, call.data["context"]
    name = "/".join(part for part in (context.get("genre"), context["name"]) if part)
    told = Told(call.found["commit"], name, data["state"], data.get("description", ""), data.get("targetUrl", ""))
    contract.kept.statuses.append(told)
    return Reply(201, {"id": len(contract.kept.statuses), "state": told.state, "context": context})


def listed(contract: "Azure", call: Call) -> Reply:
    number = int(call.found["number"])
    rows = [thread(comment) for comment in contract.kept.comments if comment.number == number]
    return Reply(200, {"value": rows, "count": len(rows)})


def add(contract: "Azure", call: Call) -> Reply:
    made = contract.kept.write(int(call.found["number"]), call.data["comments"][0]["content"])
    return Reply(200, thread(made))


def change(contract: "Azure", call: Call) -> Reply:
    comment = contract.comment(call)
    comment.text = call.data["content"]
    comment.version += 1
    return Reply(200, shown(comment))


class Azure(Contract):
    """An organisation, a project, a repository. A token is the password of a user whose name is not looked at."""

    home = "/acme/shop/_git/payments"
    prefix = "/acme/shop/_apis"
    routes = (
        Route("GET", REPOSITORY, read, query=VERSION),
        Route(
            "POST",
            f"{REPOSITORY}/commits/{COMMIT}/statuses",
            set_status,
            STATUS,
            frozenset({"description", "targetUrl"}),
            VERSION,
        ),
        Route("GET", THREADS, listed, query=VERSION),
        Route("POST", THREADS, add, {"comments": _comments, "status": STATES}, frozenset({"status"}), VERSION),
        Route(
            "PATCH",
            rf"{THREADS}/(?P<name>[1-9]\d*)/comments/1",
            change,
            {"content": text(LONGEST)},
            query=VERSION,
        ),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        return basic(headers.get("authorization", ""))[1:] == (self.kept.token,)

    def check(self, call: Call) -> None:
        if call.query.get("api-version") != "7.1":
            raise RefusedError(400, "No api-version was supplied, or it is out of range.")
