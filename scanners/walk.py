"""The one walk: every rule and every fact sees a file in a single pass over its tree.

The walk itself only notes what some hook wants, with where it stands, and who binds which name. The hooks run after it,
over those notes, so that a name bound at the end of a file is known at its start. An explicit stack keeps deep trees from
overflowing Python's, and no node ever points to its parent: with the collector off, a cycle would stay for ever.
"""

import ast
from collections.abc import Callable
from typing import Any, Final

from scanners.names import Scope
from scanners.place import Block

Hook = Callable[[Any, Any], None]
Note = tuple[list[Hook], ast.AST, Block, ast.stmt | None]

_SKIP: Final = frozenset(
    "ctx op ops type_comment kind type_ignores conversion attr id arg name names module level rest is_async simple "
    "annotation returns type_params".split()
)  # Plain values, operators, and annotations, which are read through the names that they annotate.
_LEAVES: Final = (ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue, ast.alias)


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(reversed([name for name in kind._fields if name not in _SKIP]))


class Index:
    """Who wants what: the hooks of all collectors, by node type and by called name. Built once for a set of collectors."""

    def __init__(self, collectors: list[Any], path_class: str) -> None:
        self.modules: list[Hook] = []
        self.nodes: dict[type[ast.AST], list[Hook]] = {}
        self.by_name: dict[str, list[Hook]] = {}
        self.by_last: dict[str, list[Hook]] = {}
        for collector in collectors:
            if path_class in collector.classes:
                self._add(collector)
        self.lasts = {name.rpartition(".")[2] for name in self.by_name} | set(self.by_last)

    def _add(self, collector: Any) -> None:
        for name in dir(collector):
            if name == "visit_module":
                self.modules.append(bind(collector, name))
            elif name == "visit_call":
                self._add_calls(collector)
            elif name.startswith("visit_") and name not in ("visit_text", "visit_tree"):
                for kind in node_types(name.removeprefix("visit_")):
                    self.nodes.setdefault(kind, []).append(bind(collector, name))

    def _add_calls(self, collector: Any) -> None:
        hook = bind(collector, "visit_call")
        for name in collector.calls:
            known = self.by_last if name.startswith("*.") else self.by_name
            known.setdefault(name.removeprefix("*."), []).append(hook)


def bind(collector: Any, name: str) -> Hook:
    """A hook that tells the context whose it is before it runs."""
    method = getattr(collector, name)

    def hook(place: Any, ctx: Any) -> None:
        ctx.collector = collector
        if place is None:
            method(ctx)
        else:
            method(place, ctx)

    return hook


def node_types(name: str) -> list[type[ast.AST]]:
    """The node types that `visit_<name>` asks for: `function_def`, `for` and `with` cover their async forms.

    Raises LookupError for a name that is no syntax node: a hook that never runs is a mistake in the rule.
    """
    if name == "try":
        return [ast.Try, ast.TryStar]
    camel = "".join(part.capitalize() for part in name.split("_"))
    found = [getattr(ast, prefix + camel) for prefix in ("", "Async") if hasattr(ast, prefix + camel)]
    if not found:
        raise LookupError(f"visit_{name} names no syntax node. Use the name of an ast class in snake case.")
    return found


