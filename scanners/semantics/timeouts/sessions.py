"""What an HTTP session does for all its calls: limits, a look at the status; and what becomes of a response."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.place import Call
from scanners.semantics.outbound import SESSION_CALLS, Verdict
from scanners.syntax import descendants, unparse

MOUNTS: Final = tuple(dict.fromkeys(f"{name.rpartition('.')[0]}.mount" for name in SESSION_CALLS))
"""Calls that give a session an adapter."""

_SENDERS: Final = frozenset({"__init__", "request", "send", "get_adapter", "merge_environment_settings"})
_BOUNDED: Final = Verdict("good")
_ADAPTED: Final = Verdict("unresolved", "The session has an adapter from elsewhere, which may set a timeout.")
_PASSED_IN: Final = Verdict("unresolved", "The session comes from elsewhere.")


class Sessions:
    """The sessions of one file, by the text of the expression that holds them. `calls` wait for the end of the file."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.calls: list[tuple[Call, Verdict]] = []
        self._tuned: dict[str, Verdict] = {}
        self._assigned: set[str] | None = None

    def mounted(self, call: Call) -> None:
        """Take in `session.mount(prefix, adapter)`."""
        adapter = call.argument(1, "adapter")
        if call.receiver is None or adapter is None:
            return
        ref = call.resolve(adapter)
        if ref is not None and ref.dotted.startswith("requests.adapters.HTTPAdapter"):
            return  # Retries it may have; a timeout it has none.
        node = self.ctx.definition(ref)
        if node is None:
            known = ref is not None and "timeout" in ref.dotted.lower()
            self._tuned[unparse(call.receiver)] = _BOUNDED if known else _ADAPTED
        elif sets_timeout(node):
            self._tuned[unparse(call.receiver)] = _BOUNDED

    def bound(self, call: Call) -> Verdict | None:
        """Whether something about its session bounds this call, None when nothing does."""
        if call.receiver is None or call.ref is None:
            return None
        if call.ref.via == "base":
            return _BOUNDED if any(sets_timeout(node) for node in _ancestry(call, self.ctx)) else None
        if call.ref.via == "param":
            return _PASSED_IN
        held = unparse(call.receiver)
        if self._assigned is None:
            self._assigned = set(_replaced(self.ctx.tree)) if self.ctx.tree else set()
        return _BOUNDED if held in self._assigned else self._tuned.get(held)


def sets_timeout(node: Any) -> bool:
    """Whether a class has something to say about timeouts where its requests are sent."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return any(getattr(part, "name", "") in _SENDERS and "'timeout'" in ast.dump(part) for part in body)


def _ancestry(call: Call, ctx: Context) -> list[ast.ClassDef]:
    """The classes of this file that the receiver is an instance of."""
    found: list[ast.ClassDef] = []
    waiting = [call.resolve(call.receiver)] if call.receiver else []
    while waiting:
        node = ctx.definition(waiting.pop())
        if isinstance(node, ast.ClassDef) and node not in found:
            found.append(node)
            waiting += [ctx.resolve(base, ctx.module) for base in node.bases]
    return found


def _replaced(tree: ast.Module) -> list[str]:
    """The holders whose `request` or `send` is replaced: `session.request = functools.partial(...)`."""
    return [
        unparse(target.value)
        for node in descendants(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr in ("request", "send")
    ]


def checks_status(call: Call, ctx: Context) -> bool:
    """Whether the session or client of this call looks at the status of every response itself."""
    if call.keyword("raise_for_status", "hooks") is not None:
        return True
    made = call.origin
    if made is not None and call.keyword("raise_for_status", "event_hooks", "hooks", of=made) is not None:
        return True
    if call.ref is not None and call.ref.via == "base":
        return any(_looks_at_status(part) for node in _ancestry(call, ctx) for part in node.body)
    if not _mentions_hooks(ctx):
        return False
    held = unparse(call.receiver) if call.receiver is not None else ""
    return f"{held}.hooks" in ctx.source or f"{held}.event_hooks" in ctx.source


@per_file
def _mentions_hooks(ctx: Context) -> bool:
    return "hooks" in ctx.source


def _looks_at_status(part: ast.stmt) -> bool:
    return getattr(part, "name", "") in _SENDERS and "status" in ast.dump(part)


def response_uses(call: Call, ctx: Context) -> Iterator[str]:
    """The attributes that are read of the response; "" where it goes elsewhere as a whole, "test" for its truth."""
    above = call.parent()
    if isinstance(above, ast.Await):
        above = call.parent(above)
    if isinstance(above, ast.Attribute):
        yield above.attr
    elif isinstance(above, ast.withitem) and isinstance(above.optional_vars, ast.Name):
        yield from _reads(call.function or ctx.tree, above.optional_vars.id)
    elif isinstance(above, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
        target = above.targets[0] if isinstance(above, ast.Assign) else above.target
        if isinstance(target, ast.Name):
            yield from _reads(call.function or ctx.tree, target.id)


def _reads(function: ast.AST | None, name: str) -> list[str]:
    return _all_reads(function).get(name, []) if function is not None else []


@lru_cache(maxsize=4)  # Asked for one name of a def after the other.
def _all_reads(function: ast.AST) -> dict[str, list[str]]:
    """How each name is read in a def."""
    found: dict[str, list[str]] = {}
    for above in descendants(function):
        for field, value in ast.iter_fields(above):
            for node in value if isinstance(value, list) else [value]:
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    tested = (
                        field == "test"
                        or isinstance(above, ast.BoolOp)
                        or isinstance(getattr(above, "op", None), ast.Not)
                    )
                    how = above.attr if isinstance(above, ast.Attribute) else "test" if tested else ""
                    found.setdefault(node.id, []).append(how)
    return found
