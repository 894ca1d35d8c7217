"""Libraries that leave the process: which sort of boundary each is, where it takes its address, and its own limits."""

import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

from scanners.semantics.connections import ADDRESSED
from scanners.semantics.outbound import HTTP, NETWORK, PROCESSES, REDIS

KINDS: Final = (
    "http", "sql", "store", "cache", "broker", "mail", "object store", "rpc", "process", "ssh", "directory",
    "telemetry", "other",
)  # fmt: skip
"""The sorts of boundary. A store is a database that is not asked in SQL."""

NONE: Final = "none"


class Library(NamedTuple):
    """What is known of a client or a function: `words` and `position` say where it takes its address (-1: nowhere).

    `limits` are the keywords that bound it, `limit` what holds when none is passed ("" where that is not known);
    `again` are its own retries. `host` is where it goes when it is told no address.
    """

    kind: str
    name: str
    position: int = -1
    words: tuple[str, ...] = ("host", "hostname", "url", "base_url")
    limits: tuple[str, ...] = ("timeout",)
    limit: str = ""
    again: str = ""
    host: str = ""


def _listed(section: str) -> dict[str, Library]:
    """The libraries of a section of the list, by what makes a client or calls out."""
    data: dict[str, list[dict[str, Any]]] = tomllib.loads(_LIST.read_text(encoding="utf-8"))
    found: dict[str, Library] = {}
    for entry in data[section]:
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        names = str(fields.pop("names")).split()
        fields.pop("read_in", None)
        found |= dict.fromkeys(names, Library(**fields))
    return found


_LIST: Final = Path(__file__).with_suffix(".toml")
_SUBCLASSED: Final = ("requests_cache", "requests_oauthlib", "requests_toolbelt")


def _http_name(dotted: str) -> str:
    root = dotted.partition(".")[0]
    return "requests" if root in _SUBCLASSED else "http.client" if dotted.startswith("http.client") else root


HTTP_LIBRARIES: Final = {dotted: Library("http", _http_name(dotted)) for dotted in HTTP}
"""Calls over HTTP that the rules about timeouts judge."""

_SQL: Final = ("dsn", "conninfo", "url", "name_or_url", "host", "database_url")
_BROKER: Final = ("bootstrap_servers", "bootstrap.servers", "url", "host", "hosts", "servers", "broker")
_OF_NETWORK: Final = {
    "smtplib": "mail",
    "imaplib": "mail",
    "poplib": "mail",
    "ftplib": "ssh",
    "paramiko": "ssh",
    "ldap3": "directory",
    "pika": "broker",
    "confluent_kafka": "broker",
    "pymysql": "sql",
    "MySQLdb": "sql",
    "elasticsearch": "store",
    "xmlrpc": "rpc",
    "socket": "other",
    "telnetlib": "other",
}
_NOT_CLIENTS: Final = ("botocore.", "confluent_kafka.", "paramiko.SSHClient.exec")
"""Names in the tables of the rules that open nothing: calls of clients that are made elsewhere, and their settings."""


def _of_network(dotted: str) -> Library:
    root = dotted.partition(".")[0]
    return Library(_OF_NETWORK[root], root, 0, (*_BROKER, *_SQL))


def _addressed(dotted: str) -> Library:
    kind = "cache" if dotted in REDIS else "store" if "ongo" in dotted else "sql"
    name = "pymongo" if dotted.startswith("pymongo") else dotted.partition(".")[0]
    return Library(kind, name, 0, (*_SQL, "connection_pool", "sentinels"))


CLIENTS: Final = (
    {dotted: _of_network(dotted) for dotted in NETWORK if not dotted.startswith(_NOT_CLIENTS)}
    | {dotted: _addressed(dotted) for dotted in ADDRESSED}
    | {"socket.socket.connect": Library("other", "socket", 0, ("address",))}
    | _listed("client")
)
"""Clients by the name of what makes them, and single calls that make one for themselves."""

MORE_HTTP: Final = _listed("call")
"""HTTP calls by libraries that no rule judges."""

PROCESS_CALLS: Final = dict.fromkeys(
    (
        *PROCESSES, "subprocess.Popen", "subprocess.getoutput", "subprocess.getstatusoutput", "os.system", "os.popen",
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    ),
    Library("process", "subprocess", 0, ("args", "cmd", "command"), ("timeout",), NONE),
)  # fmt: skip
"""Starts of programs, and waits for them."""

AWS_KINDS: Final = {
    "s3": "object store", "sqs": "broker", "sns": "broker", "kinesis": "broker", "firehose": "broker",
    "events": "broker", "ses": "mail", "sesv2": "mail", "dynamodb": "store", "rds-data": "sql", "redshift-data": "sql",
    "athena": "sql", "logs": "telemetry", "cloudwatch": "telemetry",
}  # fmt: skip
"""The sort of boundary that a service of AWS is, "other" for those not named."""
