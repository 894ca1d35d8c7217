"""Own defs and classes that read a variable whose name they are given, and what calls them with a fixed name."""

import ast
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Block, Place
from scanners.scopes import Scope
from scanners.syntax import DEFS, children, descendants, unparse

_PLAIN: Final = frozenset({"upper", "strip", "format"})
_NAMES: Final = frozenset({"default", "fallback", "default_value", "dflt", "_default", "def_val", "otherwise"})
_KINDS: Final = frozenset({"type", "type_", "cast", "kind", "var_type", "as_type", "converter"})
_DEMANDS: Final = frozenset({"required", "mandatory", "require", "is_required", "strict", "must_exist"})


class Spelling(NamedTuple):
    """How the name of a variable is made of a parameter: `before` and `after` stand around it."""

    param: str
    before: str = ""
    after: str = ""
    raised: bool = False

    def of(self, text: str) -> str:
        """The variable for what is given."""
        name = f"{self.before}{text}{self.after}"
        return name.upper() if self.raised else name


class Reader(NamedTuple):
    """A def or class of the file that reads: where it takes the name and the default, and what it falls back to.

    `demand` is the parameter that says whether the variable must be set, "" for none.
    """

    name: str
    method: bool
    spelling: Spelling
    position: int
    default_word: str
    default_position: int
    default: ast.expr | None
    demand: str
    params: tuple[str, ...]
    owner: Any


def spelled(expr: ast.expr, scope: Scope, depth: int = 0) -> Spelling | None:
    """How a name is made of one parameter of the def around it, None when it is not."""
    if depth > 3:
        return None
    if isinstance(expr, ast.Name):
        found = scope.bindings(expr.id)
        if any(binding.kind == "param" for binding in found):
            return Spelling(expr.id)
        one = found[0] if len(found) == 1 and found[0].kind == "assign" else None
        return spelled(one.value, scope, depth + 1) if one is not None else None
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr in _PLAIN:
        inner = spelled(expr.func.value, scope, depth + 1)
        return inner._replace(raised=inner.raised or expr.func.attr == "upper") if inner else None
    if isinstance(expr, ast.JoinedStr):
        return _joined(
            [part.value if isinstance(part, ast.FormattedValue) else part for part in expr.values], scope, depth
        )
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        return _joined([expr.left, expr.right], scope, depth)
    return None


def _joined(parts: list[ast.expr], scope: Scope, depth: int) -> Spelling | None:
    found: Spelling | None = None
    before = ""
    for part in parts:
        text = fold(part, scope)
        if isinstance(text, str):
            if found is None:
                before += text
            else:
                found = found._replace(after=found.after + text)
            continue
        inner = spelled(part, scope, depth + 1)
        if inner is None or found is not None:
            return None
        found = inner._replace(before=before + inner.before)
    return found


def reader_of(key: ast.expr, default: ast.expr | None, place: Place[Any]) -> Reader | None:
    """The def around a read of a computed name, or the class whose attribute is the name, as a reader; else None."""
    function = place.function
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id == "self":
        return _of_class(key.attr, place)
    spelling = spelled(key, place.scope)
    return _described(function, function, spelling, default, place.cls is not None) if spelling is not None else None


def _described(owner: Any, function: Any, spelling: Spelling, default: ast.expr | None, method: bool) -> Reader | None:
    params = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    keywords = [arg.arg for arg in function.args.kwonlyargs]
    params = params[1:] if params[:1] in (["self"], ["cls"]) else params
    if spelling.param not in params + keywords:
        return None
    word = _default_word(default, function)
    return Reader(
        owner.name,
        method,
        spelling,
        params.index(spelling.param) if spelling.param in params else -1,
        word,
        params.index(word) if word in params else -1,
        default if not word else _own_default(function, word),
        next((name for name in params + keywords if name in _DEMANDS), ""),
        tuple(params),
        owner,
    )


def _default_word(default: ast.expr | None, function: Any) -> str:
    """The parameter that holds the default: the one passed on, or the one whose name says so."""
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    if isinstance(default, ast.Name) and default.id in names:
        return default.id
    return next((name for name in names if name in _NAMES), "") if default is None or not _is_fixed(default) else ""


def _is_fixed(default: ast.expr) -> bool:
    return isinstance(default, ast.Constant) and default.value is not None


def _own_default(function: Any, word: str) -> ast.expr | None:
    """What the parameter itself is when nothing is passed."""
    args = [*function.args.posonlyargs, *function.args.args]
    given = dict(zip([arg.arg for arg in args][::-1], function.args.defaults[::-1], strict=False))
    given |= {
        arg.arg: value
        for arg, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if value is not None
    }
    return given.get(word)


