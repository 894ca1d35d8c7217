"""What tests do to a boundary: run it for real, put something in its place, make it fail."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from scanners.inventory.crossings import Crossing, crossings
from scanners.inventory.summaries import Summary
from scanners.inventory.table import BAD, GOOD
from scanners.modules import absolute, module_of
from scanners.regex import regex
from scanners.semantics.tests.imported import importers
from scanners.tree import Fact, Tree

_STANDS_IN: Final = {
    "http": r"httpserver|localserver|^http$|wsgiref|wiremock|mockserver|pact|pook",
    "requests": r"responses|requests_mock|vcr|recording|betamax|httpretty|httmock",
    "httpx": r"respx|httpx|pytest_httpx|vcr|recording",
    "aiohttp": r"aioresponses|aiohttp|vcr|recording",
    "urllib3": r"responses|vcr|recording|httpretty",
    "urllib": r"httpretty|vcr|recording",
    "openai": r"respx|vcr|recording|httpx",
    "redis": r"redis|birdisle|valkey",
    "sql": r"postgres|mysql|mariadb|psycopg|testing|sqlalchemy|asyncpg",
    "pymongo": r"mongo",
    "store": r"elastic|opensearch|mongo|cassandra|neo4j|qdrant|influx|clickhouse",
    "boto3": r"moto|localstack|minio|boto",
    "mail": r"aiosmtpd|mailhog|smtp|mailpit|mailoutbox",
    "broker": r"rabbit|kafka|nats|redis|mosquitto|amqp|celery",
    "rpc": r"grpc",
    "directory": r"ldap|slapd",
    "ssh": r"sftp|ssh|ftpd?server",
    "cache": r"memcache|redis",
}
"""What speaks for a library or a sort of boundary in tests, as `test-real` names it."""

_CONTAINERS: Final = regex(r"testcontainers|pytest_docker")
_DATABASE: Final = regex(r"^(sqlalchemy|django\.db|psycopg2?|asyncpg|databases)$")


class Touch(NamedTuple):
    """What tests do to one boundary."""

    patches: list[Fact]
    real: list[str]
    fails: bool


class Realism:
    """What the tests of a commit do, asked of one boundary at a time."""

    def __init__(self, tree: Tree, known: Sequence[Crossing]) -> None:
        self._libraries = Counter(crossing.library for crossing in known)
        self._tested = bool(tree.facts("test-file", tests=True))
        self._patches = patches(tree)
        self._replaced = replaced(tree)
        self._real = list(tree.facts("test-real", tests=True))
        self._fails = {fact.path for fact in tree.facts("test-failure", tests=True)}
        self._importers = importers(tree)
        self._hosts: dict[str, set[str]] = defaultdict(set)
        for fact in tree.facts("test-hosts", tests=True):
            for host in fact["hosts"]:
                self._hosts[host].add(fact.path)
        self._driven = {fact.path for fact in tree.facts("test-urls", tests=True)}

    def of(self, crossing: Crossing) -> Summary:
        """What tests do to one boundary, in words."""
        touch = self.touch(crossing)
        real = f"real: {', '.join(touch.real[:3])}" if touch.real else ""
        mocked = f"mocked ({len(touch.patches)})" if touch.patches else ""
        if mocked and not real:
            mocked = f"mocked only ({len(touch.patches)})"
        parts = [part for part in (real, mocked, "failure simulated" if touch.fails else "") if part]
        if not parts:
            return Summary("none seen" if self._tested else "")  # Without any tests in sight every row would say so.
        good = touch.fails and touch.real
        return Summary("; ".join(parts), GOOD if good else "" if touch.fails or touch.real else BAD)

    def touch(self, crossing: Crossing) -> Touch:
        """The patches, the stand-ins and the failures that concern one boundary."""
        modules = {module_of(fact.path) for fact in crossing.facts}
        files = {path for module in modules for path in self._importers.of(module)}
        files |= self._hosts.get(crossing.target, set())
        alone = self._libraries[crossing.library] == 1
        targets = [target for target, crossed in self._replaced.items() if crossing.key in crossed]
        patches = [
            fact
            for target in targets
            for fact in self._patches[target]
            if alone or fact.path in files or not is_of_library(target, crossing)
        ]
        real, where = [], set()
        for fact in self._real:
            if _speaks_for(fact["name"], crossing) and (fact.path in files or _for_all(fact)):
                real.append(fact["name"])
                where.add(fact.path)
        fails = any(fact["fails"] for fact in patches) or bool(where & self._fails)
        return Touch(patches, list(dict.fromkeys(real)), fails)


def _for_all(fact: Fact) -> bool:
    return fact.path.endswith("conftest.py") or not fact.path.endswith(".py")


def _speaks_for(name: str, crossing: Crossing) -> bool:
    words = [_STANDS_IN.get(word, "") for word in (crossing.library, crossing.kind)]
    return any(word and re.search(word, name) for word in words) or (
        bool(_CONTAINERS.search(name))
        and crossing.kind in ("sql", "store", "cache", "broker", "object store", "directory")
    )


def patches(tree: Tree) -> dict[str, list[Fact]]:
    """The patches of tests by what they replace, as an absolute dotted name."""
    return tree.once("patches by target", lambda: _patches(tree))


def _patches(tree: Tree) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in tree.facts("patch", tests=True):
        found[absolute(fact["target"], fact.path)].append(fact)
    return dict(found)


def replaced(tree: Tree) -> dict[str, list[str]]:
    """The keys of the crossings that each target of a patch stands for, in their order."""
    return tree.once("boundaries replaced", lambda: _replaced(tree), lasts=True)


def _replaced(tree: Tree) -> dict[str, list[str]]:
    known = [(crossing, _by_module(crossing)) for crossing in crossings(tree)]
    return {
        target: [crossing.key for crossing, modules in known if _replaces(target, crossing, modules)]
        for target in patches(tree)
    }


def _by_module(crossing: Crossing) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in crossing.facts:
        found[f"{module_of(fact.path)}."].append(fact)
    return found


def _replaces(target: str, crossing: Crossing, modules: Mapping[str, Sequence[Fact]]) -> bool:
    """Whether what a patch replaces is a call of the boundary: the function that makes it, or the library itself."""
    if is_of_library(target, crossing):
        return True
    within = f".{target}"
    for module, facts in modules.items():
        if module in within and f".{module}" in within:
            rest = target.partition(module)[2]
            if rest and (_is_library(rest, crossing.library) or any(_holds(rest, fact) for fact in facts)):
                return True
    return False


def is_of_library(target: str, crossing: Crossing) -> bool:
    """Whether what a patch replaces is the library itself, for whoever calls it."""
    if crossing.kind == "process":
        return target.startswith(("subprocess.", "os.", "asyncio.")) and target.rpartition(".")[2] in _STARTS
    return f"{target}.".startswith(f"{crossing.library}.")


_STARTS: Final = frozenset(
    "run call check_call check_output Popen system popen getoutput communicate wait create_subprocess_exec "
    "create_subprocess_shell".split()
)


def _is_library(rest: str, library: str) -> bool:
    root = library.partition(".")[0]
    first, _, after = rest.partition(".")
    if root == "subprocess":
        return (first == "subprocess" and (not after or after in _STARTS)) or first in _STARTS
    return first == root or (root == "urllib" and "urlopen" in rest) or (root == "smtplib" and first.startswith("SMTP"))


def _holds(rest: str, fact: Fact) -> bool:
    """Whether what is replaced is the function that calls, its class, or the client that it calls through."""
    name = fact["name"]
    if name and (name == rest or name.startswith(f"{rest}.") or rest.startswith(f"{name}.")):
        return True
    client = str(fact.get("client") or "").lstrip(":").removesuffix("()")
    return bool(client) and client not in ("local", "?") and (rest == client or rest.startswith(f"{client}."))