class Walk:
    """One pass over one tree. `notes` and `calls` hold what hooks want; `module` is the scope of the file."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.notes: list[Note] = []
        self.calls: list[tuple[ast.Call, Block, ast.stmt | None]] = []
        self.aliases: set[str] = set()
        self.scopes: list[Scope] = []

    def release(self) -> None:
        """Empty the scopes, whose names and parents refer to each other: with the collector off they would stay."""
        for scope in self.scopes:
            scope.names.clear()
            scope.attributes.clear()
            scope.classes.clear()

    def scope(self, node: ast.AST, kind: str, parent: Scope | None, qualname: str) -> Scope:
        """A new scope, released with the walk."""
        made = Scope(node, kind, parent, qualname)
        self.scopes.append(made)
        return made

    def run(self, tree: ast.Module) -> None:
        """Walk `tree` in source order."""
        self.module = self.scope(tree, "module", None, "")
        self.block = Block("module", tree, None, self.module)
        self.stmt: ast.stmt | None = None
        stack: list[Any] = [*reversed(tree.body)]
        lasts, aliases, nodes, calls, notes = self.index.lasts, self.aliases, self.index.nodes, self.calls, self.notes
        table, special = TABLE, SPECIAL
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is Block:
                self.block = node
                continue
            fields = table.get(kind)
            if fields is None:
                if kind in _LEAF_SET or not isinstance(node, ast.AST):
                    continue
                fields = table.setdefault(kind, _fields(kind))
            if kind is ast.Call:
                func = node.func
                if type(func) is ast.Attribute:
                    if func.attr in lasts:
                        calls.append((node, self.block, self.stmt))
                elif type(func) is ast.Name and (func.id in lasts or func.id in aliases):
                    calls.append((node, self.block, self.stmt))
            elif kind in _STATEMENTS:
                self.stmt = node
            if kind in nodes:
                notes.append((nodes[kind], node, self.block, self.stmt))
            handler = special.get(kind)
            if handler is not None:
                handler(self, node, stack)
                continue
            for name in fields:
                value = getattr(node, name, None)
                if value is None:
                    continue
                if type(value) is list:
                    stack.extend(value[::-1])
                else:
                    stack.append(value)

    def bind_target(self, target: ast.expr, kind: str, value: ast.AST | None) -> None:
        """Record what an assignment, a `for` or a `with` gives to `target`."""
        scope = self.block.scope
        if isinstance(target, ast.Name):
            scope.bind(target.id, kind, value, target.lineno)
        elif isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"):
                scope.bind_attribute(target.attr, kind, value, target.lineno)
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self.bind_target(part, "unpack", value)
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, "unpack", value)

    def enter(self, stack: list[Any], kind: str, node: ast.AST, body: list[Any], scope: Scope | None = None) -> None:
        """Push `body` to be walked inside a new block, and the present block to return to."""
        if body:
            block = Block(kind, node, self.block, scope or self.block.scope)
            stack.append(self.block)
            stack.extend(reversed(body))
            stack.append(block)


def _function(walk: Walk, node: Any, stack: list[Any]) -> None:
    scope = walk.block.scope
    name = getattr(node, "name", "<lambda>")
    if name != "<lambda>":
        scope.bind(name, "def", node, node.lineno)
    inner = walk.scope(node, "function", scope, f"{scope.qualname}.{name}" if scope.qualname else name)
    walk.enter(stack, "function", node, node.body if isinstance(node.body, list) else [node.body], inner)
    args = node.args
    outside = [*getattr(node, "decorator_list", ()), *args.defaults, *(d for d in args.kw_defaults if d is not None)]
    stack.extend(reversed(outside))


def _class(walk: Walk, node: ast.ClassDef, stack: list[Any]) -> None:
    scope = walk.block.scope
    scope.bind(node.name, "class", node, node.lineno)
    inner = walk.scope(node, "class", scope, f"{scope.qualname}.{node.name}" if scope.qualname else node.name)
    walk.module.classes[inner.qualname] = inner
    walk.enter(stack, "class", node, node.body, inner)
    stack.extend(reversed([*node.decorator_list, *node.bases, *node.keywords]))


def _import(walk: Walk, node: ast.Import, stack: list[Any]) -> None:
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        walk.block.scope.bind(bound, "import", alias.name if alias.asname else bound, node.lineno)


def _import_from(walk: Walk, node: ast.ImportFrom, stack: list[Any]) -> None:
    source = "." * node.level + (node.module or "")
    joint = "" if source.endswith(".") else "."
    for alias in node.names:
        if alias.name == "*":
            continue
        walk.block.scope.bind(alias.asname or alias.name, "import", f"{source}{joint}{alias.name}", node.lineno)
        if alias.asname and alias.name in walk.index.lasts:
            walk.aliases.add(alias.asname)


def _assign(walk: Walk, node: ast.Assign, stack: list[Any]) -> None:
    for target in node.targets:
        walk.bind_target(target, "assign", node.value)
        if type(node.value) is ast.Attribute and type(target) is ast.Name and node.value.attr in walk.index.lasts:
            walk.aliases.add(target.id)
    stack.append(node.value)
    stack.extend(target for target in node.targets if type(target) is not ast.Name)


def _ann_assign(walk: Walk, node: ast.AnnAssign, stack: list[Any]) -> None:
    if node.value is not None:
        walk.bind_target(node.target, "assign", node.value)
        stack.append(node.value)
    else:
        walk.bind_target(node.target, "declared", node.annotation)


def _aug_assign(walk: Walk, node: ast.AugAssign, stack: list[Any]) -> None:
    walk.bind_target(node.target, "augmented", node.value)
    stack.extend((node.value, node.target))


def _named(walk: Walk, node: ast.NamedExpr, stack: list[Any]) -> None:
    walk.bind_target(node.target, "assign", node.value)
    stack.append(node.value)


def _with(walk: Walk, node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "with", node, node.body)
    for item in reversed(node.items):
        if item.optional_vars is not None:
            walk.bind_target(item.optional_vars, "with", item.context_expr)
        stack.append(item.context_expr)


def _for(walk: Walk, node: Any, stack: list[Any]) -> None:
    walk.bind_target(node.target, "for", node.iter)
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "for", node, node.body)
    stack.append(node.iter)


def _while(walk: Walk, node: ast.While, stack: list[Any]) -> None:
    walk.enter(stack, "loop-else", node, node.orelse)
    walk.enter(stack, "while", node, [node.test, *node.body])


def _comprehension(walk: Walk, node: ast.comprehension, stack: list[Any]) -> None:
    walk.bind_target(node.target, "for", node.iter)
    stack.extend((*reversed(node.ifs), node.iter))


def _if(walk: Walk, node: ast.If, stack: list[Any]) -> None:
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


def _bind_only(walk: Walk, body: list[ast.stmt]) -> None:
    """Imports of a type-checking block name types in annotations; nothing else of it ever runs."""
    for stmt in body:
        if isinstance(stmt, ast.Import):
            _import(walk, stmt, [])
        elif isinstance(stmt, ast.ImportFrom):
            _import_from(walk, stmt, [])


def _try(walk: Walk, node: Any, stack: list[Any]) -> None:
    walk.enter(stack, "finally", node, node.finalbody)
    walk.enter(stack, "try-else", node, node.orelse)
    stack.extend(reversed(node.handlers))
    walk.enter(stack, "try", node, node.body)


def _handler(walk: Walk, node: ast.ExceptHandler, stack: list[Any]) -> None:
    if node.name:
        walk.block.scope.bind(node.name, "except", node, node.lineno)
    walk.enter(stack, "except", node, node.body)
    if node.type is not None:
        stack.append(node.type)


def _global(walk: Walk, node: ast.Global, stack: list[Any]) -> None:
    walk.block.scope.outer.update(node.names)


SPECIAL: Final[dict[type[ast.AST], Callable[[Walk, Any, list[Any]], None]]] = {
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
_LEAF_SET: Final = frozenset(_LEAVES) | set(ast.operator.__subclasses__()) | set(ast.cmpop.__subclasses__())
_STATEMENTS: Final = frozenset(ast.stmt.__subclasses__()) | {ast.ExceptHandler, ast.match_case}
TABLE: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    kind: _fields(kind)
    for kind in [*ast.expr.__subclasses__(), *ast.stmt.__subclasses__(), ast.keyword, ast.comprehension, ast.ExceptHandler]
    if kind not in _LEAVES
}
