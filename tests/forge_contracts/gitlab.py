"""GitLab's API, version 4. A pending status cannot be said again; one that has ended makes place for another."""

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

PROJECT = "/projects/(?:acme%2Fpayments|42)"
NOTES = rf"{PROJECT}/merge_requests/(?P<number>[1-9]\d*)/notes"
EVENTS = {"pending": "enqueue", "running": "run", "success": "success", "failed": "drop", "canceled": "cancel"}
STATUS = {
    "state": one_of(*EVENTS),
    "name": text(255),
    "target_url": link(240),
    "description": text(255, 0),
    "ref": text(255),
}
BODY = {"body": text(1_000_000)}


def shown(note: Written) -> dict[str, Any]:
    return {"id": note.name, "body": note.text, "system": False, "noteable_iid": note.number}


def read(contract: "GitLab", call: Call) -> Reply:
    return Reply(200, {"id": 42, "path_with_namespace": "acme/payments"})


def set_status(contract: "GitLab", call: Call) -> Reply:
    commit, data = call.found["commit"], call.data
    name = data.get("name", "default")
    open_ones = [
        told
        for told in contract.kept.statuses
        if (told.commit, told.name) == (commit, name) and told.state in ("pending", "running")
    ]
    if open_ones and EVENTS[data["state"]] in ("enqueue", "run") and open_ones[0].state in (data["state"], "running"):
        why = f"Cannot transition status via :{EVENTS[data['state']]} from :{open_ones[0].state}"
        raise RefusedError(400, f"{why} (Reason(s): Status cannot transition)", violation=False)
    told = Told(commit, name, data["state"], data.get("description", ""), data.get("target_url", ""))
    contract.kept.statuses[:] = [kept for kept in contract.kept.statuses if kept not in open_ones] + [told]
    return Reply(201, {"id": len(contract.kept.statuses), "sha": commit, "status": told.state, "name": name})


def listed(contract: "GitLab", call: Call) -> Reply:
    notes = contract.kept.of(int(call.found["number"]))
    oldest_first = call.query.get("sort", "desc") == "asc"
    return Reply(200, [shown(note) for note in page(notes if oldest_first else notes[::-1], call.query)])


def add(contract: "GitLab", call: Call) -> Reply:
    return Reply(201, shown(contract.kept.write(int(call.found["number"]), call.data["body"])))


def change(contract: "GitLab", call: Call) -> Reply:
    note = contract.comment(call)
    note.text = call.data["body"]
    note.version += 1
    return Reply(200, shown(note))


class GitLab(Contract):
    """Projects are named by their number or their whole path, encoded."""

    prefix = "/api/v4"
    routes = (
        Route("GET", PROJECT, read),
        Route("POST", f"{PROJECT}/statuses/{COMMIT}", set_status, STATUS, frozenset(STATUS) - {"state"}),
        Route("GET", NOTES, listed, query=frozenset({"sort", "order_by", "page", "per_page"})),
        Route("POST", NOTES, add, BODY),
        Route("PUT", rf"{NOTES}/(?P<name>[1-9]\d*)", change, BODY),
    )

    def knows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("private-token") == self.kept.token or headers.get("authorization") == (
            f"Bearer {self.kept.token}"
        )

    def error(self, status: int, text: str) -> Any:
        return {"message": f"{status} {text}" if status in (401, 403, 404) else text}
