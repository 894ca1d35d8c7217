"""Scopes and what they bind: filled by the walk, asked by whoever resolves a name."""

import ast
from typing import Any, Final, NamedTuple


class Binding(NamedTuple):
    """One way in which a scope gives a value to a name.

    `kind` is import, assign, augmented, unpack, with, for, except, param, declared, def or class; `value` is the dotted
    name of an import, else the syntax that the value comes from. `scope` is where it was written.
    """

    kind: str
    value: Any
    line: int
    scope: "Scope"


_make = tuple.__new__  # Half the time of Binding(...), which the walk would feel.


class Scope:
    """A module, class or function body, with what it binds.

    `attributes` are those set on `self` in a class; `classes` are the classes of the file and `functions` the scopes of
    its defs and lambdas by their nodes, both kept by its module. `refs` is the memory of `scanners.names.resolve`.
    """

    __slots__ = (
        "_params_bound",
        "attributes",
        "classes",
        "functions",
        "kind",
        "names",
        "node",
        "outer",
        "parent",
        "qualname",
        "refs",
    )

    def __init__(self, node: ast.AST, kind: str, parent: "Scope | None", name: str) -> None:
        self.node = node
        self.kind = kind
        self.parent = parent
        self.qualname: str = f"{parent.qualname}.{name}" if parent is not None and parent.qualname else name
        self.names: dict[str, list[Binding]] = {}
        self.attributes: dict[str, list[Binding]] = {} if kind == "class" else _NONE
        self.classes: dict[str, Scope] = {} if parent is None else _NO_CLASSES
        self.functions: dict[ast.AST, Scope] = {} if parent is None else _NO_FUNCTIONS
        self.outer: set[str] | None = None
        self.refs: dict[Any, Any] = {}
        self._params_bound = kind != "function"

    def bind(self, name: str, kind: str, value: Any, line: int) -> None:
        """Record one binding of `name`."""
        names = self.names if self.outer is None or name not in self.outer else self.module.names
        binding = _make(Binding, (kind, value, line, self))
        known = names.get(name)
        if known is None:
            names[name] = [binding]
        else:
            known.append(binding)

    def bind_attribute(self, name: str, kind: str, value: Any, line: int) -> None:
        """Record `self.<name> = value` with the class whose method this scope is in."""
        holder: Scope | None = self
        while holder is not None and holder.kind != "class":
            holder = holder.parent
        if holder is not None:
            holder.attributes.setdefault(name, []).append(Binding(kind, value, line, self))

    @property
    def module(self) -> "Scope":
        """The outermost scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def bindings(self, name: str) -> list[Binding]:
        """What this scope alone gives to `name`; parameters are read on first need."""
        if not self._params_bound:
            self._params_bound = True
            for arg in arguments(self.node):
                self.names.setdefault(arg.arg, []).insert(0, Binding("param", arg, arg.lineno, self))
        return self.names.get(name, [])

    def release(self) -> None:
        """Let go of what refers back to scopes: with the collector off, such a circle would stay for ever."""
        self.names.clear()
        self.attributes.clear()
        self.classes.clear()
        self.functions.clear()
        self.refs.clear()


_NONE: Final[dict[str, list[Binding]]] = {}  # Shared by all scopes that cannot have any.
_NO_CLASSES: Final[dict[str, Scope]] = {}
_NO_FUNCTIONS: Final[dict[ast.AST, Scope]] = {}


def arguments(function: Any) -> list[ast.arg]:
    """All parameters of a def or lambda, in order."""
    return listed_arguments(function.args)


def listed_arguments(args: ast.arguments) -> list[ast.arg]:
    """The same of what stands between the brackets."""
    found = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return found + [arg for arg in (args.vararg, args.kwarg) if arg is not None]
