"""Bitbucket Cloud's API, version 2.0."""

from collections.abc import Callable, Mapping
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
    page,
    text,
)

REPOSITORY = "/repositories/acme/payments"
COMMENTS = rf"{REPOSITORY}/pullrequests/(?P<number>[1-9]\d*)/comments"
STATUS = {
    "key": text(40),
    "state": one_of("SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED"),
    "url": link(),
    "name": text(255),
    "description": text(255, 0),
    "refname": text(255),
}
RAW: dict[str, Callable[[Any], bool]] = {
    "content": lambda value: isinstance(value, dict) and set(value) == {"raw"} and text(32_768)(value["raw"])
}


def shown(comment: Written) -> dict[str, Any]:
    return {"id": comment.name, "content": {"raw": comment.text, "markup": "markdown"}, "deleted": comment.deleted}


def read(contract: "Bitbucket", call: Call) -> Reply:
    return Reply(200, {"full_name": "acme/payments"})


def set_status(contract: "Bitbucket", call: Call) -> Reply:
    data, commit = call.data, call.found["commit"]
    told = Told(commit, data["key"], data["state"], data.get("description", ""), data["url"])
    same = [kept for kept in contract.kept.statuses if (kept.commit, kept.name) == (commit, told.name)]
    contract.kept.statuses.append(told)
    return Reply(200 if same else 201, {"key": told.name, "state": told.state})


def listed(contract: "Bitbucket", call: Call) -> Reply:
    number = int(call.found["number"])
    rows = [comment for comment in contract.kept.comments if comment.number == number]  # with the deleted ones
    found = page(rows, call.query, "pagelen")
    answer: dict[str, Any] = {"values": [shown(comment) for comment in found], "pagelen": len(found)}
    if found and found[-1] is not rows[-1]:
        answer["next"] = f"https://api.bitbucket.org/2.0{call.path}?page={int(call.query.get('page', 1)) + 1}"
    return Reply(200, answer)


def add(contract: "Bitbucket", call: Call) -> Reply:
    return Reply(201, shown(contract.kept.write(int(call.found["number"]), call.data["content"]["raw"])))


def change(contract: "Bitbucket", call: Call) -> Reply:
    comment = contract.comment(call)
    comment.text = call.data["content"]["raw"]
    comment.version += 1
    return Reply(200, shown(comment))


class Bitbucket(Contract):
    """Tokens of a repository are bearers; those of people go with a name. `next` names the next page."""

    prefix = "/2.0"
    routes = (
        Route("GET", REPOSITORY, read),
        Route(
            "POST",
            f"{REPOSITORY}/commit/{COMMIT}/statuses/build",
            set_status,
            STATUS,
            frozenset({"name", "description", "refname"}),
        ),
        Route("GET", COMMENTS, listed, query=frozenset({"page", "pagelen", "sort", "q"})),
        Route("POST", COMMENTS, add, RAW),
        Route("PUT", rf"{COMMENTS}/(?P<name>[1-9]\d*)", change, RAW),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        shown = headers.get("authorization", "")
        return shown == f"Bearer {self.kept.token}" or basic(shown)[1:] == (self.kept.token,)

    def check(self, call: Call) -> None:
        if call.query.get("sort", "created_on") not in ("created_on", "-created_on"):
            raise RefusedError(400, "cannot be sorted by that")

    def error(self, status: int, text: str) -> Any:
        return {"type": "error", "error": {"message": text}}
