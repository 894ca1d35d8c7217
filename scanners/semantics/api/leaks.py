"""What of an exception gets into an answer: its text, what was made of it, or a traceback."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.place import Place
from scanners.regex import regex
from scanners.semantics.api.responses import Reply
from scanners.syntax import descendants

_BROAD: Final = frozenset({"Exception", "BaseException", "OSError", "IOError", "EnvironmentError", "RuntimeError"})
_INNER: Final = regex(
    r"^(sqlalchemy|psycopg2?|asyncpg|sqlite3|pymysql|MySQLdb|mysql|pymongo|redis|requests|httpx|aiohttp|urllib3?|subprocess|socket"
    r"|boto3|botocore|ssl|paramiko|docker|kubernetes|cx_Oracle|elasticsearch|peewee|django\.db)\b"
)  # fmt: skip
_TRACES: Final = frozenset(f"traceback.format_{what}" for what in ("exc", "exception", "tb", "stack")) | {
    "sys.exc_info"
}
_HANDLERS: Final = frozenset({"errorhandler", "app_errorhandler", "exception_handler", "exception", "error_handler"})


def exception_at(place: Place[Any]) -> tuple[str, bool]:
    """The name of the exception that is handled here, and whether its text was written for somebody else."""
    handler = place.handler
    if handler is not None:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
        return handler.name or "", any(_is_inner(place.name(each)) for each in types)
    for decorator in getattr(place.function, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") in _HANDLERS and decorator.args:
            caught = place.name(decorator.args[0])
            args = [arg.arg for arg in place.function.args.args if arg.arg not in ("self", "request", "req")]
            return (args[-1] if args else ""), _is_inner(caught)
    return "", False


def _is_inner(name: str) -> bool:
    if name.endswith(("DoesNotExist", "ValidationError", "ValidationException")):
        return False
    return name.removeprefix("builtins.") in _BROAD or bool(_INNER.match(name))


def leak_in(reply: Reply, name: str, place: Place[Any]) -> str:
    """What of an exception an answer holds, for a message; empty when nothing."""
    names = {name, *_derived(name, place)} - {""}
    for part in reply.parts:
        for node in _shown(part):
            if isinstance(node, ast.Call) and place.name(node.func) in _TRACES:
                return "a traceback"
            if isinstance(node, ast.Name) and node.id in names:
                return f"the text of `{name}`"
    return ""


_KEEPS_TEXT: Final = frozenset(
    "str repr format join unicode text_type escape dumps jsonify dict strip format_exc smart_str force_str "
    "replace".split()
)
_PARTS: Final = frozenset(
    {
        *(ast.Dict, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Tuple, ast.List, ast.BoolOp, ast.IfExp),
        *(ast.Starred, ast.Subscript),
    }
)


def _shown(part: ast.AST) -> Iterator[ast.AST]:
    """The nodes whose text gets into a body: `e`, `str(e)`, f-strings; of its attributes only args and message."""
    stack = [part]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Attribute):
            if node.attr in ("args", "message", "msg", "orig", "stderr", "stdout", "__traceback__"):
                stack.append(node.value)
            continue
        if isinstance(node, ast.Call):
            func = node.func
            last = getattr(func, "attr", getattr(func, "id", ""))
            if last in _KEEPS_TEXT:
                stack += [*node.args, *(word.value for word in node.keywords)]
                if isinstance(func, ast.Attribute):
                    stack.append(func.value)
            elif _makes_body(func):
                stack += node.args
            continue
        if type(node) in _PARTS:
            stack += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _makes_body(func: ast.expr) -> bool:
    """Whether a call makes a body or an error of its arguments."""
    last = getattr(func, "attr", getattr(func, "id", ""))
    return bool(re.search(r"Response|Error|Exception|Detail|Message|Result$", last))


def _derived(name: str, place: Place[Any]) -> Iterator[str]:
    """The names that the handler gives to the exception's text or to a traceback."""
    holder = place.handler or place.function
    for node in descendants(holder) if name and holder is not None else ():
        given = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(given, ast.Name) and any(getattr(inside, "id", "") == name for inside in _shown(node.value)):
            yield given.id
