import ast
from typing import Any, Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.fixes.using import Span, is_eager, span
from scanners.semantics.memory.resources import RESOURCES
from scanners.syntax import descendants

_NAMES: Final = {"file": "file", "socket": "sock", "executor": "executor", "HTTP session": "session"}
_DATABASE: Final = "database connection"
_POPLIB: Final = "poplib."
_CONDITIONAL: Final = (cst.Lambda, cst.IfExp, cst.BooleanOperation, cst.BaseComp, cst.Await, cst.Yield)


class OpenInWith(Fix):
    """
    Opens it in a `with` statement that holds everything which uses it, up to the last such line; connections of
    databases
    and mail boxes, whose `with` does something else, in `contextlib.closing`. A close at the end goes.

    Not offered where what is read lazily leaves the statements, where the name is used elsewhere, is bound twice, or is
    opened on a condition.
    """

    rule = "resource-not-closed"
    says = "Open it in a with statement."
    examples = (
        Change(
            "kept in a name, with a close at the end and without",
            'import json\n\n\ndef load(path):\n    # the rates of today\n    file = open(path, encoding="utf-8")\n'
            "    rates = json.load(file)\n    return rates\n\n\ndef count(path):\n"
            '    log = open(path, encoding="utf-8")\n'
            "    found = 0\n    for line in log:\n        found += parse(\n            line,\n        )\n"
            "    log.close()\n"
            "    return found\n",
            "import json\n\n\ndef load(path):\n    # the rates of today\n"
            '    with open(path, encoding="utf-8") as file:\n'
            "        rates = json.load(file)\n    return rates\n\n\ndef count(path):\n"
            '    with open(path, encoding="utf-8") as log:\n        found = 0\n        for line in log:\n'
            "            found += parse(\n                line,\n            )\n    return found\n",
        ),
        Change(
            "used in passing",
            'import json\n\n\ndef load(path):\n    text = open(path, encoding="utf-8").read()\n'
            '    for line in open(path, encoding="utf-8"):\n        print_line(line)\n'
            '    return text, json.load(open(path, encoding="utf-8"))\n',
            'import json\n\n\ndef load(path):\n    with open(path, encoding="utf-8") as file:\n'
            "        text = file.read()\n"
            '    with open(path, encoding="utf-8") as file:\n        for line in file:\n'
            "            print_line(line)\n"
            '    with open(path, encoding="utf-8") as file:\n        return text, json.load(file)\n',
        ),
        Change(
            "a connection of a database",
            "import sqlite3\n\n\ndef names(path):\n    db = sqlite3.connect(path)\n"
            '    rows = db.execute("SELECT name FROM person").fetchall()\n    return rows\n',
            "import contextlib\nimport sqlite3\n\n\ndef names(path):\n"
            "    with contextlib.closing(sqlite3.connect(path)) as db:\n"
            '        rows = db.execute("SELECT name FROM person").fetchall()\n    return rows\n',
        ),
        Change(
            "a socket that is shut down, which is no close",
            "import socket\n\n\ndef wake(port):\n    sock = socket.socket()\n    sock.connect(('', port))\n"
            "    sock.shutdown(socket.SHUT_WR)\n    return port\n",
            "import socket\n\n\ndef wake(port):\n    with socket.socket() as sock:\n"
            "        sock.connect(('', port))\n        sock.shutdown(socket.SHUT_WR)\n    return port\n",
        ),
    )
    declined = (
        Declined(
            "read lazily by somebody else",
            'import csv\n\n\ndef rows(path):\n    file = open(path, encoding="utf-8")\n'
            "    found = csv.reader(file)\n    return found\n",
            "lazily",
        ),
        Declined(
            "two in one statement",
            "def sums(path):\n    return {'one': md5(open(path, 'rb').read()), 'two': sha1(open(path, 'rb').read())}\n",
            "opens several things",
        ),
        Declined(
            "opened on a condition",
            'def size(path):\n    return len(open(path, encoding="utf-8").read()) if path else 0\n',
            "on a condition",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Move the statements that use it into a with statement."""
        opened = RESOURCES[spot.call.dotted].what
        if opened == "client session" and "Async" in spot.call.dotted + spot.call.last:
            raise NotOfferedError("It has to be opened in `async with`, where its uses are awaited.")
        stmt = spot.place.stmt
        if isinstance(stmt, ast.Assign) and stmt.value is spot.call.node and isinstance(stmt.targets[0], ast.Name):
            _wrap_rest(spot, stmt.targets[0].id, span(stmt, spot.place.function, spot.call))
        elif isinstance(stmt, (ast.For, ast.Assign, ast.Return, ast.Expr, ast.AugAssign)):
            _wrap_alone(spot, stmt, _free_name(spot, _NAMES.get(opened, "opened")))
        else:
            raise NotOfferedError("The statement that opens it is not of a shape that is mended.")


def _wrap_rest(spot: Spot, name: str, found: Span) -> None:
    line = spot.above(spot.node(cst.Call), cst.SimpleStatementLine)
    block: Any = spot.parent(line)
    if not isinstance(block, (cst.IndentedBlock, cst.Module)) or len(block.body) != found.statements:
        raise NotOfferedError("Several statements share a line.")
    opening = _opening(spot, spot.node(cst.Call))

    def how(now: Any) -> Any:
        if len(now.body) != len(block.body):
            raise NotOfferedError("Another change moves the same statements.")
        head, inner, rest = now.body[: found.first], now.body[found.first + 1 : found.last], now.body[found.after :]
        made = _with(opening, name, list(inner), now.body[found.first].leading_lines)
        return now.with_changes(body=[*head, made, *rest])

    spot.change(block, how)


def _wrap_alone(spot: Spot, stmt: ast.stmt, name: str) -> None:
    call = spot.node(cst.Call)
    line: Any = spot.node(cst.For, stmt) if isinstance(stmt, ast.For) else spot.above(call, cst.SimpleStatementLine)
    if _opens_more(spot, stmt):
        raise NotOfferedError("The statement opens several things: which is closed when, a person has to write.")
    if isinstance(stmt, ast.For) and stmt.iter is not spot.call.node and not is_eager(spot.call.node, stmt, spot.call):
        raise NotOfferedError("The loop reads it through something else.")
    if not isinstance(stmt, (ast.For, ast.Expr)) and not is_eager(spot.call.node, stmt, spot.call):
        raise NotOfferedError("What is made of it may be read lazily, after it would be closed.")
    above = spot.parent(call)
    while above is not line:
        if isinstance(above, _CONDITIONAL):
            raise NotOfferedError("It is opened on a condition, or in an expression of its own scope.")
        above = spot.parent(above)
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) != 1:
        raise NotOfferedError("Several statements share a line.")
    opening = _opening(spot, call)
    spot.change(call, lambda _: cst.Name(name))
    spot.change(line, lambda now: _with(opening, name, [now.with_changes(leading_lines=())], now.leading_lines))


def _opens_more(spot: Spot, stmt: ast.stmt) -> bool:
    """Whether a statement that opens something in passing does so more than once."""
    held = stmt.iter if isinstance(stmt, ast.For) else stmt
    places = {(node.lineno, node.col_offset) for node in descendants(held, ast.Call)}
    found = [one for one in spot.ctx.findings if one["rule"] == OpenInWith.rule]
    return len(places & {(one["line"], one["col"]) for one in found}) > 1


def _opening(spot: Spot, call: cst.Call) -> cst.BaseExpression:
    dotted = spot.call.dotted
    if RESOURCES[dotted].what == "process pool":
        raise NotOfferedError("The `with` of a process pool stops what is still at work.")
    if RESOURCES[dotted].what == _DATABASE or dotted.startswith(_POPLIB):
        return cst.Call(spot.expression(f"{spot.imported('contextlib')}.closing"), [cst.Arg(call)])
    return call


def _with(opening: cst.BaseExpression, name: str, body: list[Any], leading: Any) -> cst.With:
    spaced = cst.AsName(cst.Name(name), cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" "))
    return cst.With([cst.WithItem(opening, spaced)], cst.IndentedBlock(body), leading_lines=leading)


def _free_name(spot: Spot, name: str) -> str:
    if spot.is_used(name) and not _only_here(spot, name):
        raise NotOfferedError(f"The name {name} is taken in the function.")
    return name


def _only_here(spot: Spot, name: str) -> bool:
    """Whether nothing in the function says this name yet: another change of the same kind may use it as well."""
    around: ast.AST = spot.place.function or spot.ctx.tree or ast.Module([], [])
    return not any(isinstance(node, ast.Name) and node.id == name for node in descendants(around))
