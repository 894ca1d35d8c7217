"""The nodes that bind names or open a suite: what the walk does at each instead of just going on."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scanners.walk import Walk

Binder = Callable[[Any, Any, list[Any]], None]
"""Takes the walk, the node and the stack; pushes what is to be walked next, last first."""


def _function(walk: "Walk", node: Any, stack: list[Any]) -> None:
    scope = walk.block.scope
    name = getattr(node, "name", "<lambda>")
    if name != "<lambda>":
        scope.bind(name, "def", node, node.lineno)
    inner = walk.module.functions[node] = walk.scope(node, "function", scope, name)
    walk.enter(stack, "function", node, node.body if isinstance(node.body, list) else [node.body], inner)
    args = node.args
    if args.defaults:
        named = [*args.posonlyargs, *args.args][-len(args.defaults) :]
        for arg, default in zip(named, args.defaults, strict=True):
            walk.give(arg.arg, default, default)
        stack.extend(args.defaults)
    if args.kw_defaults:
        for arg, kw_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            walk.give(arg.arg, kw_default, kw_default or arg)
        stack.extend(args.kw_defaults)
    if name != "<lambda>":
        stack.extend(node.decorator_list)


def _class(walk: "Walk", node: ast.ClassDef, stack: list[Any]) -> None:
    scope = walk.block.scope
    scope.bind(node.name, "class", node, node.lineno)
    inner = walk.scope(node, "class", scope, node.name)
    walk.module.classes[inner.qualname] = inner
    walk.enter(stack, "class", node, node.body, inner)
    stack.extend(reversed([*node.decorator_list, *node.bases, *node.keywords]))


def _import(walk: "Walk", node: ast.Import, _: list[Any]) -> None:
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        walk.block.scope.bind(bound, "import", alias.name if alias.asname else bound, node.lineno)


def _import_from(walk: "Walk", node: ast.ImportFrom, _: list[Any]) -> None:
    source = "." * node.level + (node.module or "")
    joint = "" if source.endswith(".") else "."
    for alias in node.names:
        if alias.name == "*":
            continue
        walk.block.scope.bind(alias.asname or alias.name, "import", f"{source}{joint}{alias.name}", node.lineno)
        if alias.asname and alias.name in walk.index.lasts:
            walk.wanted.add(alias.asname)


def _assign(walk: "Walk", node: ast.Assign, stack: list[Any]) -> None:
    value = node.value
    chosen = value.body if type(value) is ast.IfExp else value
    for target in node.targets:
        walk.bind(target, "assign", value)
        walk.give(_name_of(target), value, node)
        if type(target) is not ast.Name:
            stack.append(target)
        elif type(chosen) is ast.Attribute and chosen.attr in walk.index.lasts:
            walk.wanted.add(target.id)
    if type(value) not in walk.index.leaves:
        stack.append(value)


def _name_of(target: Any) -> str:
    """What an assignment gives a value to: a name, an attribute or a key; empty for anything else."""
    kind = type(target)
    if kind is ast.Name:
        return str(target.id)
    if kind is ast.Attribute:
        return str(target.attr)
    key = getattr(target.slice, "value", "") if kind is ast.Subscript else ""
    return key if isinstance(key, str) else ""


def _keyword(walk: "Walk", node: ast.keyword, stack: list[Any]) -> None:
    if node.arg is not None:
        walk.give(node.arg, node.value, node)
    if type(node.value) not in walk.index.leaves:
        stack.append(node.value)


def _dict(walk: "Walk", node: ast.Dict, stack: list[Any]) -> None:
    leaves = walk.index.leaves
    for key, value in zip(node.keys, node.values, strict=True):
        if type(key) is ast.Constant and type(key.value) is str:
            walk.give(key.value, value, value)
        elif type(key) not in leaves:
            stack.append(key)
        if type(value) not in leaves:
            stack.append(value)


def _ann_assign(walk: "Walk", node: ast.AnnAssign, stack: list[Any]) -> None:
    if node.value is not None:
        walk.bind(node.target, "assign", node.value)
        walk.give(_name_of(node.target), node.value, node)
        stack.append(node.value)
    else:
        walk.bind(node.target, "declared", node.annotation)


def _aug_assign(walk: "Walk", node: ast.AugAssign, stack: list[Any]) -> None:
    walk.bind(node.target, "augmented", node.value)
    stack.extend((node.value, node.target))


def _named(walk: "Walk", node: ast.NamedExpr, stack: list[Any]) -> None:
    walk.bind(node.target, "assign", node.value)
    stack.append(node.value)


def _with(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "with", node, node.body)
    for item in reversed(node.items):
        if item.optional_vars is not None:
            walk.bind(item.optional_vars, "with", item.context_expr)
        stack.append(item.context_expr)


def _for(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.bind(node.target, "for", node.iter)
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "for", node, node.body)
    stack.append(node.iter)


def _while(walk: "Walk", node: ast.While, stack: list[Any]) -> None:
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "while", node, [node.test, *node.body])


def _comprehension(walk: "Walk", node: ast.comprehension, stack: list[Any]) -> None:
    walk.bind(node.target, "for", node.iter)
    stack.extend((*reversed(node.ifs), node.iter))


def _if(walk: "Walk", node: ast.If, stack: list[Any]) -> None:
    dead = constant_truth(node.test)
    walk.enter(stack, "else", node, [] if dead is True else node.orelse)
    if dead is False:
        _bind_only(walk, node.body)
    else:
        walk.enter(stack, "if", node, node.body)
    stack.append(node.test)


def constant_truth(test: ast.expr) -> bool | None:
    """Whether a condition is fixed: False for `if TYPE_CHECKING` and constant-dead branches, None when it is open."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return False if name == "TYPE_CHECKING" else None


def _bind_only(walk: "Walk", body: list[ast.stmt]) -> None:
    """Imports of a type-checking block name types in annotations; nothing else of it ever runs."""
    for stmt in body:
        if isinstance(stmt, ast.Import):
            _import(walk, stmt, [])
        elif isinstance(stmt, ast.ImportFrom):
            _import_from(walk, stmt, [])


def _try(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "finally", node, node.finalbody)
    walk.enter(stack, "try-else", node, node.orelse)
    stack.extend(reversed(node.handlers))
    walk.enter(stack, "try", node, node.body)


def _handler(walk: "Walk", node: ast.ExceptHandler, stack: list[Any]) -> None:
    if node.name:
        walk.block.scope.bind(node.name, "except", node, node.lineno)
    walk.enter(stack, "except", node, node.body)
    if node.type is not None:
        stack.append(node.type)


def _global(walk: "Walk", node: ast.Global, _: list[Any]) -> None:
    scope = walk.block.scope
    scope.outer = (scope.outer or set()) | set(node.names)


BINDERS: Final[dict[type[ast.AST], Binder]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _function,
    ast.ClassDef: _class,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Assign: _assign,
    ast.AnnAssign: _ann_assign,
    ast.AugAssign: _aug_assign,
    ast.NamedExpr: _named,
    ast.keyword: _keyword,
    ast.Dict: _dict,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.comprehension: _comprehension,
    ast.If: _if,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.ExceptHandler: _handler,
    ast.Global: _global,
}
