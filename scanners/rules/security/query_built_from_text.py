import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Call
from scanners.rule import CODE, Example, Rule
from scanners.semantics.pieces import pieces
from scanners.semantics.queries import (
    SQL_FUNCTIONS,
    could_be_sql,
    is_database,
    is_harmless_in_query,
    is_value,
    query_of,
    sureness,
)
from scanners.semantics.requestdata import taint
from scanners.syntax import unparse

_LASTS: Final = frozenset(
    "execute executemany executescript fetch fetchrow fetchval fetch_all "
    "fetch_one scalar scalars raw extra exec_driver_sql".split()
)


class QueryBuiltFromText(Rule):
    """
    A value pasted into a query becomes part of the query: a quote in it reads or drops any table.

    Looks at text that is put together with values and reaches execute and its like, read_sql, text(), raw(), extra() or
    RawSQL. Constants, numbers, choices from fixed sets, generated placeholders and quoted identifiers are good. A fragment
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
            "f-string, % and +",
            {
                "orders.py": "def find(cursor, name, city, order):\n"
                "    cursor.execute(f\"SELECT * FROM orders WHERE name = '{name}'\")\n    cursor.execute(\"SELECT * FROM orders WHERE city = '%s'\" % city)\n    query = 'SELECT * FROM orders'\n    query += ' ORDER BY ' + order\n    cursor.execute(query)\n"
            },
            at=[("orders.py", 2), ("orders.py", 3), ("orders.py", 6)],
        ),
        Example(
            "format and join",
            {
                "orders.py": "import sqlite3\n\n\ndef find(names):\n    db = sqlite3.connect('orders.db')\n"
                "    db.execute('SELECT * FROM orders WHERE name IN ({})'.format(','.join(names)))\n"
            },
            at=[("orders.py", 6)],
        ),
        Example(
            "text and read_sql",
            {
                "report.py": "import pandas as pd\nfrom sqlalchemy import text\n\n\ndef load(engine, day):\n"
                "    pd.read_sql(f\"SELECT * FROM sales WHERE day = '{day}'\", engine)\n"
                '    return text("SELECT count(*) FROM sales WHERE day = \'" + day + "\'")\n'
            },
            at=[("report.py", 6), ("report.py", 7)],
        ),
        Example(
            "Django raw, extra and RawSQL",
            {
                "shop/views.py": "from django.db.models.expressions import RawSQL\n\nfrom shop.models import Order\n\n"
                "\n"
                "def search(word):\n    Order.objects.raw(f\"SELECT * FROM shop_order WHERE note LIKE '%{word}%'\")\n"
                "    Order.objects.extra(where=[f\"note = '{word}'\"])\n"
                "    return Order.objects.annotate(hit=RawSQL(f\"note = '{word}'\", []))\n"
            },
            at=[("shop/views.py", 7), ("shop/views.py", 8), ("shop/views.py", 9)],
        ),
    ]
    good = [
        Example(
            "parameters and constant columns",
            {
                "orders.py": "COLUMNS = 'id, name'\n\n\ndef find(cursor, name):\n"
                "    cursor.execute(f'SELECT {COLUMNS} FROM orders WHERE name = %s', [name])\n"
            },
        ),
        Example(
            "generated placeholders",
            {
                "orders.py": "def find(connection, names):\n    marks = ','.join('?' * len(names))\n"
                "    connection.execute(f'SELECT * FROM orders WHERE name IN ({marks})', names)\n"
                "    more = ', '.join(['%s'] * len(names))\n    connection.execute('SELECT 1 WHERE 1 IN (' + more "
                "+ ')', names)\n"
            },
        ),
        Example(
            "choices, numbers and quoted names",
            {
                "orders.py": "from psycopg import sql\n\nORDERS = {'new': 'created DESC'}\n\n\n"
                "def find(cursor, key, limit: int, table, quote_name):\n"
                "    cursor.execute(f'SELECT * FROM orders ORDER BY {ORDERS[key]} LIMIT {limit}')\n"
                "    cursor.execute(sql.SQL('SELECT * FROM {}').format(sql.Identifier(table)))\n"
                "    cursor.execute('SELECT * FROM %s' % quote_name(table))\n"
            },
        ),
        Example(
            "allow-list",
            {
                "orders.py": "def find(cursor, column):\n    if column not in ('name', 'created'):\n"
                "        raise ValueError(column)\n"
                "    cursor.execute(f'SELECT * FROM orders ORDER BY {column}')\n"
            },
        ),
        Example(
            "no database",
            {
                "run.py": "def go(job, name):\n    job.execute(f'SELECT {name}')\n"
                "    job.runner.execute(f'task {name}')\n"
            },
        ),
    ]
    calls = (*(f"*.{name}" for name in sorted(_LASTS)), *SQL_FUNCTIONS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        query = query_of(call)
        if query is None or not (sure := is_database(call)):
            return
        if isinstance(query, ast.Call) and call.name(query.func) in SQL_FUNCTIONS:
            return  # text() is judged by itself.
        taken = pieces(query, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        if call.last in ("execute", "scalar", "scalars", "fetch", "raw") and not could_be_sql(taken):
            return
        ctx.site(call)
        loose = [hole for hole in taken.holes if not is_harmless_in_query(hole, call)]
        if not taken.built or not loose:
            if loose and not isinstance(query, ast.Call):
                ctx.unresolved(call, "The query is put together elsewhere.")
            return
        sent = next((hole for hole in loose if taint(hole, call, ctx) is not None), None)
        worst = sent or next((hole for hole in loose if is_value(taken, hole)), loose[0])
        ctx.report(
            call,
            f"{unparse(worst)[:60]} becomes part of the query itself.",
            severity=Severity.CRITICAL if sent else Severity.LOW if ctx.path_class == "migration" else None,
            confidence=sure if sent else sureness(call, taken, worst, sure),
        )
