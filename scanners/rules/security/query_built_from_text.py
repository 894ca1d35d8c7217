import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call, Place
from scanners.rule import CODE, Example, Rule
from scanners.semantics import queries
from scanners.semantics.pieces import pieces
from scanners.semantics.requestdata import taint
from scanners.semantics.security import filters
from scanners.syntax import unparse

_OWN: Final = frozenset({"query", "sql"})  # Also names of what takes no text.
_SHARED: Final = _OWN | {"execute", "scalar", "scalars", "fetch", "raw"}
_LASTS: Final = _SHARED | frozenset(
    "executemany executescript fetchrow fetchval fetch_all fetch_one extra exec_driver_sql".split()
)
QUOTES: Final = frozenset(
    "escape_string quote_name quote_identifier escape_literal literal mogrify Identifier Literal".split()
)


class QueryBuiltFromText(Rule):
    """
    A value pasted into a query becomes part of the query: a quote in it reads or drops any table.

    Looks at text that is put together with values and reaches execute and its like, read_sql, text(), raw(), extra() or
    RawSQL, a search in LDAP, a `$where` of MongoDB or, from a request, an XPath. Constants, numbers, choices from fixed sets, generated placeholders and quoted identifiers are good. A fragment
    that was itself put together out of sight is a guess, and migrations weigh less.
    """

    id = "query-built-from-text"
    area = "security"
    item = "S2"
    title = "Query put together from text"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Pass values as parameters; put identifiers through sql.Identifier or quote_name, or pick them from a fixed set."
    classes = CODE | {"migration"}
    bad = [
        Example(
            "f-string, %, +, format, join, replace, a list of parts, text and read_sql",
            {
                "orders.py": "def find(cursor, name, city, order):\n    cursor.execute(f\"SELECT * FROM orders WHERE name = '{name}'\")\n    cursor.execute(\"SELECT * FROM orders WHERE city = '%s'\" % city)\n    query = 'SELECT * FROM orders'\n    query += ' ORDER BY ' + order\n    cursor.execute(query)\n",
                "names.py": "import sqlite3\n\n\ndef find(names, city):\n    db = sqlite3.connect('orders.db')\n    db.execute('SELECT * FROM orders WHERE name IN ({})'.format(','.join(names)))\n    query = \"SELECT * FROM orders WHERE city = '@city'\".replace('@city', city)\n    db.execute(query)\n    parts = ['SELECT * FROM orders']\n    parts.append(\"WHERE city = '\" + city + \"'\")\n    db.execute(' '.join(parts))\n",
                "report.py": 'import pandas as pd\nfrom sqlalchemy import text\n\n\ndef load(engine, day):\n    pd.read_sql(f"SELECT * FROM sales WHERE day = \'{day}\'", engine)\n    total = text("SELECT count(*) FROM sales WHERE day = \'" + day + "\'")\n    return engine.execute(total)\n',
            },
            at=[
                ("names.py", 6),
                ("names.py", 8),
                ("names.py", 11),
                ("orders.py", 2),
                ("orders.py", 3),
                ("orders.py", 6),
                ("report.py", 6),
                ("report.py", 7),
            ],
        ),
        Example(
            "Django, raw, extra and RawSQL; a request in a helper",
            {
                "shop/views.py": "from django.db import connection\nfrom django.db.models.expressions import RawSQL\n\nfrom shop.models import Order\n\n\ndef search(request, word):\n    Order.objects.raw(f\"SELECT * FROM shop_order WHERE note LIKE '%{word}%'\")\n    Order.objects.extra(where=[f\"note = '{word}'\"])\n    Order.objects.filter(open=True).extra(select={'hit': f\"note = '{word}'\"})\n    with connection.cursor() as cursor:\n        cursor.execute(\"SELECT * FROM shop_order WHERE note = '%s'\" % request.GET['note'])\n    return Order.objects.annotate(hit=RawSQL(f\"note = '{word}'\", []))\n",
                "api.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\ndef rows(db, sql):\n    return db.execute(sql).fetchall()\n\n\n@app.get('/orders')\ndef orders(db):\n    return rows(db, f\"SELECT * FROM orders WHERE city = '{request.args['city']}'\")\n",
            },
            at=[
                ("api.py", 7),
                ("shop/views.py", 8),
                ("shop/views.py", 9),
                ("shop/views.py", 10),
                ("shop/views.py", 12),
                ("shop/views.py", 13),
            ],
        ),
        Example(
            "LDAP, scripts of MongoDB, BigQuery",
            {
                "people.py": "import ldap\nfrom google.cloud import bigquery\n\n\ndef find(people, name, client: bigquery.Client):\n    people.find({'$where': f\"this.name == '{name}'\"})\n    client.query(f\"SELECT * FROM people WHERE name = '{name}'\")\n    server = ldap.initialize('ldaps://ldap.shop.io')\n    return server.search_s('ou=people', ldap.SCOPE_SUBTREE, f'(uid={name})')\n",
            },
            at=[("people.py", 6), ("people.py", 7), ("people.py", 9)],
        ),
    ]
    good = [
        Example(
            "parameters, constant columns, generated placeholders",
            {
                "orders.py": "COLUMNS = 'id, name'\n\n\ndef find(cursor, name):\n    cursor.execute(f'SELECT {COLUMNS} FROM orders WHERE name = %s', [name])\n",
                "names.py": "def find(connection, names):\n    marks = ','.join('?' * len(names))\n    connection.execute(f'SELECT * FROM orders WHERE name IN ({marks})', names)\n    more = ', '.join(['%s'] * len(names))\n    connection.execute('SELECT 1 WHERE 1 IN (' + more + ')', names)\n",
            },
        ),
        Example(
            "choices, numbers and quoted names",
            {
                "orders.py": "from psycopg import sql\n\nORDERS = {'new': 'created DESC'}\n\n\ndef find(cursor, key, limit: int, table, quote_name):\n    cursor.execute(f'SELECT * FROM orders ORDER BY {ORDERS[key]} LIMIT {limit}')\n    cursor.execute(sql.SQL('SELECT * FROM {}').format(sql.Identifier(table)))\n    cursor.execute('SELECT * FROM %s' % quote_name(table))\n",
            },
        ),
        Example(
            "allow-list; a number of the route; no database; an escaped filter",
            {
                "orders.py": "def find(cursor, column):\n    if column not in ('name', 'created'):\n        raise ValueError(column)\n    cursor.execute(f'SELECT * FROM orders ORDER BY {column}')\n",
                "api.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.get('/orders/<int:order>')\ndef show(order, cursor):\n    column = request.args.get('by', 'name')\n    if column not in ('name', 'created'):\n        column = 'name'\n    cursor.execute('SELECT * FROM orders ORDER BY {}'.format(column))\n    cursor.execute(f'SELECT * FROM orders WHERE id = {order}')\n",
                "run.py": "def go(job, name, escape_filter_chars):\n    job.execute(f'SELECT {name}')\n    job.runner.execute(f'task {name}')\n    job.search_s('ou=people', 2, f'(uid={escape_filter_chars(name)})')\n",
            },
        ),
    ]
    calls = (*(f"*.{name}" for name in sorted(_LASTS)), *queries.SQL_FUNCTIONS, *filters.CALLS)
    binds = staticmethod(filters.SCRIPT.__eq__)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if (other := filters.filter_of(call)) is not None:
            self._other(call, other, ctx)
            return
        query = queries.query_of(call)
        if query is None or not (sure := queries.is_database(call)) or queries.is_made_by_text(query, call):
            return
        taken = pieces(query, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        if call.last in _SHARED and not (queries.starts_as_sql if call.last in _OWN else queries.could_be_sql)(taken):
            return
        if call.last not in _OWN:
            ctx.site(call)
        loose = [hole for hole in taken.holes if not queries.is_harmless_in_query(hole, call)]
        held = taint(query, call, ctx, QUOTES) if loose else None
        sent = next((hole for hole in loose if taint(hole, call, ctx, QUOTES) is not None), None)
        if sent is not None and held is None:  # What the request sent was checked on its way.
            loose = [hole for hole in loose if taint(hole, call, ctx, QUOTES) is None]
        if not loose or not (taken.built or held):
            if loose and not isinstance(query, ast.Call):
                ctx.unresolved(call, "The query is put together elsewhere.")
            return
        worst = sent or next((hole for hole in loose if queries.is_value(taken, hole)), loose[0])
        confidence = sure if held else queries.sureness(call, taken, worst, sure)
        if confidence is Confidence.LOW and call.last in _OWN:
            return  # Two guesses: that it is a database, and that the value harms.
        ctx.report(
            call,
            f"{held.what if held and not sent else unparse(worst)[:60]} becomes part of the query itself.",
            severity=Severity.CRITICAL if held else Severity.LOW if ctx.path_class == "migration" else None,
            confidence=confidence,
        )

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        self._other(bound, bound.value, ctx)

    def _other(self, place: Place[Any], text: ast.expr, ctx: Context) -> None:
        ctx.site(place)
        if loose := filters.loose_in(text, place, ctx):
            ctx.report(place, f"{loose} becomes part of the query itself.")
