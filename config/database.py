"""DATABASE_URL -> what Django's DATABASES needs."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

# Measured with web and worker writing at once: without WAL and IMMEDIATE a third of the writes fails as "locked".
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
    "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=2000;"
    # Whoever writes the last page waits for the disk. With the usual 1,000 that is one of 100 deliveries.
    "PRAGMA wal_autocheckpoint=5000;"
)


def is_embedded(url: str) -> bool:
    """Whether `url` names a database that lives in a file of this machine."""
    return url.startswith("sqlite:")


def database(url: str, statement_seconds: float = 30) -> dict[str, Any]:
    """The entry of Django's DATABASES for `url` (sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=...).

    Raises ValueError when the URL is neither.
    """
    parts = urlsplit(url)
    if not _has_a_port(parts):
        raise ValueError("what stands before the host is not written for a URL; / @ : # in it are %2F %40 %3A %23")
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme == "sqlite" and name and not parts.netloc:
        return _sqlite(Path(name))
    if parts.scheme in ("postgres", "postgresql") and name:
        place = {"NAME": name, "HOST": unquote(parts.hostname or ""), "PORT": str(parts.port or "")}
        who = {"USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or "")}
        return place | who | _postgresql(dict(parse_qsl(parts.query)), statement_seconds)
    raise ValueError("this is not the URL of a database that can be used")


def _has_a_port(parts: SplitResult) -> bool:
    """Whether the port is a number, or none. Python's own message would quote what stands there: part of a password."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # The last connection that closes writes the whole log back and waits for the disk: not at each request.
        "CONN_MAX_AGE": 600,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": _SQLITE_PRAGMAS},
        # A file also in tests: threads and child processes must see the same rows.
        "TEST": {"NAME": path.with_name(f"test-{path.name}")},
    }


def _postgresql(options: dict[str, str], statement_seconds: float) -> dict[str, Any]:
    milliseconds = int(statement_seconds * 1000)
    limits = (
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} "
        f"-c idle_in_transaction_session_timeout={2 * milliseconds}"
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "options": limits} | options,
    }
