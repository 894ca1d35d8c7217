"""What bounds the calls of an HTTP session: its class, its adapters, a request method put in its place."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.outbound import SESSION_CALLS, Verdict
from scanners.place import Call

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
            self._tuned[ast.unparse(call.receiver)] = _BOUNDED if known else _ADAPTED
        elif sets_timeout(node):
            self._tuned[ast.unparse(call.receiver)] = _BOUNDED

    def bound(self, call: Call) -> Verdict | None:
        """Whether something about its session bounds this call, None when nothing does."""
        if call.receiver is None or call.ref is None:
            return None
        if call.ref.via == "base":
            return _BOUNDED if any(sets_timeout(node) for node in _ancestry(call, self.ctx)) else None
        if call.ref.via == "param":
            return _PASSED_IN
        held = ast.unparse(call.receiver)
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
        ast.unparse(target.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr in ("request", "send")
    ]
