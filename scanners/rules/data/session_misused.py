from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.data.shared import (
    SPAWNS,
    commits,
    handed_to_workers,
    is_left_broken,
    mentions_commit,
    module_level,
    users,
)
from scanners.semantics.dbsessions import is_known_session, is_session
from scanners.semantics.hot import is_hot
from scanners.semantics.routes import routes_of

_HEAD = "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session, sessionmaker\n\nengine = create_engine('postgresql://db/shop')\nMake = sessionmaker(engine)\n\n\n"
_ASYNC = "import asyncio\n\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def load(session: AsyncSession, key):\n    await session.get(dict, key)\n\n\n"


class SessionMisused(Rule):
    """
    A session is one conversation with the database: two threads in it mix their transactions, and after a failed commit
    it answers nothing but errors until it is rolled back.

    Looks at SQLAlchemy sessions and connections of psycopg2, MySQL and sqlite3 that are made once for a module and used by
    handlers or tasks, or handed to several threads or tasks, and at handlers that swallow a failed commit without rollback
    or close. scoped_session, `with`, begin() and sessions that a framework ends are good.
    """

    id = "session-misused"
    area = "data"
    item = "B3"
    title = "Session or connection shared, or left broken after a failure"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Open a session for each request, thread or task with `with Session() as session`; roll back in the handler."
    bad = [
        Example(
            "one session for all requests",
            {
                "app.py": _HEAD.replace("\n\n\n", "\n")
                + "from fastapi import FastAPI\n\napp = FastAPI()\nsession = Make()\n\n\n"
                "@app.get('/orders')\nasync def orders():\n    return session.execute('SELECT 1').all()\n"
            },
            at=[("app.py", 9)],
        ),
        Example(
            "one session in many threads or tasks",
            {
                "work.py": _HEAD
                + "from concurrent.futures import ThreadPoolExecutor\n\n\ndef work(session, row):\n    session.add(row)\n\n\n"
                "def run(rows):\n    session = Make()\n    with ThreadPoolExecutor(4) as pool:\n        for row in rows:\n            pool.submit(work, session, row)\n",
                "tasks.py": _ASYNC
                + "async def all(session: AsyncSession, keys):\n    await asyncio.gather(*(load(session, key) for key in keys))\n",
            },
            at=[("tasks.py", 11), ("work.py", 19)],
        ),
        Example(
            "a failed commit is swallowed",
            {
                "save.py": _HEAD
                + "def save(session: Session, row):\n    try:\n        session.add(row)\n        session.commit()\n    except Exception as error:\n        print(error)\n"
            },
            at=[("save.py", 12)],
        ),
    ]
    good = [
        Example(
            "a session of its own for each, or a scoped one",
            {
                "app.py": _HEAD.replace("sessionmaker\n", "scoped_session, sessionmaker\n") + "session = scoped_session(Make)\n\n\nasync def orders():\n    return session.execute('SELECT 1').all()\n",
                "work.py": _HEAD + "from concurrent.futures import ThreadPoolExecutor\n\n\ndef work(row):\n    with Make() as session:\n        session.add(row)\n        session.commit()\n\n\n"
                "def run(rows):\n    with ThreadPoolExecutor(4) as pool:\n        pool.map(work, rows)\n",
            },
        ),
        Example(
            "rolled back, closed, raised or managed",
            {
                "save.py": _HEAD + "def save(session: Session, row):\n    try:\n        session.commit()\n    except Exception:\n        session.rollback()\n"
                "    try:\n        session.commit()\n    except Exception as error:\n        raise ValueError(row) from error\n"
                "    try:\n        session.commit()\n    except Exception:\n        print(row)\n    finally:\n        session.close()\n"
                "    try:\n        with Make() as own:\n            own.commit()\n    except Exception:\n        print(row)\n"
            },
        ),
        Example(
            "the framework's session, a script, one task",
            {
                "app.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n\n\ndef save(row):\n    try:\n        db.session.commit()\n    except Exception:\n        return 'no'\n",
                "script.py": _HEAD + "session = Make()\n\n\ndef main():\n    session.execute('SELECT 1')\n",
                "tasks.py": _ASYNC + "async def one(session: AsyncSession, keys):\n    await asyncio.gather(load(session, keys[0]), asyncio.sleep(1))\n",
            },
        ),
    ]  # fmt: skip
    calls = SPAWNS

    def visit_call(self, call: Call, ctx: Context) -> None:
        for node, kind in handed_to_workers(call):
            ctx.report(
                call, f"Several threads or tasks get the same {kind} `{getattr(node, 'id', '')}`; give each its own."
            )

    def visit_module(self, ctx: Context) -> None:
        if not ctx.imports("sqlalchemy", "sqlmodel", "psycopg2", "pymysql", "MySQLdb", "sqlite3"):
            return
        for name, value, kind in module_level(ctx):
            at = Place(value, Block("module", ctx.tree or value, None, ctx.module), None)
            ctx.site(at)
            routes = routes_of(ctx)
            hot = [
                function for function in users(name, ctx) if function in routes or is_hot(_inside(function, ctx), ctx)
            ]
            if hot:
                ctx.report(
                    at,
                    f"`{name}` is one {kind} for the whole process; requests and threads mix their transactions in it.",
                )

    def visit_try(self, place: Place[Any], ctx: Context) -> None:
        for node, held in commits(place.node) if mentions_commit(ctx) else ():
            expr = node.func.value  # type: ignore[attr-defined]  # callers pass method calls
            known = is_known_session(expr, place.scope)
            if not known and not (is_session(expr, place.scope) and ctx.imports("sqlalchemy", "sqlmodel")):
                continue
            if held.startswith(("db.", "self.db.")) and not place.in_loop:
                ctx.site(place)  # The framework ends it with the request.
                return
            handler = is_left_broken(place.node, held, place)
            ctx.site(handler or place)
            if handler is not None:
                text = f"A failed commit of `{held}` is swallowed without rollback: its next use fails too."
                ctx.report(Place(handler, place.block, place.stmt), text, confidence=None if known else Confidence.LOW)
            return


def _inside(function: Any, ctx: Context) -> Place[Any]:
    scope = ctx.module.functions[function]
    return Place(function, Block("function", function, None, scope), None)
