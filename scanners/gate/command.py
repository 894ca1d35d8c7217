"""
The command itself: what it does, and how it ends.

Exit codes: 0 the commit may go out, 1 it may not, 2 something has to be set right first, 3 the time is up and the gate
is still pending, 4 it could not be told, 5 the server could not be reached.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Final

from scanners.gate.clock import Clock, Deadline
from scanners.gate.report import Json, lines, plain
from scanners.gate.server import RefusedError, Server, UnreachableError
from scanners.gate.usage import COMMITS

PASS, FAIL, REFUSED, PENDING, UNKNOWN, UNREACHABLE = range(6)
_EXITS: Final = {
    "pass": PASS,
    "pass-with-conditions": PASS,
    "fail": FAIL,
    "stale": FAIL,
    "pending": PENDING,
    "unknown": UNKNOWN,
}
_PATIENCE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 5.0
_ASKED_AGAIN_SECONDS: Final = 60.0
_LAST_SECONDS: Final = 1.0  # kept for asking a last time


def run(options: argparse.Namespace, environment: Mapping[str, str], clock: Clock | None = None) -> int:
    """Ask, wait if told to, print the answer on standard output and the way there on standard error."""
    try:
        answer = _answer(options, environment, clock or Clock())
    except RefusedError as error:
        _complain(error, options.format)
        return UNREACHABLE if isinstance(error, UnreachableError) else REFUSED
    sys.stdout.write(f"{_json(answer) if options.format == 'json' else _text(answer)}\n")
    return _EXITS.get(answer["verdict"], UNKNOWN)


def _answer(options: argparse.Namespace, environment: Mapping[str, str], clock: Clock) -> Json:
    commit = options.commit or next((environment[name] for name in COMMITS if environment.get(name)), "")
    if not commit:
        step = 'Pass --commit, such as --commit "$(git rev-parse HEAD)"'
        raise RefusedError("commit_missing", "No commit is named, and no variable of a CI system names one.", step)
    if not options.repository.isdecimal():
        step = "Pass --repository with the number that its gate page shows."
        raise RefusedError("repository_malformed", "The repository is no number.", step)
    deadline = Deadline.after(options.wait or _PATIENCE_SECONDS, clock)
    token = environment.get("PLIMSOLL_TOKEN", "").strip()
    with Server(options.server.strip(), token, deadline, say=_say) as server:
        return _settled(server, options, commit, deadline)


def _settled(server: Server, options: argparse.Namespace, commit: str, deadline: Deadline) -> Json:
    """The first answer that is not pending, or the last one before the time is up."""
    said = ""
    asks_at = deadline.clock.now()
    while True:
        answer, again = server.gate(options.repository, commit)
        if answer["verdict"] != "pending":
            return answer
        first, now = answer["reasons"][0], deadline.clock.now()
        if options.scan and first["code"] == "no-scan" and now >= asks_at:
            again = _asked(server, options.repository, commit)
            asks_at = now + _ASKED_AGAIN_SECONDS
        rest = deadline.left - _LAST_SECONDS
        if not options.wait or rest <= 0:
            return answer
        if first["text"] != said:
            said = first["text"]
            _say(f"Waiting: {said}")
        deadline.pause(again or _POLL_SECONDS, most=rest)


def _asked(server: Server, repository: str, commit: str) -> float | None:
    """Ask for a scan, and return in how many seconds it makes sense to look for what came of it."""
    try:
        scan, again = server.request_scan(repository, commit)
    except RefusedError as error:
        if error.code != "scans_waiting":
            raise
        _say(f"{error.message} {error.next_step}")
        return None
    _say(f"Asked for a scan: {scan['links']['page']}")
    return again


def _complain(error: RefusedError, form: str) -> None:
    _say(f"{error.message} {error.next_step}")
    if form == "json":
        problem = {"code": error.code, "message": error.message, "next": error.next_step}
        sys.stdout.write(f"{_json(problem)}\n")


def _text(answer: Json) -> str:
    return "\n".join(lines(answer))


def _json(value: Json) -> str:
    """As JSON, in which no text gives orders to a system that reads them from logs."""
    return json.dumps(value, indent=2).replace("##", "#\\u0023")


def _say(text: str) -> None:
    sys.stderr.write(f"plimsoll: {plain(text)}\n")
    sys.stderr.flush()
