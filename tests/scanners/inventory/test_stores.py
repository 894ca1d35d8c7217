from typing import Any

import pytest

from scanners.scan import scan_files


def rows(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows of the table by their keys."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return {row["key"]: dict(row) for row in report.inventory["stores"]}


def database(entry: str) -> dict[str, Any]:
    """The row of Django's default database."""
    ((_, row),) = rows(
        {"shop/settings.py": f"import os\nimport dj_database_url\nDATABASES = {{'default': {entry}}}\n"}
    ).items()
    return row


POSTGRES = "'ENGINE': 'django.db.backends.postgresql'"


@pytest.mark.parametrize(
    ("entry", "engine", "timeout", "pool"),
    [
        (f"{{{POSTGRES}}}", "postgresql", "none", "none, one connection a request"),
        (f"{{{POSTGRES}, 'CONN_MAX_AGE': 60}}", "postgresql", "none", "none, connections kept 60 s"),
        (f"{{{POSTGRES}, 'CONN_MAX_AGE': None}}", "postgresql", "none", "none, connections kept for ever"),
        (f"{{{POSTGRES}, 'OPTIONS': {{'pool': True}}}}", "postgresql", "none", "pool of psycopg"),
        (
            f"{{{POSTGRES}, 'OPTIONS': {{'connect_timeout': 5, 'options': '-c statement_timeout=9000'}}}}",
            "postgresql", "connect_timeout 5, statement_timeout 9000", "none, one connection a request",
        ),
        ("{'ENGINE': 'django.db.backends.sqlite3'}", "sqlite", "", "none, one connection a request"),
        ("dj_database_url.config(default='postgres://shop:geheim-9@db/shop', conn_max_age=600)",
         "postgresql", None, "none, connections kept 600 s"),
        ("{'ENGINE': os.environ['DB_ENGINE'], 'CONN_MAX_AGE': AGE}", None, None, None),
    ],
)  # fmt: skip
def test_databases_of_django_are_told(entry: str, engine: str | None, timeout: str | None, pool: str | None) -> None:
    row = database(entry)
    cells = row["cells"]
    assert (cells["engine"], cells["timeout"], cells["pool"]) == (engine, timeout, pool)
    assert row["marks"].get("timeout") == {"none": "bad", None: "unknown"}.get(timeout)
    assert "geheim" not in repr(row)


def test_an_engine_that_a_variable_decides_is_not_guessed() -> None:
    row = database("{'ENGINE': os.environ['DB_ENGINE']}")
    assert (row["cells"]["engine"], row["marks"]["engine"]) == (None, "unknown")
    assert row["unresolved"] == "DB_ENGINE decides which engine it is."


@pytest.mark.parametrize(
    ("source", "engine", "name", "timeout", "pool"),
    [
        (("import sqlalchemy as sa\n"
        "e = sa.create_engine('postgresql://u:geheim-9@db/shop', pool_size=3, max_overflow=2)\n"),
         "postgresql", "postgresql://db/shop", "none", "at most 5"),
        ("import os\nimport sqlalchemy as sa\ne = sa.create_engine(os.environ['SHOP_DB'])\n",
         None, "SHOP_DB", None, "at most 15"),
        (("import sqlalchemy as sa\n"
        "e = sa.create_engine(f'mysql+pymysql://u:{password}@db/shop', connect_args={'connect_timeout': 4})\n"),
         "mysql", "f'mysql+pymysql://u:{password}@db/shop'", "connect_timeout 4", "at most 15"),
        ("import os\nimport redis\nurl = os.environ.get('SHOP_REDIS')\nr = redis.from_url(url, socket_timeout=2)\n",
         "redis", "SHOP_REDIS", "socket_timeout 2", ""),
        ("import pymongo\nm = pymongo.MongoClient('mongodb://db', serverSelectionTimeoutMS=500)\n",
         "mongodb", "mongodb://db", "serverSelectionTimeoutMS 500", ""),
        ("import os\nSQLALCHEMY_DATABASE_URI = os.environ.get('SHOP_DB', 'postgresql://shop:geheim-9@db/shop')\n",
         "postgresql", "SHOP_DB", None, ""),
        ("import psycopg2\nc = psycopg2.connect(host=HOST, dbname='shop')\n", "postgresql", "HOST", "none", ""),
        ("import psycopg2\nc = psycopg2.connect(DSN)\n", "postgresql", "DSN", None, ""),
        ("import redis\np = redis.ConnectionPool(host='cache')\n", "redis", "cache", "library default", None),
        (("import sqlalchemy as sa\ndef f(word):\n    url = 'postgresql://u:{}@db/shop'.format(word)\n"
         "    return sa.create_engine(url, poolclass=sa.pool.NullPool)\n"), "postgresql", "url", None, "NullPool"),
        ("import psycopg2\nc = psycopg2.connect('host=db password=geheim-9 connect_timeout=3')\n",
         "postgresql", "host=db password=*** connect_timeout=3", "connect_timeout 3", ""),
        ("import sqlite3\nc = sqlite3.connect('shop.db')\n", "sqlite", "shop.db", "", ""),
    ],
)  # fmt: skip
def test_clients_are_told(source: str, engine: str | None, name: str, timeout: str | None, pool: str) -> None:
    ((_, row),) = rows({"shop/code.py": source}).items()
    cells = row["cells"]
    assert (cells["engine"], cells["timeout"], cells["pool"]) == (engine, timeout, pool)
    assert cells["name"] == name.replace("u:{password}@", "")
    assert "geheim" not in repr(row)


COMPOSE = "services:\n  web:\n    build: .\n  db:\n    image: postgres:16.2-alpine\n"
PIPELINE = (
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    services:\n      db:\n        image: postgres:%s\n"
)
SETTINGS = {"shop/settings.py": f"DATABASES = {{'default': {{{POSTGRES}}}}}\n"}
WORKFLOW = ".github/workflows/ci.yml"


def test_versions_are_told_for_each_environment() -> None:
    row = rows({**SETTINGS, "docker-compose.yml": COMPOSE, WORKFLOW: PIPELINE % "16"})["settings default postgresql"]
    assert row["cells"]["versions"] == ["compose: 16.2-alpine", "pipeline: 16"]
    assert "versions" not in row["marks"]
    assert ["docker-compose.yml", 4, "compose: service db"] in row["places"]


def test_tests_on_another_release_are_told() -> None:
    row = rows({**SETTINGS, "docker-compose.yml": COMPOSE, WORKFLOW: PIPELINE % "13"})["settings default postgresql"]
    assert row["marks"]["versions"] == "bad"
    assert row["unresolved"] == "Tests run on 13, what is deployed on 16."


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/settings_test.py", "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n"),
        ("tests/test_shop.py", "import sqlalchemy\ne = sqlalchemy.create_engine('sqlite://')\n"),
    ],
)
def test_tests_on_another_store_are_told(path: str, text: str) -> None:
    row = rows({**SETTINGS, path: text})["settings default postgresql"]
    assert row["cells"]["versions"] == ["tests: sqlite"]
    assert (row["marks"]["versions"], row["unresolved"]) == ("bad", "Tests run on sqlite instead.")
    started = "from testcontainers.postgres import PostgresContainer\nbox = PostgresContainer('postgres:16')\n"
    real = rows({**SETTINGS, path: text, "tests/test_real.py": started})["settings default postgresql"]
    assert (real["cells"]["versions"], "versions" in real["marks"]) == (["tests: 16"], False)


def test_a_store_that_only_compose_runs_has_a_row() -> None:
    row = rows({"docker-compose.yml": COMPOSE})["image postgresql"]
    assert (row["cells"]["name"], row["cells"]["where"]) == ("db", "compose")


@pytest.mark.parametrize(
    ("requirements", "timeout", "mark"),
    [
        ("redis==5.2.0\n", "none", "bad"),
        ("redis==8.0.1\n", "library default 5 s", None),
        ("", "library default", "unknown"),
    ],
)
def test_how_long_redis_waits_depends_on_its_release(requirements: str, timeout: str, mark: str | None) -> None:
    files = {"shop/code.py": "import redis\nr = redis.Redis('cache')\n", "requirements.txt": requirements}
    (row,) = rows(files).values()
    assert (row["cells"]["timeout"], row["marks"].get("timeout")) == (timeout, mark)
