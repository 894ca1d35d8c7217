"""Reads the stories of the demo services: text files that tell a repository commit by commit.

@= ada Ada Marsh <ada@example.com>     a person and the short name used below
@@ 181 ada: Take card payments         a commit, 181 days before the newest day, by Ada
@+ payments/main.py                    the whole file follows
@- payments/old.py                     the file goes
@~ payments/main.py                    in the file, what follows @< becomes what follows @>, in its one place
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reviews.demo.origin import Commit

_LINE = re.compile(r"@(?P<mark>[=@+~<>-])(?: (?P<rest>.*))?")
_COMMIT = re.compile(r"(?P<days>\d+) (?P<who>\w+): (?P<message>.+)")
# The hours at which these people push, so that no two days look alike.
_HOURS = (9, 14, 11, 16, 10, 13, 15)


class StoryError(ValueError):
    """A story that cannot be told: the message names the line."""


@dataclass
class _Telling:
    """How far a story is told."""

    today: datetime
    people: dict[str, str] = field(default_factory=dict)
    tree: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str | None] = field(default_factory=dict)
    path: str = ""
    old: str = ""


def commits(text: str, today: datetime) -> list[Commit]:
    """The commits of a story, oldest first, the same for the same text and day. Raises StoryError."""
    telling = _Telling(today)
    made: list[Commit] = []
    head = ""
    for number, (mark, rest, body) in enumerate(_parts(text)):
        if mark == "@":
            made += _commit(telling, head, len(made))
            head = rest
        elif not _TELLERS[mark](telling, rest, body):
            raise StoryError(f"part {number}, @{mark} {rest}: {telling.path} does not hold this exactly once")
    return made + _commit(telling, head, len(made))


def on_top(text: str, more: str, today: datetime) -> list[Commit]:
    """The commits that `more` tells on top of a story. Raises StoryError."""
    return commits(f"{text}\n{more}".rstrip("\n"), today)[len(commits(text, today)) :]


def _parts(text: str) -> Iterator[tuple[str, str, str]]:
    """(mark, rest of its line, the lines below it) of every part."""
    mark, rest, lines = "", "", list[str]()
    for line in text.split("\n"):
        found = _LINE.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        if mark:
            # An empty line sets the next commit off and is no part of a file.
            yield mark, rest, "\n".join(lines).removesuffix("\n" if found["mark"] == "@" else "")
        mark, rest, lines = found["mark"], found["rest"] or "", []
    if mark:
        yield mark, rest, "\n".join(lines)


def _person(telling: _Telling, rest: str, _body: str) -> bool:
    name, _, address = rest.partition(" ")
    telling.people[name] = address
    return True


def _write(telling: _Telling, rest: str, body: str) -> bool:
    return _put(telling, rest, f"{body.strip()}\n" if body.strip() else "")


def _remove(telling: _Telling, rest: str, _body: str) -> bool:
    telling.changed[rest] = None
    return telling.tree.pop(rest, None) is not None


def _turn_to(telling: _Telling, rest: str, _body: str) -> bool:
    telling.path = rest
    return rest in telling.tree


def _remember(telling: _Telling, _rest: str, body: str) -> bool:
    telling.old = body
    return telling.tree[telling.path].count(body) == 1


def _replace(telling: _Telling, _rest: str, body: str) -> bool:
    return _put(telling, telling.path, telling.tree[telling.path].replace(telling.old, body))


def _put(telling: _Telling, path: str, content: str) -> bool:
    telling.tree[path] = telling.changed[path] = content
    return True


_TELLERS = {"=": _person, "+": _write, "-": _remove, "~": _turn_to, "<": _remember, ">": _replace}


def _commit(telling: _Telling, head: str, number: int) -> list[Commit]:
    if not head:
        return []
    found = _COMMIT.fullmatch(head)
    if found is None or found["who"] not in telling.people:
        raise StoryError(f"@@ {head}: a commit is 'days who: message', by a person named before")
    day = telling.today - timedelta(days=int(found["days"]))
    at = day.replace(hour=_HOURS[number % len(_HOURS)], minute=number * 7 % 60, second=0, microsecond=0)
    files, telling.changed = telling.changed, {}
    return [Commit(found["message"], telling.people[found["who"]], at, files)]
