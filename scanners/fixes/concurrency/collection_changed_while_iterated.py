import ast
from typing import Final

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.concurrency.iteration import iterated
from scanners.semantics.containers import spelled
from scanners.syntax import descendants, unparse

_GROWS: Final = frozenset({"append", "appendleft", "extend", "insert", "add", "update", "setdefault"})


class IterateOverCopy(Fix):
    """
    Lets the loop go over a copy: `for row in list(rows)`.

    Not offered for loops over indexes, which a copy does not help, for those that count the rows and use the number,
    and for a loop that adds to what it goes over: it may be meant to reach what was added.
    """

    rule = "collection-changed-while-iterated"
    says = "Go over a copy."
    examples = (
        Change(
            "a dict and a list",
            "def expire(sessions, now):\n    for key, session in sessions.items():  # all\n"
            "        if session.end < now:\n"
            "            del sessions[key]\n        elif session.gone:\n            sessions.pop(key)\n",
            "def expire(sessions, now):\n    for key, session in list(sessions.items()):  # all\n"
            "        if session.end < now:\n"
            "            del sessions[key]\n        elif session.gone:\n            sessions.pop(key)\n",
        ),
        Change(
            "an attribute, counted",
            "class Feed:\n    def __init__(self):\n        self.rows = []\n    def sweep(self):\n"
            "        for number, row in enumerate(self.rows, 1):\n            if row.stale:\n"
            "                self.rows.remove(row)\n",
            "class Feed:\n    def __init__(self):\n        self.rows = []\n    def sweep(self):\n"
            "        for number, row in enumerate(list(self.rows), 1):\n            if row.stale:\n"
            "                self.rows.remove(row)\n",
        ),
    )
    declined = (
        Declined(
            "by index",
            "def trim(rows):\n    for index in range(len(rows)):\n        if not rows[index]:\n"
            "            del rows[index]\n",
            "indexes",
        ),
        Declined(
            "counted",
            "def trim(rows):\n    for number, row in enumerate(rows):\n        if not row:\n"
            "            rows.pop(number)\n",
            "counted",
        ),
        Declined(
            "it grows",
            "def spread(names):\n    seen = set(names)\n    for name in seen:\n        seen.add(name + 's')\n",
            "adds to",
        ),
        Declined(
            "another list",
            "def expire(rows, list):\n    for row in rows:\n        if row.old:\n            rows.remove(row)\n",
            "something else list",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Make the copy where the loop begins."""
        loop = self._loop(spot)
        if any(isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _GROWS for node in self._changes(spot)):
            raise NotOfferedError("The loop adds to what it goes over, and may be meant to reach that too.")
        if spot.is_used("list"):
            raise NotOfferedError("The file calls something else list.")
        over = loop.iter
        if isinstance(over, ast.Call) and getattr(over.func, "id", "") == "enumerate":
            over = over.args[0]
            _refuse_numbered(loop, unparse(over))
        node = spot.node(cst.BaseExpression, over)  # type: ignore[type-abstract] # Any expression will do.
        spot.change(node, lambda now: now if _is_copy(now) else cst.Call(cst.Name("list"), [cst.Arg(now)]))

    def _changes(self, spot: Spot) -> list[ast.AST]:
        node = spot.place.node
        if isinstance(node, ast.Assign):
            raise NotOfferedError("The loop adds to what it goes over, and may be meant to reach that too.")
        return list(descendants(node))[:2] if isinstance(node, ast.Expr) else [node]

    def _loop(self, spot: Spot) -> ast.For:
        """The loop that the message is about."""
        tree = spot.ctx.tree
        for loop in descendants(tree, ast.For) if tree is not None else ():
            held, by_index = iterated(loop.iter)
            if held is None or f"`{spelled(held)}` while the loop of line {loop.lineno} " not in spot.message:
                continue
            if by_index:
                raise NotOfferedError("The loop goes over indexes, which a copy does not keep right.")
            found: ast.For = loop
            return found
        raise NotOfferedError("The loop cannot be told apart.")


def _refuse_numbered(loop: ast.For, held: str) -> None:
    """Raises NotOfferedError where the number of the turn says which row to take: in a copy the rows do not move up."""
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
    number = target.id if isinstance(target, ast.Name) else ""
    whole = ast.Module(list(loop.body), [])
    for node in descendants(whole, ast.Call, ast.Subscript):
        on = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        on = node.value if isinstance(node, ast.Subscript) else on
        if on is not None and unparse(on) == held and any(one.id == number for one in descendants(node, ast.Name)):
            raise NotOfferedError("The rows are counted, and the number of a row in the copy is another one.")


def _is_copy(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "list"
