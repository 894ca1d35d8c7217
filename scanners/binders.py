"""The nodes that call, bind names or open a suite: what the walk does at each instead of just going on."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from scanners.place import Block
from scanners.scopes import listed_arguments

if TYPE_CHECKING:
    from scanners.walk import Walk

Binder = Callable[[Any, Any, list[Any]], None]
"""Takes the walk, the node and the stack; pushes what is to be walked next, last first, and lists what is not."""

MARKERS: Final = (int, list, tuple, Block)
"""What stands on the stack beside nodes: where a node that ends began, a suite that begins, one that is only listed
(in brackets), a block to enter or to return to."""


def _call(walk: "Walk", node: ast.Call, stack: list[Any]) -> None:
    func = node.func
    name = func.attr if type(func) is ast.Attribute else getattr(func, "id", None)
    if name in walk.wanted:
        walk.calls.append((node, walk.block, walk.stmt))
    stack += node.keywords[::-1]
    stack += node.args[::-1]
    stack.append(func)


def _function(walk: "Walk", node: Any, stack: list[Any]) -> None:
    scope = walk.block.scope
    is_lambda = type(node) is ast.Lambda
    name = "<lambda>" if is_lambda else node.name
    if not is_lambda:
        scope.bind(name, "def", node, node.lineno)
    inner = walk.module.functions[node] = walk.scope(node, "function", scope, name)
    walk.enter(stack, "function", node, [node.body] if is_lambda else node.body, inner)
    _parameters(walk, node.args, stack)
    if not is_lambda:
        if node.returns is not None:
            walk.listing.read(node.returns)
        stack += node.decorator_list


def _parameters(walk: "Walk", args: ast.arguments, stack: list[Any]) -> None:
    """Annotations are listed, and not looked at; defaults are looked at, in the def's own block."""
    nodes = walk.listing.nodes
    nodes.append(args)
    for arg in listed_arguments(args):
        nodes.append(arg)
        if arg.annotation is not None:
            walk.listing.read(arg.annotation)
    if args.defaults:
        named = [*args.posonlyargs, *args.args][-len(args.defaults) :]
        for arg, default in zip(named, args.defaults, strict=True):
            walk.give(arg.arg, default, default)
        stack += args.defaults
    if args.kw_defaults:
        for arg, kw_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            if kw_default is not None:
                walk.give(arg.arg, kw_default, kw_default)
                stack.append(kw_default)


def _class(walk: "Walk", node: ast.ClassDef, stack: list[Any]) -> None:
    scope = walk.block.scope
    scope.bind(node.name, "class", node, node.lineno)
    inner = walk.scope(node, "class", scope, node.name)
    walk.module.classes[inner.qualname] = inner
    walk.enter(stack, "class", node, node.body, inner)
    stack += [*node.decorator_list, *node.bases, *node.keywords][::-1]


def _import(walk: "Walk", node: ast.Import, _: list[Any]) -> None:
    walk.listing.nodes.extend(node.names)
    _bind_import(walk, node)


def _bind_import(walk: "Walk", node: ast.Import) -> None:
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        walk.block.scope.bind(bound, "import", alias.name if alias.asname else bound, node.lineno)


def _import_from(walk: "Walk", node: ast.ImportFrom, _: list[Any]) -> None:
    walk.listing.nodes.extend(node.names)
    _bind_import_from(walk, node)


def _bind_import_from(walk: "Walk", node: ast.ImportFrom) -> None:
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
    stack.append(value)
    stack += node.targets[::-1]
    for target in node.targets:
        walk.bind(target, "assign", value)
        walk.give(_name_of(target), value, node)
        if type(target) is ast.Name and type(chosen) is ast.Attribute and chosen.attr in walk.index.lasts:
            walk.wanted.add(target.id)


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
    stack.append(node.value)


def _dict(walk: "Walk", node: ast.Dict, stack: list[Any]) -> None:
    for key, value in zip(node.keys, node.values, strict=True):
        if type(key) is ast.Constant and type(key.value) is str:
            walk.give(key.value, value, value)
    stack += node.values[::-1]
    stack += [key for key in node.keys[::-1] if key is not None]


def _ann_assign(walk: "Walk", node: ast.AnnAssign, stack: list[Any]) -> None:
    walk.listing.read(node.target)
    walk.listing.read(node.annotation)
    if node.value is not None:
        walk.bind(node.target, "assign", node.value)
        walk.give(_name_of(node.target), node.value, node)
        stack.append(node.value)
    else:
        walk.bind(node.target, "declared", node.annotation)


def _aug_assign(walk: "Walk", node: ast.AugAssign, stack: list[Any]) -> None:
    walk.bind(node.target, "augmented", node.value)
    stack += node.value, node.target


def _named(walk: "Walk", node: ast.NamedExpr, stack: list[Any]) -> None:
    walk.bind(node.target, "assign", node.value)
    walk.listing.read(node.target)
    stack.append(node.value)


def _with(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "with", node, node.body)
    for item in node.items:
        if item.optional_vars is not None:
            walk.bind(item.optional_vars, "with", item.context_expr)
    stack += node.items[::-1]


def _item(walk: "Walk", node: ast.withitem, stack: list[Any]) -> None:
    if node.optional_vars is not None:
        walk.listing.read(node.optional_vars)
    stack.append(node.context_expr)


def _for(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.bind(node.target, "for", node.iter)
    walk.listing.read(node.target)
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "for", node, node.body)
    stack.append(node.iter)


def _while(walk: "Walk", node: ast.While, stack: list[Any]) -> None:
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "while", node, node.body)
    stack.insert(-1, node.test)  # Repeated as the body is: inside its block, before its first statement.


def _comprehension(walk: "Walk", node: ast.comprehension, stack: list[Any]) -> None:
    walk.bind(node.target, "for", node.iter)
    walk.listing.read(node.target)
    stack += node.ifs[::-1]
    stack.append(node.iter)


def _if(walk: "Walk", node: ast.If, stack: list[Any]) -> None:
    dead = constant_truth(node.test)
    if dead is True:
        stack.append((node.orelse,))
    else:
        walk.enter(stack, "else", node, node.orelse)
    if dead is False:
        _bind_only(walk, node.body)
        stack.append((node.body,))
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
            _bind_import(walk, stmt)
        elif isinstance(stmt, ast.ImportFrom):
            _bind_import_from(walk, stmt)


def _try(walk: "Walk", node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "finally", node, node.finalbody)
    walk.enter(stack, "try-else", node, node.orelse)
    stack += node.handlers[::-1]
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
    ast.Call: _call,
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
    ast.withitem: _item,
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
