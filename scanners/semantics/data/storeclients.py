"""Clients of data stores: which store each talks to, where its address comes from, and what bounds it."""

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from scanners.constants import fold
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.config.defaults import without_credentials
from scanners.semantics.outbound import REDIS
from scanners.syntax import unparse

CLIENTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("sqlalchemy.create_engine", "sqlalchemy.create_async_engine", "sqlmodel.create_engine", "databases.Database",
         "sqlalchemy.engine_from_config", "sqlalchemy.async_engine_from_config", "playhouse.db_url.connect",
         "dataset.connect", "pyodbc.connect"), ""
    ),
    **dict.fromkeys(
        ("psycopg2.connect", "psycopg.connect", "psycopg.Connection.connect", "psycopg.AsyncConnection.connect",
         "psycopg2.pool.ThreadedConnectionPool", "psycopg2.pool.SimpleConnectionPool", "psycopg_pool.ConnectionPool",
         "psycopg_pool.AsyncConnectionPool", "asyncpg.connect", "asyncpg.create_pool", "aiopg.create_pool",
         "peewee.PostgresqlDatabase", "playhouse.pool.PooledPostgresqlDatabase"), "postgresql"
    ),
    **dict.fromkeys(
        ("pymysql.connect", "MySQLdb.connect", "mysql.connector.connect", "aiomysql.create_pool", "aiomysql.connect",
         "mysql.connector.pooling.MySQLConnectionPool", "peewee.MySQLDatabase"), "mysql"
    ),
    **dict.fromkeys(("sqlite3.connect", "aiosqlite.connect", "peewee.SqliteDatabase",
                     "playhouse.sqlite_ext.SqliteExtDatabase", "apsw.Connection"), "sqlite"),
    **dict.fromkeys(("pymongo.MongoClient", "pymongo.AsyncMongoClient", "motor.motor_asyncio.AsyncIOMotorClient",
                     "mongoengine.connect"), "mongodb"),
    **dict.fromkeys((*sorted(REDIS), "redis.Sentinel", "aioredis.from_url", "valkey.Valkey"), "redis"),
    **dict.fromkeys(("elasticsearch.Elasticsearch", "elasticsearch.AsyncElasticsearch"), "elasticsearch"),
    **dict.fromkeys(("opensearchpy.OpenSearch", "opensearchpy.AsyncOpenSearch"), "opensearch"),
    **dict.fromkeys(("pymemcache.Client", "pymemcache.client.base.Client", "memcache.Client", "pylibmc.Client"),
                    "memcached"),
    **dict.fromkeys(("clickhouse_driver.Client", "clickhouse_connect.get_client"), "clickhouse"),
    **dict.fromkeys(("influxdb.InfluxDBClient", "influxdb_client.InfluxDBClient"), "influxdb"),
    **dict.fromkeys(("neo4j.GraphDatabase.driver", "neo4j.AsyncGraphDatabase.driver"), "neo4j"),
    **dict.fromkeys(("qdrant_client.QdrantClient", "qdrant_client.AsyncQdrantClient"), "qdrant"),
    **dict.fromkeys(("chromadb.HttpClient", "chromadb.PersistentClient", "chromadb.Client"), "chroma"),
    "cassandra.cluster.Cluster": "cassandra",
    "duckdb.connect": "duckdb",
    "oracledb.connect": "oracle",
    "cx_Oracle.connect": "oracle",
    "pymssql.connect": "mssql",
    "snowflake.connector.connect": "snowflake",
    "couchdb.Server": "couchdb",
    "arango.ArangoClient": "arangodb",
    "lancedb.connect": "lancedb",
    "pymilvus.MilvusClient": "milvus",
    "weaviate.Client": "weaviate",
}  # fmt: skip
"""Constructors by the store that they talk to, "" where the address says which."""

