"""What a person counted by hand, beside the inventory."""

from typing import Any

import pytest

from benchmarks.accuracy.recount_verdicts import CALLS, ROUTES, compared, plain
from benchmarks.accuracy.recounts import counted, score
from scanners.inventory.table import Place, Row

ORDERS = "shop/orders.py"


def boundary(*lines: int, **cells: Any) -> Row:
    told = {"kind": "http", "library": "httpx", "target": "pay_url", "timeout": "5 s", "retry": "none"}
    places = [Place(ORDERS, line) for line in lines]
    return Row("http pay_url", told | {"fallback": "raises"} | cells, places)


def endpoint(line: int, path: str, **cells: Any) -> Row:
    told = {"methods": ["GET"], "path": path, "framework": "fastapi", "authentication": "", "input": ""}
    return Row(f"GET {path}", told | cells, [Place(ORDERS, line)])


def call(line: int, **more: str) -> dict[str, Any]:
    return {"line": line, "kind": "http", "library": "httpx", "target": "pay_url", "timeout": "5 s"} | more


def test_the_count_is_whole() -> None:
    files = counted()
    assert len({file["package"] for file in files}) == 12
    assert sum(len(file["calls"]) for file in files) >= 120
    assert sum(len(file["routes"]) for file in files) >= 150
    assert all(
        one.keys() >= {"kind", "library", "target", "timeout", "retry", "failure"}
        for file in files
        for one in file["calls"]
    )
    assert all(one.keys() >= {"methods", "path", "authentication", "input"} for file in files for one in file["routes"])


def test_calls_are_found_missed_and_too_many() -> None:
    file = {"path": ORDERS, "calls": [call(10), call(30, missed="made by a method")], "also": [60]}
    told = score("calls", file, [boundary(10, 50, 61)])
    assert (told.found, told.missed, told.extra) == (1, 1, 1)
    assert told.notes == ["missed  shop/orders.py:30 made by a method", "extra   shop/orders.py:50"]


def test_a_boundary_is_judged_by_column() -> None:
    wanted = call(10, timeout="connect 5 s, read 30 s", retry="3 tries, backoff", failure="logged", target="host|?")
    row = boundary(10, timeout="connect 5 s, read 30 s", retry="2 tries", fallback="raises", target=None)
    assert compared(wanted, row, CALLS) == {
        "kind": "right",
        "library": "right",
        "target": "right",
        "timeout": "right",
        "retry": "partly",
        "failure": "wrong",
    }


@pytest.mark.parametrize(
    ("wanted", "told", "verdict"),
    [
        ("none", "none", "right"),
        ("none", "2 of 5 calls", "partly"),
        ("none", "5 s", "wrong"),
        ("5 s", "none", "wrong"),
        ("5 s", "10 s", "wrong"),
        ("5 s", "PAY_TIMEOUT", "partly"),
        ("none", "5 s, none", "partly"),
        ("default 5 s", "library default 5 s", "right"),
        ("default 5 s", "5 s", "partly"),
        ("config.timeout", "settings.TIMEOUT", "right"),
        ("5 s", None, "untold"),
    ],
)
def test_a_limit_is_right_when_its_numbers_are(wanted: str, told: str | None, verdict: str) -> None:
    assert compared(call(10, timeout=wanted), boundary(10, timeout=told), CALLS)["timeout"] == verdict


def test_of_two_routes_on_one_handler_each_has_its_row() -> None:
    routes = [
        {"line": 10, "methods": ["GET"], "path": "/rank", "full": "/node/rank", "authentication": "check_admin"},
        {"line": 11, "methods": ["GET"], "path": "/rank", "full": "/public/rank", "authentication": "none"},
    ]
    rows = [endpoint(11, "/public/rank"), endpoint(10, "/node/rank", authentication="check_admin")]
    told = score("routes", {"path": ORDERS, "routes": routes}, rows)
    assert (told.found, told.missed, told.extra, told.notes) == (2, 0, 0, [])


def test_a_route_is_judged_by_column() -> None:
    wanted = {
        "line": 10,
        "methods": ["GET", "POST"],
        "path": "/orders/<int:pk>",
        "full": "/api/orders/<int:pk>",
        "authentication": "login_required",
        "input": "OrderIn",
    }
    row = endpoint(10, "/orders/{pk}", authentication="", input=None)
    assert compared(wanted, row, ROUTES) == {
        "methods": "partly",
        "path": "partly",
        "authentication": "wrong",
        "input": "untold",
    }


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("/api/rss/<user>", "right"),
        ("/api/rss/…", "right"),
        ("/rss/{user}", "partly"),
        ("/api/…", "untold"),
        ("/", "wrong"),
    ],
)
def test_what_of_a_path_is_not_known_is_untold(told: str, verdict: str) -> None:
    wanted = {"line": 10, "methods": ["GET"], "path": "rss/<user>", "full": "api/rss/<user>"}
    assert compared(wanted, endpoint(10, told), ROUTES)["path"] == verdict


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("raises", "right"),
        ("wrapped in PayError", "right"),
        ("logged, goes on", "wrong"),
        ("raises (5), logged, error answered (4)", "partly"),
    ],
)
def test_a_failure_that_is_told_of_several_calls_is_partly_right(told: str, verdict: str) -> None:
    assert compared(call(10, failure="raises"), boundary(10, fallback=told), CALLS)["failure"] == verdict


@pytest.mark.parametrize(
    ("wanted", "told", "verdict"),
    [
        ("", "path pk; query page: int", "right"),
        ("", "body by hand (request.json); path pk", "right"),
        ("", "body OrderIn", "wrong"),
        ("OrderIn", "path pk; body OrderIn", "right"),
    ],
)
def test_only_a_body_has_a_schema(wanted: str, told: str, verdict: str) -> None:
    route = {"line": 10, "methods": ["GET"], "path": "/orders/{pk}", "input": wanted}
    assert compared(route, endpoint(10, "/orders/{pk}", input=told), ROUTES)["input"] == verdict


def test_paths_of_frameworks_are_compared_alike() -> None:
    assert (
        plain(r"^tickets/(?P<id>[0-9]+)/raw\.json$")
        == plain("/tickets/{id}/raw.json")
        == plain("tickets/<int:id>/raw.json")
    )
