"""When runtimes stop getting fixes: the dated table beside this file."""

import datetime as dt
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_NAMES = {"postgresql": "postgres", "postgis/postgis": "postgres", "mongodb": "mongo", "amazonlinux": "amazon"}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def checked() -> dt.date:
    """The day on which the table was last compared with what the projects announce."""
    day: dt.date = _table()["checked"]
    return day


def ends(product: str, version: str) -> dt.date | None:
    """The last day with fixes of a version (`3.9.2`, `12-alpine`, `bullseye-slim`), None for one that is not known."""
    dates = _table().get(_NAMES.get(product, product))
    if not isinstance(dates, dict):
        return None
    number = re.match(r"\d+(?:\.\d+)*", version)
    parts = number[0].split(".") if number else [version.partition("-")[0]]
    for length in (2, 1):
        found: dt.date | None = dates.get(".".join(parts[:length]))
        if found is not None and (length == 1 or len(parts) >= 2):
            return found
    return None


def covers(product: str) -> bool:
    """Whether the table has dates of a product at all."""
    return isinstance(_table().get(_NAMES.get(product, product)), dict)