def _of_class(attr: str, place: Place[Any]) -> Reader | None:
    """The class around a method that reads the variable which `__init__` was told."""
    holder: Scope | None = place.scope
    while holder is not None and holder.kind != "class":
        holder = holder.parent
    if holder is None:
        return None
    node: Any = holder.node
    maker = next((stmt for stmt in node.body if isinstance(stmt, ast.FunctionDef) and stmt.name == "__init__"), None)
    bound = holder.attributes.get(attr, [])
    if maker is None or len(bound) != 1 or bound[0].kind != "assign":
        return None
    spelling = spelled(bound[0].value, bound[0].scope)
    return _described(node, maker, spelling, None, True) if spelling is not None else None


def derived(reader: Reader, ctx: Context) -> Iterator[Reader]:
    """The classes of the file that follow a class which reads: they take the name where their own `__init__` does."""
    if not isinstance(reader.owner, ast.ClassDef):
        return
    for scope in ctx.module.classes.values():
        node: Any = scope.node
        if not any(getattr(base, "id", "") == reader.name for base in node.bases):
            continue
        maker = next((stmt for stmt in node.body if getattr(stmt, "name", "") == "__init__"), None)
        found = reader._replace(name=node.name, owner=node)
        if maker is not None:
            own = _described(node, maker, reader.spelling, None, True)
            found = own if own is not None else found
        yield found
        yield from derived(found, ctx)


def calls_of(reader: Reader, ctx: Context) -> Iterator[Place[ast.Call]]:
    """The calls of a reader in its file, with where they stand."""
    found = [node for node in descendants(ctx.tree or ast.Module([], []), ast.Call) if _names_it(node.func, reader)]
    if found:
        yield from placed(found, ctx)


def _names_it(func: ast.expr, reader: Reader) -> bool:
    if reader.method and not isinstance(reader.owner, ast.ClassDef):
        return isinstance(func, ast.Attribute) and func.attr == reader.name
    return isinstance(func, ast.Name) and func.id == reader.name


def placed(nodes: list[Any], ctx: Context) -> Iterator[Place[Any]]:
    """Nodes with the scope and the statement that hold them, found from the top of the file."""
    wanted = set(nodes)
    kinds = {type(node) for node in nodes}
    todo: list[tuple[Any, Block, Any]] = [
        (stmt, Block("module", ctx.tree or stmt, None, ctx.module), None) for stmt in getattr(ctx.tree, "body", [])
    ]
    while todo:
        node, block, stmt = todo.pop()
        if type(node) in DEFS and wanted.isdisjoint(descendants(node, *kinds)):
            continue
        stmt = node if isinstance(node, ast.stmt) else stmt
        if node in wanted:
            yield Place(node, block, stmt)
        inner = _inside(node, block, ctx)
        todo += [(child, inner, stmt) for child in children(node)[::-1]]


def _inside(node: Any, block: Block, ctx: Context) -> Block:
    scope = ctx.module.functions.get(node)
    if scope is not None:
        return Block("function", node, block, scope)
    if isinstance(node, ast.ClassDef):
        name = f"{block.scope.qualname}.{node.name}" if block.scope.qualname else node.name
        return Block("class", node, block, ctx.module.classes.get(name, block.scope))
    if isinstance(node, ast.Try):
        return Block("try", node, block, block.scope)
    return Block("if", node, block, block.scope) if isinstance(node, ast.If) else block


def passed(reader: Reader, call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """What a call gives as the name and as the default; the reader's own default where it gives none."""
    name = _argument(call, reader.position, reader.spelling.param)
    default = _argument(call, reader.default_position, reader.default_word) if reader.default_word else None
    return name, default if default is not None else reader.default


def demands(reader: Reader, call: ast.Call) -> bool:
    """Whether a call asks for a variable that is set; true where the reader has no word for it."""
    given = next((word.value for word in call.keywords if word.arg == reader.demand), None)
    return not reader.demand or (isinstance(given, ast.Constant) and given.value is True)


def _argument(call: ast.Call, position: int, word: str) -> ast.expr | None:
    if 0 <= position < len(call.args) and not any(isinstance(arg, ast.Starred) for arg in call.args[: position + 1]):
        return call.args[position]
    return next((given.value for given in call.keywords if given.arg == word), None)


def converts(reader: Reader, call: ast.Call | None = None) -> str:
    """The type that a call gives to a reader, or that its name tells: `env_bool`, `get_int`."""
    word = next((name for name in reader.params if name in _KINDS), "")
    given = _argument(call, reader.params.index(word), word) if call is not None and word else None
    if isinstance(given, (ast.Name, ast.Attribute)):
        return unparse(given)
    if isinstance(reader.owner, (ast.FunctionDef, ast.AsyncFunctionDef)) and reader.owner.returns is not None:
        text = unparse(reader.owner.returns).replace(" | None", "")
        if text in ("int", "float", "bool", "str", "list", "Path") or text.startswith("list["):
            return text
    words = reader.name.lower().split("_")
    return next((word for word in ("bool", "int", "float", "list", "json", "path") if word in words), "")
