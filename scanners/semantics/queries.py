"""What a query is put together from, and where in it the holes are."""

import ast
import re
from typing import Final

from scanners.finding import Confidence
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.harmless import is_settled
from scanners.semantics.pieces import Pieces
from scanners.syntax import unparse

SQL_FUNCTIONS: Final = frozenset(
    "pandas.read_sql pandas.read_sql_query sqlalchemy.text sqlalchemy.sql.text sqlalchemy.sql.expression.text "
    "django.db.models.expressions.RawSQL".split()
)


_RECEIVERS: Final = regex(
    r"^(c|cur|curs|cursor|crsr|conn|connection|con|db|database|session|engine|pool|tx|txn|transaction|bind|op|sess|dbapi_\w+|"
    r"\w*_?(cur|cursor|conn|connection|db|session|engine|pool|database)|objects|sqlite\w*)$",
    re.I,
)


_LIBRARIES: Final = regex(
    r"^(sqlite3|psycopg2?|pymysql|MySQLdb|asyncpg|aiosqlite|sqlalchemy|mysql|cx_Oracle|oracledb|pyodbc|duckdb|aiomysql|"
    r"aiopg|databases|django\.db|google\.cloud\.(bigquery|spanner)|clickhouse_\w+|snowflake|trino|pymssql|peewee|psycopg_pool)\b"
)


_SQL: Final = regex(
    r"^\s*+(?:--[^\n]*+\n\s*+|(?>/\*.*?\*/)\s*+)*+(?:\(\s*+)?(select|insert|update|delete|create|alter|drop|truncate|with|replace|grant|revoke|set|show|"
    r"call|exec|merge|copy|vacuum|analyze|explain|pragma|attach|use|lock|comment|refresh|declare|begin|do|describe|reindex)\b",
    re.I | re.S,
)


_VALUE: Final = regex(r"([=<>]|\b(like|ilike|limit|offset|between|values\s*\(|in\s*\(|in)|=\s*any\s*\()\s*\"?$", re.I)


_OPERATOR: Final = regex(r"\s*(=|<|>|!=|\b(like|ilike|in|is|between)\b)", re.I)


_FRAGMENTS: Final = regex(
    r"sql|clause|expr|query|where|cond|filter|fragment|stmt|table|column|schema|sequence|index_name", re.I
)


_READS: Final = regex(r"\.(get|pop|strip|lower|upper|getvalue|read|data)$|^(str|input|f)$|request", re.I)


_ORDER: Final = regex(r"\b(order|group)\s+by\s*$", re.I)


_QUOTED: Final = regex(
    r"quot|escape|identifier|\bqn\b|literal|sanitiz|placeholder|mogrify|compile|whitelist|valid|replace\(\"'\"|clean",
    re.I,
)


_MARKS: Final = regex(r"placeholder|^marks?$|param_?marks|^qs$", re.IGNORECASE)


def query_of(call: Call) -> ast.expr | None:
    """The argument that holds the query, None when there is none."""
    if call.last == "extra":
        given = call.argument(1, "where") or call.argument(0, "select")
        if isinstance(given, ast.Dict):
            return given.values[0] if given.values else None
        return given.elts[0] if isinstance(given, (ast.List, ast.Tuple)) and given.elts else None
    return call.argument(0, "sql", "query", "statement", "operation", "text", "raw_query")


def is_database(call: Call) -> Confidence | None:
    """How sure it is that the call talks to a database; None when nothing says so."""
    if call.dotted in SQL_FUNCTIONS or _LIBRARIES.match(call.dotted):
        return Confidence.HIGH
    receiver = call.receiver
    if isinstance(receiver, ast.Call):
        receiver = receiver.func
    name = getattr(receiver, "attr", getattr(receiver, "id", ""))
    if call.last in ("raw", "extra"):
        if call.receiver is not None and ".objects." in unparse(call.receiver):
            return Confidence.HIGH
        return Confidence.HIGH if name == "objects" or name.endswith(("_set", "queryset", "qs", "manager")) else None
    return Confidence.HIGH if _RECEIVERS.match(name) else None


def is_made_by_text(query: ast.expr, call: Call) -> bool:
    """Whether a query is a `text(...)`, here or through a name: that call is judged by itself."""
    if isinstance(query, ast.Name):
        held = [binding.value for binding in call.scope.bindings(query.id)[-8:] if binding.kind == "assign"]
        return any(isinstance(value, ast.Call) and call.name(value.func) in SQL_FUNCTIONS for value in held)
    return isinstance(query, ast.Call) and call.name(query.func) in SQL_FUNCTIONS


def starts_as_sql(taken: Pieces) -> bool:
    """Whether a text is surely SQL, by its fixed start."""
    return bool(taken.parts) and isinstance(taken.parts[0], str) and _SQL.match(taken.parts[0]) is not None


def could_be_sql(taken: Pieces) -> bool:
    """Whether a text may be SQL: it starts with a statement, or its start is not fixed."""
    first = taken.parts[0] if taken.parts else ""
    return not isinstance(first, str) or not first.strip() or _SQL.match(first) is not None


def is_harmless_in_query(hole: ast.expr, call: Call) -> bool:
    """Whether what fills the text is a number, fixed, chosen from a set, quoted or a fragment of placeholders."""
    if is_settled(hole, call):
        return True
    if isinstance(hole, ast.Call):
        return _QUOTED.search(unparse(hole)) is not None
    return (
        _MARKS.search(getattr(hole, "id", getattr(hole, "attr", ""))) is not None
        or _QUOTED.search(unparse(hole)) is not None
    )


def is_value(taken: Pieces, hole: ast.expr) -> bool:
    """Whether a hole stands where a value does: inside quotes or after an operator, not as a name or fragment."""
    before, after = taken.around(hole)
    if before.replace("''", "").count("'") % 2:
        return True
    return _VALUE.search(before) is not None and not _OPERATOR.match(after)


def sureness(call: Call, taken: Pieces, hole: ast.expr, sure: Confidence) -> Confidence:
    """How sure it is that a hole lets a value change the query."""
    first = taken.parts[0]
    if not isinstance(first, str) or not first.strip():
        return Confidence.LOW
    before, _ = taken.around(hole)
    name = getattr(hole, "attr", getattr(hole, "id", ""))
    if _FRAGMENTS.search(name) or (isinstance(hole, ast.Call) and not _READS.search(unparse(hole.func))):
        return Confidence.LOW
    if not is_value(taken, hole):
        return Confidence.MEDIUM if _ORDER.search(before) and _is_parameter(hole, call) else Confidence.LOW
    root = unparse(hole).partition(".")[0]
    if root in ("self", "cls", "settings", "config") and not before.endswith("'"):
        return Confidence.LOW
    return sure if isinstance(hole, (ast.Name, ast.Subscript, ast.Attribute)) else Confidence.MEDIUM


def _is_parameter(hole: ast.expr, call: Call) -> bool:
    return isinstance(hole, ast.Name) and any(binding.kind == "param" for binding in call.scope.bindings(hole.id))