SCHEMES: Final[Mapping[str, str]] = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "psql": "postgresql",
    "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "sqlite3": "sqlite", "mssql": "mssql", "oracle": "oracle",
    "mongodb": "mongodb", "mongo": "mongodb", "redis": "redis", "rediss": "redis", "cockroachdb": "cockroachdb",
    "clickhouse": "clickhouse", "duckdb": "duckdb", "snowflake": "snowflake", "bigquery": "bigquery",
    "redshift": "redshift", "trino": "trino", "pgvector": "postgresql", "timescaledb": "postgresql",
    "spatialite": "sqlite", "elasticsearch": "elasticsearch", "valkey": "redis", "memcached": "memcached",
}  # fmt: skip
_ADDRESSES: Final = ("url", "dsn", "conninfo", "uri", "host", "database", "hosts", "startup_nodes", "path")
_VARIABLE: Final = regex(r"(?:environ(?:\.get\(|\[)|getenv\()\s*['\"](\w+)['\"]")
_CREDENTIALS: Final = regex(r"(://)[^@/\s]*@")
_BOUNDS: Final = (
    "connect_timeout", "timeout", "command_timeout", "statement_timeout", "socket_timeout", "socket_connect_timeout",
    "socketTimeoutMS", "connectTimeoutMS", "serverSelectionTimeoutMS", "timeoutMS", "request_timeout", "read_timeout",
    "pool_timeout", "busy_timeout", "query_timeout", "connection_timeout",
)  # fmt: skip
_BOUND: Final = regex(rf"\b({'|'.join(_BOUNDS)})\b['\"]?\s*[=:]\s*['\"]?(\d+(?:\.\d+)?(?:ms|s)?)")


def engine_of(address: str) -> str:
    """The store that an address names by its scheme; "" where it names none."""
    scheme = re.split(r"[+:]", address, maxsplit=1)[0].lower() if "://" in address or address.endswith(":") else ""
    return SCHEMES.get(scheme, "")


def address_of(call: Call) -> ast.expr | None:
    """The argument that holds the address."""
    if call.dotted.endswith(("ThreadedConnectionPool", "SimpleConnectionPool")):
        return call.argument(2, *_ADDRESSES)
    return call.argument(0, *_ADDRESSES)


def named(address: ast.expr | None, call: Call) -> str:
    """What a client's address is written as, without credentials: a text, a variable, a setting."""
    if address is None:
        return ""
    value: Any = fold(address, call.scope)
    if isinstance(value, str):
        return plain(value)
    text = unparse(address)
    found = _VARIABLE.search(text)
    if found:
        return found[1]
    ref = call.resolve(address)
    made = unparse(ref.origin) if ref is not None and ref.origin is not None else ""
    found = _VARIABLE.search(made)
    return found[1] if found else "" if isinstance(address, ast.Starred) else plain(" ".join(text.split()))[:60]


def plain(text: str) -> str:
    """An address without its user and password."""
    return without_credentials(_CREDENTIALS.sub(r"\1", text))[:80]


def bounds_of(call: Call) -> str | None:
    """The limits that a client is given: "connect_timeout 5", "none", or None where they may be hidden."""
    said = " ".join(unparse(word) for word in call.node.keywords if word.arg)
    address = address_of(call)
    value: Any = fold(address, call.scope) if address is not None else ""
    found = dict(_BOUND.findall(f"{said} {value if isinstance(value, str) else ''}"))
    given = [
        f"{name} {found.get(name, 'set elsewhere')}"
        for name in _BOUNDS
        if re.search(rf"\b{name}\b", said) or name in found
    ]
    if given:
        return ", ".join(given)
    computed = address is not None and not isinstance(value, str)
    return None if call.unpacks or (computed and _may_hold_limits(call)) else "none"


def _may_hold_limits(call: Call) -> bool:
    """Whether the address of a client is a whole URL, which may say how long to wait, and no bare name of a host."""
    if call.keyword("host", "hosts", "startup_nodes") is not None:
        return False
    return not call.dotted.startswith(("redis.", "valkey.")) or call.last == "from_url"
