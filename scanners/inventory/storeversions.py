"""Which versions of a store each environment runs, and whether tests run on another store than production."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from scanners.inventory.table import Place
from scanners.regex import regex
from scanners.semantics.data.storeclients import SCHEMES
from scanners.semantics.environment.images import parse
from scanners.tree import Fact, Tree

_IMAGES: Final = {
    **SCHEMES,
    "mariadb": "mysql", "memcached": "memcached", "opensearch": "opensearch", "cassandra": "cassandra",
    "neo4j": "neo4j", "influxdb": "influxdb", "couchdb": "couchdb", "qdrant": "qdrant", "milvus": "milvus",
    "clickhouse-server": "clickhouse", "mongodb": "mongodb", "pgbouncer": "", "weaviate": "weaviate",
    "alpine-postgres": "postgresql", "percona": "mysql", "redis-stack": "redis", "redis-stack-server": "redis",
    "dragonfly": "redis", "keydb": "redis", "postgresql": "postgresql", "timescaledb-ha": "postgresql",
}  # fmt: skip
_SERVERS: Final = frozenset({"postgresql", "mysql", "oracle", "mssql", "cockroachdb"})
_TESTS: Final = regex(r"(^|[_.-])test(s|ing)?([_.-]|$)")
_MAJOR: Final = regex(r"^(?:pg|v)?(\d+)")


class Ran(NamedTuple):
    """A store that an environment runs: `environment` is production, compose, development, pipeline or tests."""

    engine: str
    version: str
    environment: str
    place: Place

    @property
    def text(self) -> str:
        """The version with its environment."""
        return f"{self.environment}: {self.version or 'version not told'}"

    @property
    def major(self) -> str:
        """The major version, "" where it cannot be told."""
        found = _MAJOR.match(self.version)
        return found[1] if found else ""


def store_image(reference: str) -> tuple[str, str]:
    """Engine and tag of a store's image, ("", "") for any other image."""
    image = parse(reference)
    return _IMAGES.get(image.short.lower(), ""), image.tag if image.known else ""


def ran(tree: Tree) -> list[Ran]:
    """Every store that compose files, manifests, pipelines and tests run."""
    found = list(_services(tree))
    for fact in tree.facts("ci-store"):
        engine, tag = store_image(fact["text"])
        place = Place(fact.path, fact.line, "pipeline")
        found.append(
            Ran(engine or SCHEMES.get(fact["engine"], fact["engine"]), tag or fact["major"], "pipeline", place)
        )
    started = tree.facts("test-container", tests=True)
    tests = [Ran(fact["engine"], fact["version"], "tests", Place(fact.path, fact.line, "started")) for fact in started]
    return found + tests


def _services(tree: Tree) -> Iterator[Ran]:
    for fact in tree.facts("service", tests=True):
        engine, tag = store_image(fact["image"])
        if not engine or fact.path_class.name == "example":
            continue
        environment = "production" if fact["kind"] == "manifest" else "compose"
        if fact.path_class.name == "test":
            environment = "tests"
        elif fact["dev"] or fact.path_class.role in ("dev", "test"):
            environment = "tests" if fact.path_class.role == "test" else "development"
        yield Ran(engine, tag, environment, Place(fact.path, fact.line, f"{environment}: service {fact['name']}"))


def tested_on(tree: Tree) -> list[Ran]:
    """The stores that the settings and the engines of tests name."""
    found = []
    for fact in tree.facts("django-database", tests=True):
        if is_of_tests(fact) and fact["engine"] and fact["alias"] == "default":
            place = Place(fact.path, fact.line, "settings of tests")
            found.append(Ran(fact["engine"], fact["engine"], "tests", place))
    for fact in tree.facts("test-store", tests=True):
        engine = SCHEMES.get(fact["engine"], "")
        if engine:
            found.append(Ran(engine, engine, "tests", Place(fact.path, fact.line, "engine of a test")))
    return found


def is_of_tests(fact: Fact) -> bool:
    """Whether settings are those of tests, by where they stand or by what their file is called."""
    named = _TESTS.search(fact.path.rpartition("/")[2]) is not None
    return fact.path_class.name == "test" or fact["role"] == "settings-test" or named


def disagreement(engine: str, run: list[Ran], tested: list[Ran]) -> str:
    """How tests differ from production in their store; "" where they do not, or where that cannot be told."""
    own = [one for one in run if one.engine == engine]
    checked = {one.major for one in own if one.environment in ("pipeline", "tests") and one.major}
    served = {one.major for one in own if one.environment in ("production", "compose") and one.major}
    if checked and served and not checked & served:
        return f"Tests run on {' and '.join(sorted(checked))}, what is deployed on {' and '.join(sorted(served))}."
    real = any(one.environment in ("pipeline", "tests") for one in own) or any(one.engine == engine for one in tested)
    others = sorted({one.engine for one in tested if one.engine != engine})
    if engine in _SERVERS and others and not real:
        return f"Tests run on {' and '.join(others)} instead."
    return ""
