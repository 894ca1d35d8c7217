"""Inventories as scans keep them, written by hand."""

from collections.abc import Iterable, Mapping
from typing import Any

from reviews import trees
from reviews.models import Repository, Scan, ScanTree
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Place, Row
from scanners.inventory.tables import TABLES
from tests.reviews.rows import finished

NEWER, OLDER = "7ac01d9" + "0" * 33, "1b2c3d4" + "0" * 33


def boundary(number: int = 1, kind: str = "http", mark: str = BAD, **fields: Any) -> Row:
    """A boundary: without a timeout unless its mark says otherwise."""
    timeout = {BAD: "none", UNKNOWN: None, GOOD: "5 s"}[mark]
    cells = {
        "kind": kind,
        "library": "requests",
        "target": f"host{number}.example.org",
        "calls": number,
        "timeout": timeout,
        "retry": "3 tries, backoff, jitter",
        "tests": [],
    }
    given = {
        "key": f"{kind} requests host{number}.example.org",
        "cells": cells | fields.pop("cells", {}),
        "places": (Place("pay/bank.py", number, "requests.get"), Place("pay/refunds.py", 40)),
        "marks": {"timeout": mark, "retry": GOOD},
        "unresolved": "The timeout comes from a variable." if mark == UNKNOWN else "",
    }
    return Row(**(given | fields))


def variable(name: str = "PAY_URL", **cells: Any) -> Row:
    """A variable that is required."""
    given = {"name": name, "default": "", "required": True, "documented": [], "read": 1}
    return Row(f"variable {name}", given | cells, (Place("pay/settings.py", 3),), {"documented": BAD})


def endpoint(path: str = "/rates", mark: str = BAD, **cells: Any) -> Row:
    """An endpoint that is open to everybody unless its mark says otherwise."""
    authentication = {BAD: "none", UNKNOWN: None, GOOD: "login_required"}[mark]
    given = {"methods": "GET", "path": path, "handler": "pay.main.rates", "authentication": authentication}
    return Row(f"GET {path}", given | cells, (Place("pay/main.py", 8),), {"authentication": mark})


def dependency(name: str = "requests", direct: bool = True, **fields: Any) -> Row:
    """A dependency that is as the lock says."""
    cells = {
        "name": name,
        "wanted": ">=2",
        "locked": "2.32.0",
        "group": "run",
        "direct": direct,
        "through": [],
        "state": "ok",
        "advisories": [],
        "end_of_life": "",
        "hashed": True,
        "source": "index",
        "declared_in": "pyproject.toml",
        "locked_in": "uv.lock",
    }
    given = {"key": f"dependency {name}", "places": (Place("pyproject.toml", 9),), "marks": {"state": GOOD}}
    return Row(cells=cells | fields.pop("cells", {}), **(given | fields))


def keep(scan: Scan, tables: Mapping[str, Iterable[Row]]) -> ScanTree:
    """Keep these rows with a scan; every other table is empty, as a scan leaves it."""
    content = {name: [row.as_json() for row in tables.get(name, ())] for name in TABLES}
    tree, _ = ScanTree.objects.update_or_create(
        scan=scan,
        defaults={
            "files": trees.pack({"files": [], "skipped": [], "suppressions": []}),
            "inventory": trees.pack(content),
        },
    )
    return tree


def told(repository: Repository, commit: str = NEWER, **tables: Iterable[Row]) -> Scan:
    """A finished scan, the newest of its repository, that kept these rows."""
    scan = finished(repository, commit=commit)
    keep(scan, tables)
    return scan
