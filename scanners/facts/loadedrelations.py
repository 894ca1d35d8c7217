"""What serializers, list views, template loops and loops in Python ask of each row, and what their querysets load."""

import ast
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.place import Bound, Place
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.data.rowloops import nodes
from scanners.semantics.orm import DJANGO, Query, query
from scanners.syntax import unparse
from scanners.text import TextFile

_LISTS: Final = regex(r"List\w*View$|ModelViewSet$|ReadOnlyModelViewSet$|ListModelMixin$|^ListView$")
_LOADERS: Final = ("select_related", "prefetch_related")
_FOR: Final = regex(r"{%-?\s*for\s+(\w+)\s+in\s+([\w.]+?)(\.all)?\s*-?%}|{%-?\s*(endfor)\s*-?%}")
_READ: Final = regex(r"(?<![\w.'\"])(\w+)\.(\w+)\.(\w+)")


class SerializedRelations(Collector):
    """Facts `serializer` and `rows-view` of Django REST framework and Django, and `rendered-rows` of render()."""

    classes = CODE
    calls = ("django.shortcuts.render",)

    def visit_class_def(self, place: Place[ast.ClassDef], ctx: Context) -> None:
        """Record a serializer with its relations, or a view of many rows with its queryset."""
        node = place.node
        bases = [unparse(base).rpartition(".")[2] for base in node.bases]
        if any(base.endswith("Serializer") for base in bases):
            meta = next((stmt for stmt in node.body if isinstance(stmt, ast.ClassDef) and stmt.name == "Meta"), None)
            model = _text(_given(meta, "model")) if meta is not None else ""
            reads = [{"path": path, "line": line} for path, line in _serialized(node)]
            ctx.fact("serializer", place, name=node.name, model=model, reads=reads)
        elif any(_LISTS.search(base) for base in bases):
            self._view(place, node, ctx)

    def _view(self, place: Place[Any], node: ast.ClassDef, ctx: Context) -> None:
        given = _given(node, "queryset")
        method = next((part for part in node.body if getattr(part, "name", "") == "get_queryset"), None)
        scope = ctx.module.functions.get(method, place.scope) if method is not None else place.scope
        returned = [part.value for part in nodes(list(getattr(method, "body", []))) if isinstance(part, ast.Return)]
        told = (
            [query(value, scope, ctx) for value in returned] if method is not None else [query(given, place.scope, ctx)]
        )
        loads = _loads(given) + [
            name for value in nodes(list(getattr(method, "body", []))) for name in _loads_of(value)
        ]
        known = [item for item in told if item is not None and item.engine == DJANGO and _is_plain(item)]
        if method is None and given is None and _given(node, "model") is not None:
            model = _text(_given(node, "model"))
        else:
            model = known[0].model if known and len(known) == len(told) else ""
        ctx.fact(
            "rows-view",
            place,
            serializer=_text(_given(node, "serializer_class")),
            model=model.rpartition(".")[2],
            loads=loads,
            template=str(getattr(_given(node, "template_name"), "value", "")),
            rows=str(getattr(_given(node, "context_object_name"), "value", "object_list")),
        )

    def visit_call(self, call: Any, ctx: Context) -> None:
        """Record the querysets that a template is given."""
        template, given = call.argument(1, "template_name"), call.argument(2, "context")
        if not isinstance(template, ast.Constant) or not isinstance(given, ast.Dict):
            return
        for key, value in zip(given.keys, given.values, strict=True):
            told = query(value, call.scope, ctx)
            if (
                isinstance(key, ast.Constant)
                and told is not None
                and told.many
                and _is_plain(told)
                and told.engine == DJANGO
            ):
                ctx.fact(
                    "rendered-rows",
                    call,
                    template=template.value,
                    rows=key.value,
                    model=told.model.rpartition(".")[2],
                    loads=_query_loads(told),
                )


