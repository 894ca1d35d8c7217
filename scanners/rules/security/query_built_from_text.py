import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.pieces import Pieces, is_fixed_name, is_guarded, is_number, is_picked, pieces
from scanners.place import Call
from scanners.rule import CODE, Example, Rule

_LASTS: Final = frozenset(
    "execute executemany executescript fetch fetchrow fetchval fetch_all fetch_one scalar scalars raw extra exec_driver_sql".split()
)
_FUNCTIONS: Final = frozenset(
    "pandas.read_sql pandas.read_sql_query sqlalchemy.text sqlalchemy.sql.text sqlalchemy.sql.expression.text "
    "django.db.models.expressions.RawSQL".split()
)
_RECEIVERS: Final = re.compile(
    r"^(c|cur|curs|cursor|crsr|conn|connection|con|db|database|session|engine|pool|tx|txn|transaction|bind|op|sess|dbapi_\w+|"
    r"\w*_?(cur|cursor|conn|connection|db|session|engine|pool|database)|objects|sqlite\w*)$",
    re.I,
)
_LIBRARIES: Final = re.compile(
    r"^(sqlite3|psycopg2?|pymysql|MySQLdb|asyncpg|aiosqlite|sqlalchemy|mysql|cx_Oracle|oracledb|pyodbc|duckdb|aiomysql|"
    r"aiopg|databases|django\.db)\b"
)
_SQL: Final = re.compile(
    r"^\s*(--.*\n\s*|/\*.*?\*/\s*)*\(?\s*(select|insert|update|delete|create|alter|drop|truncate|with|replace|grant|revoke|set|show|"
    r"call|exec|merge|copy|vacuum|analyze|explain|pragma|attach|use|lock|comment|refresh|declare|begin|do|describe|reindex)\b",
    re.I | re.S,
)
_VALUE: Final = re.compile(r"([=<>]|\b(like|ilike|limit|offset|between|values\s*\(|in\s*\(|in)|=\s*any\s*\()\s*$", re.I)
_OPERATOR: Final = re.compile(r"\s*(=|<|>|!=|\b(like|ilike|in|is|between)\b)", re.I)
_FRAGMENTS: Final = re.compile(
    r"sql|clause|expr|query|where|cond|filter|fragment|stmt|table|column|schema|sequence|index_name", re.I
)
_READS: Final = re.compile(r"\.(get|pop|strip|lower|upper|getvalue|read|data)$|^(str|input|f)$|request", re.I)
_ORDER: Final = re.compile(r"\b(order|group)\s+by\s*$", re.I)
_QUOTED: Final = re.compile(
    r"quot|escape|identifier|\bqn\b|literal|sanitiz|placeholder|mogrify|compile|whitelist|valid|replace\(\"'\"|clean",
    re.I,
)
_MARKS: Final = re.compile(r"placeholder|^marks?$|param_?marks|^qs$|_sql$|_clause$|^where$|^sql_", re.I)


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
                "orders.py": "def find(cursor, name, city, order):\n    cursor.execute(f\"SELECT * FROM orders WHERE name = '{name}'\")\n"
                "    cursor.execute(\"SELECT * FROM orders WHERE city = '%s'\" % city)\n"
                "    query = 'SELECT * FROM orders'\n    query += ' ORDER BY ' + order\n    cursor.execute(query)\n"
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
                "shop/views.py": "from django.db.models.expressions import RawSQL\n\nfrom shop.models import Order\n\n\n"
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
                "    more = ', '.join(['%s'] * len(names))\n    connection.execute('SELECT 1 WHERE 1 IN (' + more + ')', names)\n"
            },
        ),
        Example(
            "choices, numbers and quoted names",
            {
                "orders.py": "from psycopg import sql\n\nORDERS = {'new': 'created DESC'}\n\n\ndef find(cursor, key, limit: int, table, quote_name):\n"
                "    cursor.execute(f'SELECT * FROM orders ORDER BY {ORDERS[key]} LIMIT {limit}')\n"
                "    cursor.execute(sql.SQL('SELECT * FROM {}').format(sql.Identifier(table)))\n"
                "    cursor.execute('SELECT * FROM %s' % quote_name(table))\n"
            },
        ),
        Example(
            "allow-list",
            {
                "orders.py": "def find(cursor, column):\n    if column not in ('name', 'created'):\n        raise ValueError(column)\n"
                "    cursor.execute(f'SELECT * FROM orders ORDER BY {column}')\n"
            },
        ),
        Example(
            "no database",
            {
                "run.py": "def go(job, name):\n    job.execute(f'SELECT {name}')\n    job.runner.execute(f'task {name}')\n"
            },
        ),
    ]
    calls = (*(f"*.{name}" for name in sorted(_LASTS)), *_FUNCTIONS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        query = _query(call)
        if query is None or not (sure := _is_database(call)):
            return
        if isinstance(query, ast.Call) and call.name(query.func) in _FUNCTIONS:
            return  # text() is judged by itself.
        taken = pieces(query, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        if call.last in ("execute", "scalar", "scalars", "fetch", "raw") and not _could_be_sql(taken):
            return
        ctx.site(call)
        loose = [hole for hole in taken.holes if not _is_harmless(hole, call)]
        if not taken.built or not loose:
            if loose and not isinstance(query, ast.Call):
                ctx.unresolved(call, "The query is put together elsewhere.")
            return
        worst = next((hole for hole in loose if _is_value(taken, hole)), loose[0])
        ctx.report(
            call,
            f"{ast.unparse(worst)[:60]} becomes part of the query itself.",
            severity=Severity.LOW if ctx.path_class == "migration" else None,
            confidence=_confidence(call, taken, worst, sure),
        )


def _query(call: Call) -> ast.expr | None:
    if call.last == "extra":
        given = call.argument(1, "where", "select")
        return given.elts[0] if isinstance(given, ast.List | ast.Tuple) and given.elts else None
    return call.argument(0, "sql", "query", "statement", "operation", "text", "raw_query")


def _is_database(call: Call) -> Confidence | None:
    """How sure it is that the call talks to a database; None when nothing says so."""
    if call.dotted in _FUNCTIONS or _LIBRARIES.match(call.dotted):
        return Confidence.HIGH
    receiver = call.receiver
    if isinstance(receiver, ast.Call):
        receiver = receiver.func
    name = getattr(receiver, "attr", getattr(receiver, "id", ""))
    if call.last in ("raw", "extra"):
        return Confidence.HIGH if name == "objects" or name.endswith(("_set", "queryset", "qs", "manager")) else None
    return Confidence.HIGH if _RECEIVERS.match(name) else None


def _could_be_sql(taken: Pieces) -> bool:
    first = taken.parts[0] if taken.parts else ""
    return not isinstance(first, str) or not first.strip() or _SQL.match(first) is not None


def _is_harmless(hole: ast.expr, call: Call) -> bool:
    if (
        is_number(hole, call.scope)
        or is_fixed_name(hole)
        or is_picked(hole, call.scope)
        or is_guarded(hole, call.function)
    ):
        return True
    if isinstance(hole, ast.Call):
        return _QUOTED.search(ast.unparse(hole)) is not None
    return (
        _MARKS.search(getattr(hole, "id", getattr(hole, "attr", ""))) is not None
        or _QUOTED.search(ast.unparse(hole)) is not None
    )


def _is_value(taken: Pieces, hole: ast.expr) -> bool:
    """Whether the hole stands where a value does: inside quotes, or after an operator. Else it names or is a fragment."""
    before, after = taken.around(hole)
    if before.replace("''", "").count("'") % 2:
        return True
    return _VALUE.search(before) is not None and not _OPERATOR.match(after)


def _confidence(call: Call, taken: Pieces, hole: ast.expr, sure: Confidence) -> Confidence:
    first = taken.parts[0]
    if not isinstance(first, str) or not first.strip():
        return Confidence.LOW
    before, _ = taken.around(hole)
    name = getattr(hole, "attr", getattr(hole, "id", ""))
    if _FRAGMENTS.search(name) or (isinstance(hole, ast.Call) and not _READS.search(ast.unparse(hole.func))):
        return Confidence.LOW
    if not _is_value(taken, hole):
        return Confidence.MEDIUM if _ORDER.search(before) and _is_parameter(hole, call) else Confidence.LOW
    root = ast.unparse(hole).partition(".")[0]
    if root in ("self", "cls", "settings", "config") and not before.endswith("'"):
        return Confidence.LOW
    return sure if isinstance(hole, ast.Name | ast.Subscript | ast.Attribute) else Confidence.MEDIUM


def _is_parameter(hole: ast.expr, call: Call) -> bool:
    return isinstance(hole, ast.Name) and any(binding.kind == "param" for binding in call.scope.bindings(hole.id))
