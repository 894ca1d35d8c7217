from scanners.context import Context
from scanners.facts.clients import judge, tell
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.connections import CALLS, django_entries, grpc_calls, opinion
from scanners.tree import Tree, TreeContext


class ConnectionWithoutTimeout(Rule):
    """
    A database, cache, broker or mail server that stops answering holds every worker that talks to it, one after another.

    Looks at clients of sockets, mail, FTP, SSH, LDAP, RabbitMQ, Kafka, PostgreSQL, MySQL, MongoDB, Redis and SQLAlchemy,
    and at Django's DATABASES and CACHES. What bounds reading counts; a limit on connecting alone is a minor finding.
    Limits are also read from literal addresses and options. `socket.setdefaulttimeout` anywhere in the repository bounds
    the clients of the standard library, and redis-py 8 or later bounds itself. SQLite is no network. An address from the
    environment and `**kwargs` are left unresolved.
    """

    id = "connection-without-timeout"
    area = "timeouts"
    item = "T1"
    title = "Network client without a timeout"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Give the client a limit for connecting and one for reading, for example `socket_timeout=5` or `timeout=10`."
    bad = (
        Example(
            "sockets, mail, FTP and SSH",
            {
                "push.py": "import ftplib, paramiko, smtplib, socket\ndef push(host, text):\n"
                '    with smtplib.SMTP(host) as mail:\n        mail.sendmail("a@example.org", "b@example.org", text)\n'
                "    ftp = ftplib.FTP(host)\n    line = socket.create_connection((host, 9000))\n"
                "    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n    plain.connect((host, 9001))\n"
                '    shell = paramiko.SSHClient()\n    shell.exec_command("uptime")\n'
            },
            at=[("push.py", line) for line in (3, 5, 6, 8, 10)],
        ),
        Example(
            "stores and brokers",
            {
                "stores.py": "import asyncpg, pika, psycopg2, pymongo, pymysql, redis\n"
                'from sqlalchemy import create_engine\ncache = redis.Redis(host="cache.internal")\n'
                'db = psycopg2.connect(host="db.internal", dbname="shop")\n'
                'half = psycopg2.connect("host=db.internal connect_timeout=3")\n'
                'engine = create_engine("postgresql://db.internal/shop")\n'
                'documents = pymongo.MongoClient("mongodb://documents.internal")\n'
                'old = pymysql.connect(host="old.internal")\nbroker = pika.ConnectionParameters("broker.internal")\n'
                'async def pool():\n    return await asyncpg.create_pool(host="db.internal")\n'
            },
            at=[("stores.py", line) for line in (3, 4, 5, 6, 7, 8, 9, 11)],
        ),
        Example(
            "Django's settings",
            {
                "shop/settings.py": "DATABASES = {\n"
                '    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"},\n}\nCACHES = {\n'
                '    "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://cache.internal"},\n'
                "}\n"
            },
            at=[("shop/settings.py", 2), ("shop/settings.py", 5)],
        ),
        Example(
            "what Kafka is given to send, a socket beside a poll of something else",
            {
                "send.py": "import socket\nfrom kafka import KafkaProducer\nsender = KafkaProducer(bootstrap_servers='kafka')\n"
                "def send(row, queue):\n    sender.send('rows', row).get()\n    sender.flush()\n    queue.poll(1.0)\n"
                "    plain = socket.socket()\n    plain.connect(('host.internal', 9001))\n"
            },
            at=[("send.py", line) for line in (5, 6, 9)],
        ),
    )
    good = (
        Example(
            "bounded in the call, the address or the options",
            {
                "stores.py": "import psycopg2, redis, smtplib, socket, pymongo\nfrom sqlalchemy import create_engine\n"
                'cache = redis.Redis(host="cache.internal", socket_timeout=2)\n'
                'db = psycopg2.connect(host="db", connect_timeout=3, options="-c statement_timeout=5000")\n'
                'engine = create_engine("postgresql://db/shop", connect_args={"options": "-c statement_timeout=5000"})\n'
                'local = create_engine("sqlite:///local.db")\n'
                'documents = pymongo.MongoClient("mongodb://documents.internal/?timeoutMS=3000")\n'
                'mail = smtplib.SMTP("mail.internal", timeout=10)\nplain = socket.socket()\nplain.settimeout(5)\n'
                'plain.connect(("host.internal", 9001))\n'
            },
        ),
        Example(
            "an address that is asked for with datagrams",
            {
                "send.py": "import socket\ndef reach(host):\n    for found in socket.getaddrinfo(host, 1, 0, socket.SOCK_DGRAM):\n"
                "        with socket.socket(*found[:3]) as plain:\n            plain.connect(found[4])\n"
            },
        ),
        Example(
            "addresses from elsewhere, and unpacked options",
            {
                "stores.py": 'import os, psycopg2, redis\ncache = redis.from_url(os.environ["REDIS_URL"])\n'
                'db = psycopg2.connect(os.environ["DATABASE_URL"])\ndef connect(**options):\n'
                "    return redis.Redis(**options)\n"
            },
        ),
        Example(
            "redis-py that bounds itself, Django on SQLite",
            {
                "pyproject.toml": '[project]\nname = "shop"\ndependencies = [\n    "redis>=8.0",\n]\n',
                "cache.py": 'import redis\ncache = redis.Redis(host="cache.internal")\n',
                "settings.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n',
            },
        ),
    )
    calls = CALLS

    def visit_call(self, call: Call, ctx: Context) -> None:
        found = opinion(call, ctx.tree) if ctx.tree is not None else None
        if found is not None:
            guess = call.last in ("accept", "recvfrom")
            tell(ctx, call, found.verdict, found.severity, Confidence.LOW if guess else None)

    def visit_module(self, ctx: Context) -> None:
        for place, verdict in grpc_calls(ctx.tree, ctx.module) if ctx.tree is not None else ():
            tell(ctx, place, verdict)
        if ctx.tree is not None and ctx.role not in ("settings-dev", "settings-test"):
            for place, found in django_entries(ctx.module, ctx.tree):
                tell(ctx, place, found.verdict, found.severity)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        judge(self, tree, ctx)
