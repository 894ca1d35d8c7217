"""What a setup.py requires, as far as it is written out. Nothing of it is run."""

import ast
from typing import Any, Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.dependencies.requirements import group_of, requirement
from scanners.facts.manifests import is_public, manifest_fields, note_requirement
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.syntax import descendants

_ABOUT: Final = ("classifiers", "keywords", "url", "project_urls", "name", "python_requires")
_LIST: Final = regex(r"[\w./-]*(require|reqs?\b|constraint|depend)[\w./-]*\.(txt|in|pip)$")


class SetupCalls(Collector):
    """Facts "requirement" and "manifest" of the call of `setup`: lists that are written out or bound to a name."""

    calls = ("setuptools.setup", "distutils.core.setup")
    classes = CODE

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record what is written out, and which files the rest is read from."""
        needed, extras = call.keyword("install_requires"), _bound(call.keyword("extras_require"), ctx)
        listed = [(entry, "") for entry in _items(needed, call, ctx)]
        for name in ("tests_require", "setup_requires"):
            listed += [(entry, "dev") for entry in _items(call.keyword(name), call, ctx)]
        for key, value in zip(extras.keys, extras.values, strict=True) if isinstance(extras, ast.Dict) else ():
            group = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else "extra"
            listed += [(entry, group_of(group)) for entry in _items(value, call, ctx)]
        found = [requirement(text, line, group) for (text, line), group in listed]
        for entry in found:
            if entry is not None:
                note_requirement(entry, ctx, ctx.source_lines[entry.line - 1])
        dynamic = (needed is not None and not _written_out(needed, call, ctx)) or call.unpacks
        about = {word: ctx.constant(call.keyword(word), call) for word in _ABOUT if call.keyword(word) is not None}
        name, python = (_text(about.pop(word, "")) for word in ("name", "python_requires"))
        includes = [[path, ""] for path in _files(needed, ctx)] if dynamic else []
        fields = manifest_fields(name=name, python=python, dynamic=dynamic, public=is_public(about), includes=includes)
        ctx.fact("manifest", call, kind="setup-py", count=len(found), **fields)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _bound(expr: ast.expr | None, ctx: Context) -> ast.AST | None:
    """What an expression is, or what the name is bound to that it is, where that is one thing."""
    if not isinstance(expr, ast.Name):
        return expr
    values = [binding.value for binding in ctx.module.names.get(expr.id, []) if binding.kind == "assign"]
    return values[0] if len(values) == 1 else None


def _written_out(expr: ast.expr, call: Call, ctx: Context) -> bool:
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        return _written_out(expr.left, call, ctx) and _written_out(expr.right, call, ctx)
    return ctx.constant(expr, call) is not UNKNOWN


def _items(expr: ast.expr | None, call: Call, ctx: Context) -> list[tuple[str, int]]:
    """The texts of a list that is written out, or bound to a name in sight, with their lines; so of sums of lists."""
    listed = _bound(expr, ctx)
    if isinstance(listed, ast.BinOp) and isinstance(listed.op, ast.Add):
        return _items(listed.left, call, ctx) + _items(listed.right, call, ctx)
    if isinstance(listed, ast.Constant) and isinstance(listed.value, str):
        return [(line, listed.lineno) for line in listed.value.splitlines() if line.strip()]
    if not isinstance(listed, (ast.List, ast.Tuple)):
        return []
    values = [(ctx.constant(item, call), item.lineno) for item in listed.elts]
    return [(value, line) for value, line in values if isinstance(value, str)]


def _files(needed: ast.expr | None, ctx: Context) -> list[str]:
    """The files that a list is read from: named in the expression, or the only one that the module names."""
    inside = [] if needed is None else _named(_bound(needed, ctx) or needed)
    whole = _named(ctx.tree) if ctx.tree is not None and "require" in ctx.source else []
    return inside or (whole if len(whole) == 1 else [])


def _named(node: ast.AST) -> list[str]:
    texts = [found.value for found in (node, *descendants(node, ast.Constant)) if isinstance(found, ast.Constant)]
    return [*dict.fromkeys(text for text in texts if isinstance(text, str) and _LIST.match(text))]
