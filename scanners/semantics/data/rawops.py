"""Operations on tables that a migration writes in SQL: `RunSQL("ALTER TABLE ...")`, `op.execute("DROP TABLE ...")`."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.data.migrationops import operation
from scanners.syntax import descendants

_LIMIT: Final = 20_000
_TABLE: Final = regex(
    r'^\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?["`]?(?:\w+["`]?\.["`]?)?(\w+)["`]?\s+(.*)', re.I | re.S
)
_INDEX: Final = regex(
    r'^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)(?:IF\s+NOT\s+EXISTS\s+)?["`]?\w+["`]?\s+ON\s+(?:ONLY\s+)?'
    r'["`]?(?:\w+["`]?\.["`]?)?(\w+)',
    re.I,
)
_GONE: Final = regex(r'^\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?["`]?(?:\w+["`]?\.["`]?)?(\w+)', re.I)
_NEW: Final = regex(
    r'^\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["`]?(?:\w+["`]?\.["`]?)?(\w+)', re.I
)
_DROP: Final = regex(r'^DROP\s+COLUMN\s+(?:IF\s+EXISTS\s+)?["`]?(\w+)', re.I)
_RENAME: Final = regex(r'^RENAME\s+(?:COLUMN\s+)?["`]?(\w+)["`]?\s+TO\s+["`]?(\w+)', re.I)
_ADD: Final = regex(r'^ADD\s+COLUMN\s+(?:IF\s+NOT\s+EXISTS\s+)?["`]?(\w+)["`]?\s+(.*)', re.I | re.S)
_ALTER: Final = regex(r'^ALTER\s+(?:COLUMN\s+)?["`]?(\w+)["`]?\s+(SET\s+NOT\s+NULL|(?:SET\s+DATA\s+)?TYPE\b)', re.I)


def raw_operations(inside: ast.AST, scope: Scope) -> list[dict[str, Any]]:
    """The operations that calls of `RunSQL` and `execute` in some code write in SQL, as those of `operation`."""
    found: list[dict[str, Any]] = []
    for call in descendants(inside, ast.Call):
        last = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if last in ("RunSQL", "execute"):
            given = call.args[0] if call.args else next((w.value for w in call.keywords if w.arg == "sql"), None)
            for text in _texts(given, scope):
                found += [made for statement in text[:_LIMIT].split(";") for made in _read(statement, call.lineno)]
    return found


def _texts(given: ast.expr | None, scope: Scope) -> Iterator[str]:
    if isinstance(given, ast.Call) and getattr(given.func, "attr", getattr(given.func, "id", "")) == "text":
        given = given.args[0] if given.args else None
    value = fold(given, scope) if given is not None else None
    yield from (part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, str))


def _read(statement: str, line: int) -> Iterator[dict[str, Any]]:
    if index := _INDEX.match(statement):
        yield operation("CREATE INDEX", line, table=index[2].lower(), unique=bool(index[1]))
    elif new := _NEW.match(statement):
        yield operation("create_table", line, table=new[1].lower())
    elif gone := _GONE.match(statement):
        yield operation("drop_table", line, table=gone[1].lower())
    elif altered := _TABLE.match(statement):
        for part in _parts(altered[2]):
            yield from _action(part.strip(), altered[1].lower(), line)


def _parts(text: str) -> Iterator[str]:
    """The parts between commas that stand in no bracket."""
    depth = start = 0
    for at, mark in enumerate(text):
        if mark == "," and not depth:
            yield text[start:at]
            start = at + 1
        depth += (mark == "(") - (mark == ")")
    yield text[start:]


def _action(part: str, table: str, line: int) -> Iterator[dict[str, Any]]:
    """What one action of an ALTER TABLE does; nothing for those that are safe or not known."""
    if drop := _DROP.match(part):
        yield operation("drop_column", line, table=table, column=drop[1].lower())
    elif rename := _RENAME.match(part):
        if rename[1].upper() not in ("CONSTRAINT", "INDEX"):
            yield operation("alter_column", line, table=table, column=rename[1].lower(), to=rename[2].lower())
    elif add := _ADD.match(part):
        words = add[2].upper()
        if "NOT NULL" in words and "DEFAULT" not in words and "GENERATED" not in words:
            yield operation("add_column", line, table=table, column=add[1].lower(), null=False)
    elif alter := _ALTER.match(part):
        null = False if "NULL" in alter[2].upper() else None
        told = "" if null is False else "?"
        yield operation("alter_column", line, table=table, column=alter[1].lower(), null=null, type=told)
