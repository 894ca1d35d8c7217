"""What code and SQL in a migration do: whether there is a way back, and whether they change the schema or the data."""

import ast
import re
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.syntax import last_name, suite, unparse

_REVERSE: Final = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}
_FORWARD: Final = {"RunPython": "code", "RunSQL": "sql"}
_SCHEMA: Final = regex(
    r"\b(CREATE|ALTER|DROP|RENAME|COMMENT|GRANT|REVOKE|VACUUM|REINDEX|ANALYZE|CLUSTER|VALIDATE)\b", re.IGNORECASE
)
_DATA: Final = regex(
    r"\b(UPDATE\s+\S+\s+SET|INSERT\s+INTO|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO|COPY|SETVAL)\b", re.IGNORECASE
)
_DATA_METHODS: Final = frozenset({"bulk_insert"})
_SQL_METHODS: Final = frozenset({"execute"})


def code_of(call: ast.Call, name: str, scope: Scope) -> dict[str, Any]:
    """What RunPython or RunSQL of Django runs: `code` to show, `back` (True, False or None), `changes`."""
    given = dict(zip((_FORWARD[name], _REVERSE[name]), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    hidden = any(isinstance(arg, ast.Starred) for arg in call.args) or any(word.arg is None for word in call.keywords)
    back, forward = given.get(_REVERSE[name]), given.get(_FORWARD[name])
    missing = back is None or fold(back, scope) is None
    return {
        "code": _shown(forward, scope),
        "back": None if hidden and missing else not missing,
        "changes": changed_by_sql(forward, scope) if name == "RunSQL" else _changed_by(forward),
    }


def _changed_by(forward: ast.expr | None) -> str:
    return "" if last_name(forward) == "noop" else "data"


def _shown(forward: ast.expr | None, scope: Scope) -> str:
    if forward is None:
        return ""
    value = fold(forward, scope)
    if isinstance(value, tuple):
        value = "; ".join(str(part) for part in value)
    if isinstance(value, str):
        return " ".join(value.split())[:60]
    return last_name(forward) or ("a lambda" if isinstance(forward, ast.Lambda) else "")


def changed_by_sql(forward: ast.expr | None, scope: Scope) -> str | None:
    """schema, data or both for statements of SQL, "" for none of these, None when the text is computed."""
    text = _text_of(forward, scope)
    if text is None:
        return None
    schema, data = _SCHEMA.search(text) is not None, _DATA.search(text) is not None
    return "both" if schema and data else "schema" if schema else "data" if data else ""


def _text_of(forward: ast.expr | None, scope: Scope) -> str | None:
    if forward is None:
        return ""
    if isinstance(forward, ast.Call) and last_name(forward.func) == "text" and forward.args:
        return _text_of(forward.args[0], scope)
    value = fold(forward, scope)
    if value is UNKNOWN and isinstance(forward, (ast.JoinedStr, ast.BinOp)):
        value = " ".join(
            part.value for part in ast.walk(forward) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
    if isinstance(value, tuple):
        return "; ".join(str(part) for part in value)
    return value if isinstance(value, str) else None


def work_of(function: Any, scope: Scope) -> list[dict[str, Any]]:
    """What an upgrade of alembic does beside operations on tables: `execute`, `bulk_insert`, what they change."""
    found: list[dict[str, Any]] = []
    for node in suite(function.body, ast.Call):
        if not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in _DATA_METHODS:
            found.append({"line": node.lineno, "code": node.func.attr, "changes": "data"})
        elif node.func.attr in _SQL_METHODS and node.args:
            found.append({"line": node.lineno, "code": _said(node.args[0], scope), "changes": _changes(node, scope)})
        elif node.func.attr in ("commit", "add", "add_all", "bulk_save_objects") and "session" in unparse(
            node.func.value
        ):
            found.append({"line": node.lineno, "code": f"session.{node.func.attr}", "changes": "data"})
    return found


def _changes(node: ast.Call, scope: Scope) -> str | None:
    """What a statement changes: one built by methods is of data when one of them writes."""
    built = unparse(node.args[0])
    if re.search(r"\.(update|insert|delete|values)\(", built) or re.match(r"(sa\.)?(update|insert|delete)\(", built):
        return "data"
    if re.match(r"((sa|sqlalchemy)\.)?select\(|[\w.]+\.select\(", built):
        return ""
    return changed_by_sql(node.args[0], scope)


def _said(expr: ast.expr, scope: Scope) -> str:
    text = _text_of(expr, scope)
    return " ".join(text.split())[:60] if text else ""


def way_down(upgrade: Any, downgrade: Any, down: ast.expr | None, scope: Scope) -> bool:
    """Whether a revision of alembic can be undone; the first one, a merge and an empty one have nothing to undo."""
    if not isinstance(upgrade, ast.FunctionDef) or not body_of(upgrade):
        return True
    if down is None or isinstance(down, (ast.Tuple, ast.List)) or fold(down, scope) is None:
        return True
    stmts = body_of(downgrade) if isinstance(downgrade, ast.FunctionDef) else []
    return bool(stmts) and not isinstance(stmts[0], ast.Raise)


def body_of(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements without docstring, pass and ellipsis."""
    idle = (ast.Pass, ast.Constant)
    return [stmt for stmt in function.body if not isinstance(getattr(stmt, "value", stmt), idle)]
