"""Statements added to the body of a module."""

from collections.abc import Sequence

import libcst as cst

from scanners.fixes.fix import NotOfferedError
from scanners.fixes.spot import Spot

_BLANK = cst.EmptyLine(indent=False)
_LOGGER = "getLogger("


def add_below_imports(spot: Spot, node: cst.CSTNode, statement: str) -> None:
    """A statement below the imports at the top of the file, and the logger, once however often it is asked for.

    Raises NotOfferedError when the finding, at `node`, stands above that place and would be run first.
    """
    module = spot.above(node, cst.Module)
    top = _outermost(spot, node, module)
    if not isinstance(top, (cst.FunctionDef, cst.ClassDef)) and module.body.index(top) < _below(module.body):
        raise NotOfferedError("The code runs before the imports are done.")

    def how(now: cst.Module) -> cst.Module:
        if any(isinstance(line, cst.SimpleStatementLine) and _text(line) == statement for line in now.body):
            return now
        at = _below(now.body)
        while _LOGGER not in statement and at < len(now.body) and _is_logger(now.body[at]):
            at += 1
        first = cst.ensure_type(spot.statement(statement), cst.SimpleStatementLine)
        rest = list(now.body[at:])
        if rest and not any(line.comment is None for line in _leading(rest[0])):
            rest[0] = rest[0].with_changes(leading_lines=[_BLANK, *_leading(rest[0])])
        return now.with_changes(body=[*now.body[:at], first.with_changes(leading_lines=[_BLANK]), *rest])

    spot.change(module, how)


def _outermost(spot: Spot, node: cst.CSTNode, module: cst.Module) -> cst.BaseStatement:
    """The statement of the module's body that holds a node."""
    while spot.parent(node) is not module:
        node = spot.parent(node)
    if not isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
        raise NotOfferedError("The code around the finding is not of the shape that is mended.")
    return node


def _below(body: Sequence[cst.BaseStatement]) -> int:
    """Where the imports at the top end: below the docstring if there are none."""
    found = 1 if body and _is_text(body[0]) else 0
    for number, statement in enumerate(body):
        if isinstance(statement, (cst.FunctionDef, cst.ClassDef)):
            break
        if _imports(statement):
            found = number + 1
    return found


def _imports(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return all(isinstance(part, (cst.Import, cst.ImportFrom)) for part in statement.body)
    if isinstance(statement, (cst.If, cst.Try)):
        return any(_imports(inner) for inner in statement.body.body)
    return False


def _is_logger(statement: cst.BaseStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and _LOGGER in _text(statement)


def _is_text(statement: cst.BaseStatement) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Expr):
        return False
    return isinstance(statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString))


def _leading(statement: cst.BaseStatement) -> Sequence[cst.EmptyLine]:
    found: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
    return found


def _text(line: cst.SimpleStatementLine) -> str:
    return cst.Module([line.with_changes(leading_lines=[])]).code.strip()
