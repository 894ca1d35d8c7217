"""OSV records, and services that lock what they are about."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from reviews.waived import today

LOCK = 'version = 1\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n'


def record(ident: str = "PYSEC-0-1", name: str = "Tackle", fixed: str = "2.0", **fields: Any) -> dict[str, Any]:
    """A record of a fault in every version of `name` before `fixed`, written down today."""
    edges = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": edges}]}
    return {
        "id": ident,
        "modified": f"{fields.pop('day', today())}T06:00:00Z",
        "summary": "A peer can stop it.",
        "affected": [affected],
    } | fields


def days_ago(days: int) -> date:
    """The day so many days before today."""
    return today() - timedelta(days=days)


def folder(path: Path, *records: dict[str, Any]) -> Path:
    """A folder with a file of each record, made anew."""
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.json"):
        old.unlink()
    for one in records:
        (path / f"{one['id']}.json").write_text(json.dumps(one))
    return path


def lock(name: str = "tackle", version: str = "1.9") -> str:
    """A lock file with one package."""
    return LOCK.format(name=name, version=version)


def killed_at(table: str) -> Callable[..., Any]:
    """A wrapper of statements that ends the process, as Ctrl-C does, where a row of a table would be written."""

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and table in sql:
            raise KeyboardInterrupt
        return run(sql, params, many, context)

    return execute
