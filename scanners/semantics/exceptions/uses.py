"""What becomes of the result of a call that a local variable holds."""

import ast

from scanners.names import find
from scanners.place import Call
from scanners.syntax import children, descendants


def reads(call: Call) -> list[str] | None:
    """What is read of the local variable that holds the result, or None when none does.

    Names of attributes; "" stands for the whole value, `wait()` for what waiting for it returns.
    """
    above = call.parent()
    above = call.parent(above) if isinstance(above, ast.Await) else above
    target: ast.AST | None = None
    if isinstance(above, ast.Assign) and len(above.targets) == 1:
        target = above.targets[0]
    elif isinstance(above, ast.withitem):
        target = above.optional_vars
    elif isinstance(above, (ast.NamedExpr, ast.AnnAssign)):
        target = above.target
    if not isinstance(target, ast.Name) or find(target.id, call.scope) is None:
        return None
    return _reads(call.function or call.scope.module.node, target.id)


def _reads(function: ast.AST, name: str) -> list[str]:
    found = [
        above.attr if isinstance(above, ast.Attribute) else ""
        for above in descendants(function)
        for node in children(above)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    waits = [above for above in descendants(function) if any(_waits(node, name) for node in children(above))]
    return found + ["wait()" for above in waits if not isinstance(above, (ast.Expr, ast.Await)) and not _bounds(above)]


def _waits(node: ast.AST, name: str) -> bool:
    """Whether it is a wait for the process of this name, awaited or with a limit around it."""
    value = node.value if isinstance(node, ast.Await) else node
    if not isinstance(value, ast.Call):
        return False
    if _bounds(value) and value.args:
        return _waits(value.args[0], name)
    waits = isinstance(value.func, ast.Attribute) and value.func.attr == "wait"
    return waits and getattr(getattr(value.func, "value", None), "id", "") == name


def _bounds(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "wait_for"
