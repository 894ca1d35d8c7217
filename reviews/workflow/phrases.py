"""
Which facts of a scan stand beside a question that people answer. Pure.

    said(item, material)         # the hints for the `prefill` text of an asked item, nothing where nothing is known
    concerns(item, material)     # whether its `when` is so: True, False, or None where the facts cannot tell

A `prefill` text is a list of phrases: the id of a rule, the ref of an item, or one of SOURCES. Texts of the source code
are never shown: a default may be a secret.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from reviews.checklist import Item
from reviews.outcomes import Outcome
from reviews.workflow import tablehints
from reviews.workflow.hints import Hint, Material, Row, of_item, of_rule
from reviews.workflow.tablehints import Source, rows, since

_SPLIT = re.compile(r",\s*|\s+and\s+")


def said(item: Item, material: Material) -> tuple[Hint, ...]:
    """What the scan says beside an asked item, each thing once, in the order of its phrases."""
    found = (hint for phrase in phrases(item.prefill) for hint in _of_phrase(phrase, material))
    return tuple(dict.fromkeys(found))


def phrases(prefill: str) -> list[str]:
    """The parts of a `prefill` text."""
    return [phrase.removeprefix("item ") for phrase in _SPLIT.split(prefill) if phrase]


def concerns(item: Item, material: Material) -> bool | None:
    """Whether the condition for asking the item is met; None without a condition, or when the facts cannot tell."""
    condition = CONDITIONS.get(item.when)
    return condition(material) if condition is not None and material.facts else None


def _of_phrase(phrase: str, material: Material) -> Iterable[Hint]:
    source = SOURCES.get(phrase)
    if source is not None:
        return source(material)
    return of_item(phrase, material) if phrase in material.items else of_rule(phrase, material)


def _rule(rule: str) -> Source:
    return lambda material: of_rule(rule, material)


def _at(row: Row) -> str:
    return f"{row.get('file', '')}:{row.get('line', 1)}"


def _said(kind: str, text: Callable[[Row], str], *, tests: bool = False) -> Source:
    """A source of all facts of a kind; `text` gives what matters, empty for a fact that says nothing here."""

    def source(material: Material) -> Iterator[Hint]:
        for row in material.of(kind, tests=tests):
            if said := text(row):
                yield Hint(f"{kind} {said}", f"{_at(row)} {said}")

    return source


def _paths(what: str, pattern: str, *kinds: str) -> Source:
    """A source of the files of these kinds, or whose path looks so."""
    named = re.compile(pattern, re.IGNORECASE)

    def source(material: Material) -> Iterator[Hint]:
        for path, known in material.files.items():
            if known.kind in kinds or (pattern and named.search(path)):
                yield Hint(f"{what} {path.rpartition('/')[2]}", f"{path}:1 {what}")

    return source


def _all(*sources: Source) -> Source:
    return lambda material: (hint for source in sources for hint in source(material))


def _outward(row: Row) -> str:
    return f"{row['library']} in {row['name'] or 'the module'}"


def _peers(material: Material) -> Iterator[Hint]:
    """The boundaries by library: one more call of a known peer is no other peer."""
    for row in material.of("outward"):
        yield Hint(f"peer {row['library']}", f"{_at(row)} {_outward(row)}")


def _image_store(row: Row) -> str:
    found = _STORES.search(str(row["image"]).rpartition("/")[2])
    return f"{found[0].lower()} container" if found else ""


def _address(row: Row) -> str:
    return f"{' '.join(row['methods'])} {row['path'] or row['name']}".strip()


def _route(row: Row) -> str:
    return f"{_address(row)}, {_ASKED.get(row['auth'], row['auth'])}"


def _open_route(row: Row) -> str:
    return "" if row["auth"] == "guarded" else _route(row)


def _document(*kinds: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        dated = f", reviewed {row['date']}" if row["date"] else ", without a date"
        return f"{row['title'] or row['kind']}{dated}" if row["kind"] in kinds else ""

    return text


def _dashboards(material: Material) -> Iterator[Hint]:
    for row in material.of("document"):
        for link in row["links"]:
            if _DASHBOARD.search(link):
                yield Hint(f"dashboard {link}", f"{_at(row)} {link}")


def _fields(material: Material) -> Iterator[Hint]:
    for row in material.of("model"):
        for name in row["fields"]:
            if _PERSONAL.search(name):
                yield Hint(f"field {row['name']}.{name}", f"{_at(row)} {row['name']}.{name}")


def _limits(row: Row) -> str:
    given = [f"{what} limit {'set' if row[what] else 'missing'}" for what in ("memory", "cpu")]
    return f"{row['name']}: {', '.join(given)}"


def _migration(row: Row) -> str:
    name = row.get("revision") or str(row.get("file", "")).rpartition("/")[2].removesuffix(".py")
    operations = len(row["operations"])
    return f"{name}, {operations} operation{'' if operations == 1 else 's'}"


def _image(row: Row) -> str:
    return "" if row["dev"] else f"base image {'by digest' if '@sha256:' in row['base'] else 'by tag'}"


def _user(row: Row) -> str:
    return "" if row["dev"] else f"{row.get('name') or 'image'} runs as {row['user'] or 'the user of its image'}"


def _written(row: Row) -> str:
    return f"writes a file in {_file(row)}" if str(row["name"]).startswith("write") else ""


def _file(row: Row) -> str:
    return str(row.get("file", "")).rpartition("/")[2]


_ASKED = {"none": "asks nobody who they are", "open": "declared public", "unknown": "cannot be told who may call"}
_STORES = re.compile(
    r"postg\w+|mysql|mariadb|mongo\w*|redis|valkey|elasticsearch|opensearch|minio|cassandra|clickhouse|influxdb|couchdb"
    r"|neo4j|cockroach\w*|timescale\w*|rabbitmq|kafka|sqlite",
    re.IGNORECASE,
)
_STORE_MODULES = re.compile(
    r"^(psycopg\w*|asyncpg|pymysql|mysql|MySQLdb|aiomysql|sqlite3|aiosqlite|sqlalchemy|sqlmodel|peewee|tortoise|django\.db|pymongo"
    r"|motor|mongoengine|beanie|redis|boto3|aioboto3|botocore|cassandra|elasticsearch|opensearchpy|clickhouse\w*|influxdb\w*|neo4j"
    r"|google\.cloud\.(storage|firestore|bigquery|datastore|spanner)|azure\.(storage|cosmos)|minio|oracledb|pyodbc|couchbase"
    r"|duckdb|lancedb|chromadb|qdrant_client|etcd3|shelve|dbm|alembic)(\.|$)"
)
_SECRET = re.compile(
    r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|DSN|(^|_)(API_?)?KEYS?($|_)|(DATABASE|DB|REDIS|BROKER|AMQP|MONGO)\w*_UR[LI]$"
)
_DASHBOARD = re.compile(r"grafana|dashboard|datadoghq|kibana|newrelic|honeycomb|/d/\w{6,}", re.IGNORECASE)
_PERSONAL = re.compile(
    r"(^|_)(e?mail|phone|mobile|first_?name|last_?name|full_?name|surname|birth\w*|dob|gender|address\w*|street|postcode|zip\w*|city"
    r"|iban|ssn|passport|tax_?id|national_?id|card_?(number|holder)|ip(_address)?|latitude|longitude|salary|ethnicity|religion"
    r"|health\w*|diagnosis)($|_)",
    re.IGNORECASE,
)

_DATA_STORES = rows(
    "stores",
    tablehints.store,
    ("versions",),
    instead=_all(
        _said("database-engine", lambda row: f"{row['engine']} database"),
        _said("settings-store", lambda row: f"{row['engine']} database"),
        _said("service", _image_store),
    ),
)
_MATRIX = rows("boundaries", tablehints.matrix, instead=_peers)
_NEW_BOUNDARIES = since("boundaries", "boundary", ("timeout", "retry", "fallback"))
_FALLBACKS = rows("boundaries", tablehints.matrix, ("fallback", "tests"), instead=_said("outward", _outward))
_OPEN_ROUTES = rows(
    "endpoints",
    tablehints.open_route,
    ("authentication",),
    instead=_all(_said("route", _open_route), _said("generic-view", _open_route)),
)
_HELD = _all(rows("caches", tablehints.kept_here), _rule("global-state-mutated"))
_RUNBOOKS = _all(_said("document", _document("runbook")), _said("handbook", lambda _: "linked from the catalogue"))
_IMAGES = _said("image", _image)
SOURCES: Mapping[str, Source] = {
    "boundary matrix": _all(_MATRIX, _DATA_STORES),
    "boundaries": _all(_NEW_BOUNDARIES, rows("boundaries", tablehints.matrix, instead=_said("outward", _outward))),
    "timeout": lambda material: of_item("T1", material),
    "retry": lambda material: of_item("T3", material),
    "fallback of each boundary": rows(
        "boundaries", tablehints.matrix, ("timeout", "retry", "fallback"), instead=_said("outward", _outward)
    ),
    "fallbacks": _FALLBACKS,
    "failure tests": rows("boundaries", tablehints.made_to_fail, instead=_said("test-failure", _file, tests=True)),
    "metrics": _said("monitoring", lambda row: f"records {row['what']}"),
    "dashboards": _dashboards,
    "alert rules": _paths("alert rules", "", "alert-rules"),
    "runbooks": _RUNBOOKS,
    "secret-like variables": rows(
        "variables",
        tablehints.secret,
        ("default", "documented"),
        instead=_said("env-read", lambda row: row["name"] if _SECRET.search(row["name"]) else ""),
    ),
    "new routes": _all(
        since("endpoints", "route", ("authentication",)),
        rows("endpoints", tablehints.route, ("authentication",), instead=_said("route", _route)),
    ),
    "changed routes": _all(
        since("endpoints", "route", ("input", "output")),
        rows("endpoints", tablehints.address, ("input", "output"), instead=_said("route", _address)),
    ),
    "routes without authentication": _all(since("endpoints", "route", ("authentication",)), _OPEN_ROUTES),
    "user of the container": _all(_said("image", _user), _said("service", _user)),
    "rights of the pipeline": _rule("ci-untrusted-code"),
    "stores": _DATA_STORES,
    "data stores": _DATA_STORES,
    "replicas": _said("replicas", lambda row: f"{row['name']}: {row['count']} at once"),
    "local state": _HELD,
    "writes to globals": _HELD,
    "local files": _said("text-open", _written),
    "load-test files": _paths("load test", r"locust|(^|/|[_-])k6([/._-]|$)|gatling|jmeter|vegeta|load[_-]?tests?"),
    "jobs": rows(
        "jobs",
        tablehints.job,
        ("limit", "acknowledged", "retries"),
        instead=_said("job", lambda row: f"job {row['name']}"),
    ),
    "manifests": _said("service", lambda row: "" if row["dev"] else _limits(row)),
    "caches": rows("caches", tablehints.cache, ("bound", "eviction"), instead=_rule("cache-unbounded")),
    "queues": rows("caches", tablehints.queue, ("bound",), instead=_rule("unbounded-queue")),
    "queues on the way": _all(rows("boundaries", tablehints.hop), rows("jobs", tablehints.job)),
    "model fields": _fields,
    "migrations": _all(
        since("migrations", "migration"),
        rows("migrations", tablehints.migration, ("operations",), instead=_said("migration", _migration)),
    ),
    "irreversible migrations": rows("migrations", tablehints.irreversible),
    "locking migrations": rows("migrations", tablehints.locking, ("locks",)),
    "client libraries": rows("boundaries", tablehints.client, instead=_peers),
    "tests": _all(
        rows("boundaries", tablehints.tested, ("tests",)),
        rows("mocks", tablehints.mocked, ("failure",)),
        _said("test-urls", _file, tests=True),
    ),
    "lock": _all(
        _said("lock", lambda row: f"locked by {row['kind']}"), rows("dependencies", tablehints.dependency, ("state",))
    ),
    "image digest": _IMAGES,
    "pipeline": _said("ci-file", _file),
    "rollout configuration": _paths("rollout", r"(rollout|canary|deploy|release)[^/]*\.ya?ml$"),
    "owner files": _said("owner", lambda row: f"owner by {row['how']} {row.get('pattern', '')}".strip()),
    "documents": _said("document", _document("architecture", "readme")),
    "age of the page against new boundaries": _all(
        _said("document", _document("architecture")),
        _NEW_BOUNDARIES,
        rows("boundaries", tablehints.peer, instead=_peers),
    ),
    "its date": _RUNBOOKS,
    "waivers": lambda _: (),
}


def _has_store(material: Material) -> bool:
    if material.inventory.get("stores"):
        return True
    if any(_STORE_MODULES.match(str(row["module"])) for row in material.of("import")):
        return True
    return any(True for _ in material.of("model", "migration", "pool")) or any(True for _ in _DATA_STORES(material))


def _has_risky_migration(material: Material) -> bool | None:
    row = material.rule("migration-unsafe-while-running")
    return None if row is None else row["outcome"] not in (Outcome.PASS, Outcome.NOT_APPLICABLE)


CONDITIONS: Mapping[str, Callable[[Material], bool | None]] = {
    "the service has a data store": _has_store,
    "a migration is unsafe while running": _has_risky_migration,
}
