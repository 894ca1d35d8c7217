"""Commands that serve or work: which program, which port, whether it is long-running."""

import posixpath
import re
from typing import Final

from scanners.regex import regex

SERVERS: Final = regex(
    r"\b(uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve|uwsgi|flask\s+(\S+\s+)*run|fastapi\s+run|runserver|sanic|streamlit\s+run|"
    r"robyn|litestar\s+run|quart\s+run|bjoern|cheroot)\b"
)
WORKERS: Final = regex(
    r"\b(celery|rq\s+worker|rqworker|dramatiq|huey_consumer|arq|taskiq|faust|qcluster|procrastinate|runworker|consumer|worker)\b"
)
_PORT: Final = regex(
    r"(?:--port[= ]|(?<!\w)-p[= ]?|--(?:bind|http|listen)[= ]\S*?:|(?<!\w)-b[= ]?\S*?:|\b0\.0\.0\.0:"
    r"|\[::\]:|\*:)(\d{2,5})\b"
)
_DEFAULTS: Final = (
    ("flask", "5000"),
    ("waitress", "8080"),
    ("streamlit", "8501"),
    ("uvicorn", "8000"),
    ("fastapi", "8000"),
    ("runserver", "8000"),
    ("hypercorn", "8000"),
    ("daphne", "8000"),
    ("granian", "8000"),
    ("gunicorn", "8000"),
)
_INWARD: Final = ("uvicorn", "hypercorn", "daphne", "granian", "gunicorn", "flask", "runserver")
"""Servers that listen on 127.0.0.1 unless they are told otherwise."""
HOSTS: Final = frozenset({"HOST", "UVICORN_HOST", "FLASK_RUN_HOST", "GUNICORN_CMD_ARGS"})
"""Variables by which servers are told where to listen."""
_LOOPBACK: Final = regex(
    r"(?:--host|--bind|-b|-h|--address|runserver\S{0,40})[= ]\s{0,40}(?:127\.0\.0\.1|localhost)(?![.\w])"
)
_TOLD: Final = regex(
    r"--host\b|--bind\b|(?<!\S)-[bhu]|--endpoint\b|runserver\S{0,40}\s{1,40}(?:0|\[|[a-z0-9.]{1,80}:)|0\.0\.0\.0"
)
_ALL: Final = regex(r"0\.0\.0\.0|\[::\]")
_SETTINGS: Final = regex(r"(?<!\S)(?:-c|--config)[= ]\s*(\S+)")
_HIDDEN: Final = regex(r"\$|--config\b|(?<!\w)-c\b|\.sh\b|--uds|--unix|unix:|--fd|-k\b.*-c\b|\.ini\b|__template__")


def plain(command: str) -> str:
    """A command in brackets and quotes as it would be typed."""
    return re.sub(r"[\"',\[\]]+", " ", command)


def bound_port(command: str, env: dict[str, str], settings: dict[str, str]) -> str:
    """The port that a server is told to listen on, or its default; "" when it cannot be told.

    `settings` are the files that bind a port for gunicorn, by path.
    """
    text = plain(command)
    port = env.get("PORT", "")
    if port.isdigit():
        text = re.sub(r"\$\{?PORT(:?-\d+)?\}?", port, text)
    text = re.sub(r"\$\{PORT:?-(\d+)\}", r"\1", text)
    server = SERVERS.search(text)
    if server is None:
        return ""
    rest = text[server.start() :]
    found = set(_PORT.findall(rest))
    if server[0].startswith("runserver") and (last := re.search(r"runserver\S*\s+(?:\S*:)?(\d{2,5})\b", rest)):
        found = {last[1]}
    if found:
        return found.pop() if len(found) == 1 else ""
    told = re.search(r"(?<!\S)(--bind|-b)\b", rest)
    if server[0] == "gunicorn" and not told and (bound := _set_by(rest, settings)) is not None:
        return bound
    if _HIDDEN.search(rest) or any("PORT" in key.upper() or key.endswith("ARGS") for key in env):
        return ""
    return next((default for name, default in _DEFAULTS if server[0].startswith(name)), "")


def is_inward(command: str, env: dict[str, str], settings: dict[str, str]) -> bool:
    """Whether a server listens on 127.0.0.1 alone, as it is told or by its default: no other machine reaches it."""
    text = plain(command)
    server = SERVERS.search(text)
    if server is None:
        return False
    rest = text[server.start() :]
    if _LOOPBACK.search(rest) and not _ALL.search(rest):
        return True
    told = _TOLD.search(rest) or _HIDDEN.search(rest) or not HOSTS.isdisjoint(env)
    elsewhere = server[0] == "gunicorn" and (settings or "PORT" in env)
    return not told and not elsewhere and server[0].startswith(_INWARD)


def _set_by(arguments: str, settings: dict[str, str]) -> str | None:
    """The port of the settings file that gunicorn is given or takes by itself; None where none is in sight."""
    named = _SETTINGS.search(arguments)
    name = posixpath.basename(named[1].removeprefix("file:")) if named else "gunicorn.conf.py"
    ports = {port for path, port in settings.items() if posixpath.basename(path) == name}
    return None if not ports else ports.pop() if len(ports) == 1 else ""
