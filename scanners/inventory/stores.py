"""The table of data stores: the databases, caches and indexes that the program keeps its data in."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from scanners.inventory.storeversions import Ran, disagreement, is_of_tests, ran, tested_on
from scanners.inventory.table import BAD, UNKNOWN, Cell, Column, Place, Row, Table
from scanners.tree import Fact, Tree

_ENDLESS: Final = frozenset({"postgresql", "mysql", "mongodb", "oracle", "mssql"})
"""What waits for ever where no limit is given; libraries of other stores have limits of their own."""
_WHERE: Final = {"production": "manifest", "development": "compose"}
_MOST: Final = 100
_REDIS_WAITS: Final = 8
"""redis-py waits 5 s from this major release on, and for ever before."""


def _rows(tree: Tree) -> Iterator[Row]:
    run, tested = _first(ran(tree)), _first(tested_on(tree))
    rows = [*_databases(tree, run, tested), *_clients(tree, run, tested)]
    yield from rows
    told = {str(row.cells["engine"]) for row in rows}
    for engine in dict.fromkeys(one.engine for one in run):
        if engine not in told:
            yield _image(engine, [one for one in run if one.engine == engine])


def _first(found: list[Ran]) -> list[Ran]:
    """The first hundred of each engine: every client of it is compared with them."""
    counted: Counter[str] = Counter()
    kept = []
    for one in found:
        counted[one.engine] += 1
        if counted[one.engine] <= _MOST:
            kept.append(one)
    return kept


def _databases(tree: Tree, run: list[Ran], tested: list[Ran]) -> Iterator[Row]:
    grouped: dict[tuple[str, str | None], list[Fact]] = {}
    for fact in tree.facts("django-database"):
        if not is_of_tests(fact):
            grouped.setdefault((fact["alias"], fact["engine"]), []).append(fact)
    for (alias, engine), facts in grouped.items():
        first = facts[0]
        limits = ", ".join(dict.fromkeys(limit for fact in facts for limit in fact["limits"]))
        hidden = any(fact["hidden"] for fact in facts)
        timeout = limits or (None if hidden or engine is None else "none" if engine in _ENDLESS else "")
        places = [Place(fact.path, fact.line, _says(fact)) for fact in facts]
        cells: dict[str, Cell] = {
            "engine": engine,
            "name": alias,
            "library": "django",
            "where": "settings",
            "timeout": timeout,
            "pool": _pool(facts),
        }
        doubt = "" if engine else f"{first['variable'] or 'Something else'} decides which engine it is."
        yield _finished(f"settings {alias} {engine or ''}", cells, places, run, tested, doubt)


def _says(fact: Fact) -> str:
    words = [fact["role"] or "settings"]
    words += [f"engine from {fact['variable']}"] if fact["variable"] else []
    words += ["ATOMIC_REQUESTS"] if fact["atomic"] else []
    return ", ".join(words)


def _pool(facts: list[Fact]) -> str | None:
    if any(fact["pooled"] for fact in facts):
        return "pool of psycopg"
    ages = list(dict.fromkeys(fact["age"] for fact in facts if fact["age"] != ""))
    if None in ages:
        return None
    return (
        f"none, connections kept {' or '.join(str(age) for age in ages)}" if ages else "none, one connection a request"
    )


def _clients(tree: Tree, run: list[Ran], tested: list[Ran]) -> Iterator[Row]:
    pools = {(fact.path, fact.line): fact for fact in tree.facts("pool")}
    grouped: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in [fact for fact in tree.facts("store-client") if not is_of_tests(fact)]:
        grouped.setdefault((fact["engine"], fact["library"], fact["name"]), []).append(fact)
    for (engine, library, name), facts in grouped.items():
        timeouts = list(dict.fromkeys(fact["timeout"] for fact in facts))
        sizes = [_size(pools[fact.path, fact.line], tree) for fact in facts if (fact.path, fact.line) in pools]
        cells: dict[str, Cell] = {
            "engine": engine or None,
            "name": name or library.rpartition(".")[2],
            "library": library,
            "where": "code",
            "timeout": _told(_joined(timeouts), engine, tree),
            "pool": _joined(sizes),
        }
        places = [Place(fact.path, fact.line, "client") for fact in facts]
        doubt = "" if engine else "Its address comes from elsewhere and says which engine it is."
        yield _finished(f"code {engine} {library} {name}", cells, places, run, tested, doubt)


def _told(timeout: str | None, engine: str, tree: Tree) -> str | None:
    """The limits of a client; where it has none, those of its library as far as they are known."""
    if timeout != "none" or engine in _ENDLESS:
        return "" if engine == "sqlite" else timeout
    releases = {fact["major"] for fact in tree.facts("redis-release")} if engine == "redis" else set()
    if releases:
        return "none" if min(releases) < _REDIS_WAITS else "library default 5 s"
    return "" if engine == "sqlite" else "library default"


def _joined(texts: Iterable[str | None]) -> str | None:
    told = list(dict.fromkeys(texts))
    return None if None in told else " or ".join(str(text) for text in told)


def _size(pool: Fact, tree: Tree) -> str | None:
    """How many connections a pool may hold; what bounds a pool of redis-py by itself depends on its release."""
    if pool["form"]:
        return str(pool["form"])
    releases = {fact["major"] for fact in tree.facts("redis-release")}
    bounded = pool["name"].startswith("redis") and not (releases and min(releases) < _REDIS_WAITS)
    if pool["size"] is None or (pool["size"] < 0 and bounded):
        return None
    return "unbounded" if pool["size"] < 0 else f"at most {pool['size']}"


def _image(engine: str, found: list[Ran]) -> Row:
    cells: dict[str, Cell] = {
        "engine": engine,
        "name": found[0].place.says.partition("service ")[2] or engine,
        "library": "",
        "where": _WHERE.get(found[0].environment, found[0].environment),
        "timeout": "",
        "pool": "",
    }
    return _finished(f"image {engine}", cells, [], found, [], "")


def _finished(
    key: str, cells: dict[str, Cell], places: list[Place], run: list[Ran], tested: list[Ran], doubt: str
) -> Row:
    engine = str(cells["engine"] or "")
    own = [one for one in run if one.engine == engine] if engine else []
    others = [one for one in tested if one.engine != engine] if cells["where"] == "settings" or not own else []
    wrong = disagreement(engine, run, tested) if engine and cells["where"] != "compose" else ""
    versions = list(dict.fromkeys([one.text for one in own] + ([one.text for one in others] if wrong else [])))
    marks = {"versions": BAD} if wrong else {}
    if cells["engine"] is None:
        marks["engine"] = UNKNOWN
    if cells["timeout"] == "none":
        marks["timeout"] = BAD
    elif cells["timeout"] is None or (engine == "redis" and cells["timeout"] == "library default"):
        marks["timeout"] = UNKNOWN
    if cells["pool"] == "unbounded":
        marks["pool"] = BAD
    places += [one.place for one in own] + ([one.place for one in others][:3] if wrong else [])
    return Row(
        key, cells | {"versions": versions}, tuple(dict.fromkeys(places)), marks, " ".join([doubt, wrong]).strip()
    )


TABLE = Table(
    "stores",
    "Data stores",
    (
        Column("engine", "Engine"),
        Column("name", "Name", "The alias of Django, the variable or address of a client, or the service."),
        Column("library", "Library"),
        Column("where", "Known from"),
        Column("versions", "Versions", "What each environment runs; marked where tests run on something else."),
        Column("timeout", "Timeout"),
        Column("pool", "Pool"),
    ),
    _rows,
)
