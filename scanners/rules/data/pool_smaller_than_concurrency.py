from scanners.finding import Confidence, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_WORK = "from concurrent.futures import ThreadPoolExecutor\n\nfrom db import Session\n\n\ndef load(key):\n    with Session() as session:\n        return session.get(dict, key)\n\n\n"
_BOUNDED = 8  # redis 8.1: at most 100 connections unless told; before, 2 ** 31.
_ENGINE = "from sqlalchemy import create_engine\n\n"


class PoolSmallerThanConcurrency(Rule):
    """
    With more threads than connections, the ones that come too late wait for the pool's timeout and then fail, only under
    load; without any limit, the database refuses everybody.

    Looks at pools of SQLAlchemy, asyncpg, psycopg and Redis beside the threads of executors whose work uses a session,
    of gunicorn and of celery, and at pools without a limit. A pooler such as pgbouncer is good, sizes from the
    environment are unresolved, and several pools of one kind cannot be told apart.
    """

    id = "pool-smaller-than-concurrency"
    area = "data"
    item = "B2"
    title = "Connection pool smaller than the threads that use it"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    fix = "Give the pool as many connections as threads (pool_size + max_overflow), or run fewer threads; bound every pool."
    bad = [
        Example(
            "more threads of an executor than connections",
            {
                "db.py": f"{_ENGINE}engine = create_engine('postgresql://db/shop', pool_size=5, max_overflow=5)\n",
                "work.py": f"{_WORK}def run(keys):\n    with ThreadPoolExecutor(max_workers=32) as pool:\n        return list(pool.map(load, keys))\n",
            },
            at=[("db.py", 3)],
        ),
        Example(
            "more threads of a server than connections",
            {
                "db.py": f"{_ENGINE}engine = create_engine('postgresql://db/shop')\n",
                "Procfile": "web: gunicorn shop.wsgi --workers 2 --threads 40\n",
            },
            at=[("db.py", 3)],
        ),
        Example(
            "no pool to a server, no limit",
            {
                "db.py": "import redis\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\n"
                "engine = create_engine('postgresql://db/shop', poolclass=NullPool)\ncache = redis.ConnectionPool(host='cache')\n",
                "requirements.txt": "redis==5.0.8\n",
            },
            at=[("db.py", 5), ("db.py", 6)],
        ),
    ]
    good = [
        Example(
            "enough connections",
            {
                "db.py": f"{_ENGINE}engine = create_engine('postgresql://db/shop', pool_size=20, max_overflow=20)\n",
                "work.py": f"{_WORK}def run(keys):\n    with ThreadPoolExecutor(max_workers=32) as pool:\n        return list(pool.map(load, keys))\n",
            },
        ),
        Example(
            "a pooler, a size from the environment",
            {
                "db.py": "import os\n\nfrom sqlalchemy import create_engine\nfrom sqlalchemy.pool import NullPool\n\n"
                "# pgbouncer pools\nengine = create_engine('postgresql://bouncer/shop', poolclass=NullPool)\n",
                "other.py": f"{_ENGINE}import os\n\nengine = create_engine('postgresql://db/shop', pool_size=int(os.environ['POOL']))\n",
                "docker-compose.yml": "services:\n  bouncer:\n    image: pgbouncer/pgbouncer:1.23\n",
            },
        ),
        Example(
            "threads that use no database, a bounded pool, SQLite",
            {
                "work.py": "import redis\nfrom concurrent.futures import ThreadPoolExecutor\nfrom sqlalchemy import create_engine\n\nengine = create_engine('sqlite:///shop.db')\n"
                "cache = redis.ConnectionPool(host='cache', max_connections=20)\n\n\ndef square(number):\n    return number * number\n\n\n"
                "def run(numbers):\n    with ThreadPoolExecutor(max_workers=64) as pool:\n        return list(pool.map(square, numbers))\n"
            },
        ),
    ]  # fmt: skip

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        pools = [pool for pool in tree.facts("pool") if not pool["address"].startswith("sqlite")]
        wanted = [(fact["size"], fact) for kind in ("executor", "threads") for fact in tree.facts(kind)]
        most = max(wanted, key=lambda pair: pair[0], default=None)
        pooler = bool(tree.facts("pooler"))
        releases = [fact["major"] for fact in tree.facts("redis-release")]
        old = bool(releases) and min(releases) < _BOUNDED
        databases = [pool for pool in pools if not pool["name"].startswith("redis")]
        for pool in pools:
            if pool["size"] is None:
                ctx.unresolved(pool.path, pool.line, "The size of the pool comes from elsewhere.")
            elif pooler or pool["pooled"]:
                ctx.site(pool.path, pool.line)
            elif pool["form"] == "NullPool":
                self._say(pool, "NullPool opens a connection for each use, without any limit.", Confidence.LOW, ctx)
            elif pool["size"] < 0 and pool["name"].startswith("redis") and not old:
                ctx.unresolved(
                    pool.path, pool.line, "Which release of redis-py is used, and so its limit, cannot be told."
                )
            elif pool["size"] < 0:
                self._say(pool, "The pool has no limit: under load it takes every connection of its server.", None, ctx)
            elif most is not None and most[0] > pool["size"] and pool in databases:
                if len(databases) > 1:
                    ctx.unresolved(pool.path, pool.line, "Which of the pools the threads use cannot be told.")
                    continue
                where = f"{most[1].path}:{most[1].line}"
                message = f"{most[0]} threads ({where}) share a pool of at most {pool['size']} connections."
                self._say(pool, message, None, ctx)
            else:
                ctx.site(pool.path, pool.line)

    def _say(self, pool: Fact, message: str, sure: Confidence | None, ctx: TreeContext) -> None:
        ctx.report(pool.path, pool.line, message, anchor=pool["text"], text=pool["text"], confidence=sure)