class SerializedRows(Collector):
    """Fact `rows-view` of a serializer that is called for many rows: `OrderSerializer(orders, many=True)`."""

    classes = CODE

    @staticmethod
    def binds(name: str) -> bool:
        """Whether a keyword may say that many rows are serialized."""
        return name == "many"

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record the queryset that a serializer is given."""
        above: Any = bound.parent()
        name = _text(above.func) if isinstance(above, ast.Call) else ""
        if not name.endswith("Serializer") or getattr(bound.value, "value", None) is not True:
            return
        given = above.args[0] if above.args else _word(above, "instance")
        told = query(given, bound.scope, ctx)
        if told is None or told.engine != DJANGO or not told.many or not _is_plain(told):
            return
        model = told.model.rpartition(".")[2]
        ctx.fact("rows-view", bound, serializer=name, model=model, loads=_query_loads(told), template="", rows="")


class TemplateLoops(Collector):
    """Fact `template-loop`: what a loop of a template reads of a relation of each row."""

    files = ("template",)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the reads of two steps below a loop variable."""
        open_loops: list[tuple[str, str]] = []
        for number, line in enumerate(text.lines, 1):
            for found in _FOR.finditer(line):
                if found[4]:
                    open_loops = open_loops[:-1]
                else:
                    open_loops.append((found[1], found[2]))
            for read in _READ.finditer(line) if open_loops else ():
                rows = next((rows for name, rows in reversed(open_loops) if name == read[1]), "")
                if rows:
                    ctx.fact("template-loop", number, rows=rows, attr=read[2], then=read[3], text=line.strip()[:120])


def _word(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def _is_plain(told: Query) -> bool:
    """Whether a queryset starts from a model's own manager, by steps that are all known."""
    return told.root == "manager" and not told.sliced and (told.many or not told.steps)


def _query_loads(told: Query) -> list[str]:
    return [name for call in told.calls(*_LOADERS) for name in _loads_of(call)]


def _loads(expr: ast.AST | None) -> list[str]:
    return [name for node in nodes([expr]) for name in _loads_of(node)] if expr is not None else []


def _loads_of(node: Any) -> Iterator[str]:
    """The relations that a call of select_related or prefetch_related names; "*" for what cannot be told."""
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in _LOADERS:
        return
    if not node.args:
        yield "*"
    for arg in node.args:
        first = arg.args[0] if isinstance(arg, ast.Call) and arg.args else arg
        yield str(first.value) if isinstance(first, ast.Constant) else "*"


def _serialized(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    """What a serializer asks of each row beyond its own columns: "customer" or "customer.name", with the line."""
    for stmt in node.body:
        if isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Call) and isinstance(stmt.targets[0], ast.Name):
            kind = unparse(stmt.value.func).rpartition(".")[2]
            source = next((word.value for word in stmt.value.keywords if word.arg == "source"), None)
            path = str(source.value) if isinstance(source, ast.Constant) else stmt.targets[0].id
            nested = kind.endswith("Serializer") or kind in (
                "StringRelatedField",
                "SlugRelatedField",
                "HyperlinkedRelatedField",
            )
            if nested or ("." in path and kind.endswith("Field")):
                yield path, stmt.lineno
        elif isinstance(stmt, ast.FunctionDef) and stmt.name.startswith("get_") and len(stmt.args.args) == 2:
            row = stmt.args.args[1].arg
            for part in nodes(stmt.body):
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Attribute):
                    inner = part.value
                    if (
                        isinstance(inner.value, ast.Name)
                        and inner.value.id == row
                        and part.attr not in ("pk", "id", "filter")
                    ):
                        yield f"{inner.attr}.{part.attr}", part.lineno


def _given(node: ast.ClassDef | None, name: str) -> ast.expr | None:
    for stmt in node.body if node is not None else []:
        if isinstance(stmt, ast.Assign) and getattr(stmt.targets[0], "id", "") == name:
            return stmt.value
    return None


def _text(expr: ast.expr | None) -> str:
    return unparse(expr).rpartition(".")[2] if isinstance(expr, (ast.Name, ast.Attribute)) else ""
