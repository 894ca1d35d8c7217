"""The URL configuration of Django and the routers of DRF, entry by entry, to be joined over files."""

import ast
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.semantics.pointers import pointer
from scanners.semantics.web.patterns import MAKERS, Entry, entries
from scanners.syntax import last_name, suite, unparse

_LISTED: Final = regex(r"(patterns?|urls)$", re.IGNORECASE)
_GROWS: Final = frozenset({"append", "extend", "insert"})


class UrlConfs(Collector):
    """Fact `url-entry`: one pattern of the list that `holder` names, with where it leads.

    Fact `url-list`: that there is such a list. Fact `drf-router`: a router of DRF. Fact `drf-register`: a view that it
    is given. Fact `root-urls`: the module that the settings name.
    """

    calls = ("*.register", "*.registerAll")

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record what a router is given."""
        prefix, view = call.argument(0, "prefix"), call.argument(1, "viewset", "view")
        if prefix is None or view is None or call.receiver is None or ctx.path_class == "test":
            return
        path, owner = ctx.constant(prefix, call), pointer(call.receiver, call.scope)
        nested = isinstance(call.receiver, ast.Call)
        if owner and not nested and (isinstance(path, str) or isinstance(prefix, (ast.JoinedStr, ast.BinOp))):
            target = pointer(view, call.scope)
            if target:
                ctx.fact("drf-register", call, owner=owner, prefix=path if isinstance(path, str) else "…", view=target)

    def visit_module(self, ctx: Context) -> None:
        """Record the patterns of every list of the module body and of `get_urls`."""
        for binding in ctx.module.names.get("ROOT_URLCONF", ()):
            value = fold(binding.value, ctx.module) if isinstance(binding.value, ast.AST) else None
            if isinstance(value, str):
                ctx.fact("root-urls", binding.line, module=value)
        if not any(f"{maker}(" in ctx.source for maker in MAKERS) and "urlpatterns" not in ctx.source:
            return
        if not ctx.imports("django", "rest_framework") and "urlpatterns" not in ctx.module.names:
            return
        for holder, found in _lists(ctx):
            ctx.fact("url-list", 1, name=holder)
            for entry in found:
                ctx.fact("url-entry", entry.line, holder=holder, **_plain(entry))
        self._routers(ctx)

    def _routers(self, ctx: Context) -> None:
        """Record the routers of the module body; one that hangs below another says so."""
        for name, bindings in ctx.module.names.items():
            made = bindings[-1].value if bindings[-1].kind == "assign" else None
            if isinstance(made, ast.Call) and last_name(made.func).endswith("Router"):
                args = [*made.args, *(word.value for word in made.keywords if word.arg == "parent_router")]
                nested = "Nested" in last_name(made.func)
                parent = pointer(args[0], ctx.module) if nested and args else ""
                prefix = fold(made.args[1], ctx.module) if nested and len(made.args) > 1 else ""
                ctx.fact("drf-router", made, name=name, parent=parent, under=prefix if isinstance(prefix, str) else "")


def _plain(entry: Entry) -> dict[str, Any]:
    fields = {key: value for key, value in asdict(entry).items() if value and key != "line"}
    return {"path": "", "view": "", "include": "", "regex": False} | fields


def _lists(ctx: Context) -> Iterator[tuple[str, list[Entry]]]:
    """The lists of patterns by the name that holds them."""
    scope = ctx.module
    for name, bindings in scope.names.items():
        values = [each.value for each in bindings if each.kind in ("assign", "augmented")]
        found = [entry for value in values if _may_be_list(value, name) for entry in entries(value, scope)]
        grown = list(_grown(name, scope, ctx)) if found or _LISTED.search(name) else []
        own = [entry for entry in (*found, *grown) if entry.include != f":{name}"]
        if own and (name == "urlpatterns" or any(entry.view or entry.path or entry.include for entry in own)):
            yield name, own
    for node, inner in scope.functions.items():
        if getattr(node, "name", "") in ("get_urls", "urls", "get_urlpatterns") and not isinstance(node, ast.Lambda):
            found = [entry for each in suite(node.body, ast.List) for entry in entries(each, inner) if entry.view]  # type: ignore[attr-defined]  # a def has a body
            if found:
                yield inner.qualname, found


def _may_be_list(value: Any, name: str) -> bool:
    if name == "urlpatterns":
        return True
    if _LISTED.search(name) and isinstance(value, (ast.List, ast.Tuple, ast.BinOp)):
        return True
    text = unparse(value)[:4000] if isinstance(value, (ast.List, ast.Tuple, ast.BinOp)) else ""
    return any(f"{maker}(" in text for maker in MAKERS)


def _grown(name: str, scope: Scope, ctx: Context) -> Iterator[Entry]:
    """What a list is given by its methods in the module body."""
    for call in suite(ctx.tree.body, ast.Call) if ctx.tree is not None else ():
        held = call.func
        if isinstance(held, ast.Attribute) and held.attr in _GROWS and getattr(held.value, "id", "") == name:
            last = call.args[-1] if call.args else None
            whole = last if held.attr == "extend" or last is None else ast.List([last], ast.Load())
            yield from entries(whole, scope)
