"""The table of caches and queues: what bounds each, how entries leave it, who shares it."""

from collections.abc import Iterator
from typing import Final

from scanners.inventory.table import BAD, GOOD, UNKNOWN, Cell, Column, Place, Row, Table
from scanners.tree import Fact, Tree

_DOUBTS: Final = {
    "hidden": "Its size is set elsewhere.",
    "watched": "The file looks at its size and may hold back by itself.",
    "signal": "It may hold one signal or one answer only.",
}
_OF_PROCESS: Final = ("locmem", "dummy")
_OF_SERVER: Final = ("redis", "memcached", "pylibmc", "valkey")


def _rows(tree: Tree) -> Iterator[Row]:
    yield from map(_cache, tree.facts("cache"))
    yield from map(_django, tree.facts("django-cache"))
    yield from _keys(tree)
    yield from map(_queue, tree.facts("queue"))


def _row(fact: Fact, kind: str, cells: dict[str, Cell], mark: str, doubt: str, says: str) -> Row:
    cells = {"name": fact["name"], "kind": kind} | cells
    marks = {"bound": mark} if mark else {}
    return Row(f"{kind} {fact['name']}", cells, (Place(fact.path, fact.line, says),), marks, doubt)


def _cache(fact: Fact) -> Row:
    bound = "unbounded" if fact["bound"] == -1 else None if fact["bound"] is None else str(fact["bound"])
    by_others = fact["eviction"] in ("by its own code", "when nobody holds it")
    kept = bound == "unbounded" and fact["eviction"].startswith("TTL") if fact["eviction"] else False
    if fact["kind"] == "django cache":
        bound, by_others = "by the backend", False
    mark = fact["judged"] or ("" if not fact["shared"] or bound in (None, "unbounded") else GOOD)
    doubt = "How far it grows depends on the keys that callers ask for." if mark == UNKNOWN else ""
    if bound is None and not by_others:
        mark, doubt = UNKNOWN, "Its size is set elsewhere."
    cells: dict[str, Cell] = {
        "bound": fact["eviction"] if by_others else "by time" if kept else bound,
        "eviction": fact["eviction"],
        "shared": fact["shared"] or None,
    }
    return _row(fact, fact["kind"], cells, mark, doubt, fact["library"] or "grows here")


def _django(fact: Fact) -> Row:
    backend = (fact["backend"] or "").lower()
    timeout = fact["timeout"]
    eviction = None if timeout == "?" else "none" if timeout is None else f"TTL {timeout} s"
    bound: str | None = None if fact["entries"] is None else str(fact["entries"])
    if any(word in backend for word in _OF_SERVER):
        bound = "by the server"
    elif "dummy" in backend:
        bound, eviction = "0", "keeps nothing"
    mark = (
        UNKNOWN if eviction is None or not backend else BAD if eviction == "none" and bound == "by the server" else GOOD
    )
    doubt = "Its backend or its timeout is set elsewhere." if mark == UNKNOWN else ""
    shared = None if not backend else "process" if any(word in backend for word in _OF_PROCESS) else "shared"
    cells: dict[str, Cell] = {"bound": bound if backend else None, "eviction": eviction, "shared": shared}
    says = fact["backend"].rpartition(".")[2] if fact["backend"] else "backend set elsewhere"
    return _row(fact, "django cache", cells, mark, doubt, says)


def _keys(tree: Tree) -> Iterator[Row]:
    by_name: dict[str, list[Fact]] = {}
    for fact in tree.facts("redis-key"):
        by_name.setdefault(fact["name"], []).append(fact)
    for facts in by_name.values():
        first = facts[0]
        expiries = list(dict.fromkeys(fact["eviction"] for fact in facts))
        lasting = "none" in expiries
        eviction = None if None in expiries and not lasting else ", ".join(str(text) for text in expiries if text)
        bound = "unbounded" if first["varies"] and eviction == "none" else "1" if not first["varies"] else "by time"
        mark = BAD if bound == "unbounded" else UNKNOWN if eviction is None and first["varies"] else ""
        cells: dict[str, Cell] = {
            "bound": None if eviction is None and first["varies"] else bound,
            "eviction": eviction,
            "shared": "shared",
        }
        doubt = "Other code of the file may see to its end." if mark == UNKNOWN else ""
        yield _row(first, "redis key", cells, mark, doubt, "set here")


def _queue(fact: Fact) -> Row:
    kind, size = fact["kind"], fact["size"]
    bound = None if size is None else str(size)
    mark, doubt = GOOD if fact["state"] == "limited" else "", _DOUBTS.get(fact["state"], "")
    if kind == "pool of work":
        workers = bound or ("min(32, CPUs + 4)" if fact["state"] == "default" else None)
        bound, mark = f"{workers} at once, line unbounded" if workers else None, ""
    elif fact["state"] in ("endless", "watched", "signal"):
        bound = "unbounded"
        mark = BAD if fact["busy"] else UNKNOWN
    if fact["state"] == "endless" and not fact["busy"]:
        doubt = "Whether its producers outrun its consumers cannot be told."
    if fact["state"] == "limited" and bound is None:
        doubt = "It has a limit that is set elsewhere."
    mark = UNKNOWN if fact["state"] == "hidden" else mark
    cells: dict[str, Cell] = {"bound": bound, "eviction": "", "shared": "process"}
    return _row(fact, "queue" if kind == "prefetch" else kind, cells, mark, doubt, fact["library"])


TABLE = Table(
    "caches",
    "Caches and queues",
    (
        Column("name", "Name"),
        Column("kind", "Kind"),
        Column("bound", "Bound", "How many entries it may hold."),
        Column("eviction", "Eviction", "How entries leave it."),
        Column("shared", "Shared", "Whether each process has its own."),
    ),
    _rows,
)
