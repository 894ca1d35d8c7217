from collections.abc import Mapping
from typing import Final

import libcst as cst

from scanners.fixes.arguments import refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.connections import ADDRESSED
from scanners.semantics.outbound import NETWORK, REDIS

_LIMITS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ldap3.Connection": (("receive_timeout", "10"),),
    "pika.ConnectionParameters": (("blocked_connection_timeout", "60"),),
    "pymysql.connect": (("read_timeout", "30"), ("write_timeout", "30")),
    "MySQLdb.connect": (("connect_timeout", "5"), ("read_timeout", "30"), ("write_timeout", "30")),
    "psycopg2.connect": (("connect_timeout", "5"), ("options", '"-c statement_timeout=30000"')),
    "psycopg.connect": (("connect_timeout", "5"), ("options", '"-c statement_timeout=30000"')),
    "asyncpg.connect": (("command_timeout", "30"),),
    "asyncpg.create_pool": (("command_timeout", "30"),),
    "pymongo.MongoClient": (("timeoutMS", "20000"),),
    "pymongo.AsyncMongoClient": (("timeoutMS", "20000"),),
    "motor.motor_asyncio.AsyncIOMotorClient": (("timeoutMS", "20000"),),
    **dict.fromkeys(REDIS, (("socket_timeout", "5"), ("socket_connect_timeout", "5"))),
}
"""Arguments that bound a client, in seconds but for those that say milliseconds."""
_LOOPS: Final = ("confluent_kafka.", "xmlrpc.")


class AddTimeoutToConnection(Fix):
    """
    Passes the limits that the client takes: `timeout=10` for mail, FTP and sockets, `socket_timeout=5` for Redis,
    `statement_timeout` for PostgreSQL, and so on. The numbers are a start; a person knows what the work needs.

    Not offered for plain sockets, gRPC stubs, settings of Django and engines of SQLAlchemy, whose options depend on the
    driver, and where options are unpacked or already say something else.
    """

    rule = "connection-without-timeout"
    fact = "suspect-client"
    bulk = False
    says = "Give the client a limit for connecting and for reading."
    examples = (
        Change(
            "mail, FTP, sockets",
            "import ftplib, smtplib, socket\ndef push(host):\n    with smtplib.SMTP(host) as mail:\n"
            "        mail.noop()\n"
            "    socket.create_connection((host, 9000))\n    return ftplib.FTP(\n        host,\n    )\n",
            "import ftplib, smtplib, socket\ndef push(host):\n    with smtplib.SMTP(host, timeout=10) as mail:\n"
            "        mail.noop()\n    socket.create_connection((host, 9000), timeout=10)\n    return ftplib.FTP(\n"
            "        host,\n        timeout=10,\n    )\n",
        ),
        Change(
            "stores",
            'import redis, psycopg2\ncache = redis.Redis(host="cache")\nwarm = redis.from_url("redis://cache")\n'
            'db = psycopg2.connect("shop")\nhalf = psycopg2.connect("shop", connect_timeout=3)\n',
            'import redis, psycopg2\ncache = redis.Redis(host="cache", socket_timeout=5, socket_connect_timeout=5)\n'
            'warm = redis.from_url("redis://cache", socket_timeout=5, socket_connect_timeout=5)\n'
            'db = psycopg2.connect("shop", connect_timeout=5, options="-c statement_timeout=30000")\n'
            'half = psycopg2.connect("shop", connect_timeout=3, options="-c statement_timeout=30000")\n',
        ),
    )
    declined = (
        Declined(
            "the driver decides",
            'from sqlalchemy import create_engine\nengine = create_engine("postgresql://db/shop")\n',
            "no one argument",
        ),
        Declined(
            "options",
            'import psycopg2\ndb = psycopg2.connect("dbname=shop", options="-c jit=off")\n',
            "options already",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass what bounds the client, but for what is passed already."""
        name, node = spot.call.dotted, spot.node(cst.Call)
        refuse_unpacked(node)
        given = {arg.keyword.value for arg in node.args if arg.keyword}
        if "options" in given:
            raise NotOfferedError("The client is given options already, which may say more.")
        for word, value in self._limits(spot, name, node):
            if word not in given or word in ADDRESSED.get(name, ((), ()))[0]:
                spot.change(node, with_keyword(word, spot.expression(value)))

    def _limits(self, spot: Spot, name: str, node: cst.Call) -> tuple[tuple[str, str], ...]:
        if name in _LIMITS:
            return _LIMITS[name]
        bound = NETWORK.get(name)
        if bound is None or name.startswith(_LOOPS):
            raise NotOfferedError("There is no one argument that bounds this client.")
        if bound.position >= 0 and sum(arg.keyword is None for arg in node.args) > bound.position:
            raise NotOfferedError("A timeout may be among the arguments that are passed by position.")
        return ((bound.words[0], "10"),)
