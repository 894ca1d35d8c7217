"""Python as it is compared: syntax without formatting, comments and what differs between interpreters."""

import ast
import hashlib
import inspect
from collections.abc import Iterator
from typing import Any, Final

_COMPOUND_HEADS: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.ExceptHandler: ("type", "name"),
    ast.With: ("items",),
    ast.AsyncWith: ("items",),
    ast.For: ("target", "iter"),
    ast.AsyncFor: ("target", "iter"),
    ast.While: ("test",),
    ast.If: ("test",),
    ast.Try: (),
}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LEFT_OUT = {"ctx", "kind", "type_comment", "type_ignores"}


def definitions(tree: ast.Module | None) -> Iterator[tuple[str, Definition]]:
    """Each def and class with its dotted name, outer ones before what is in them."""
    stack: list[tuple[str, ast.AST]] = [("", tree)] if tree else []
    while stack:
        prefix, node = stack.pop()
        if isinstance(node, Definition):
            prefix = f"{prefix}.{node.name}" if prefix else node.name
            yield prefix, node
        inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr)]
        stack.extend((prefix, child) for child in reversed(inner))


def first_line(node: ast.stmt) -> int:
    """The line on which a statement begins, its decorators included."""
    marks = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(mark.lineno for mark in marks)])


def last_line(node: ast.stmt) -> int:
    """The line on which it ends."""
    return node.end_lineno or node.lineno


class _Word(str):
    """A word of the syntax itself, in contrast to a text in the program."""

    __slots__ = ()


_CLOSE = _Word(")")


class _Heads(dict[type[ast.AST], tuple[_Word, tuple[_Word, ...]]]):
    """By type of node: the word that opens it, and its fields, last first."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[_Word, tuple[_Word, ...]]:
        fields = tuple(_Word(name) for name in reversed(kind._fields) if name not in _LEFT_OUT)
        return self.setdefault(kind, (_Word(f"({kind.__name__}"), fields))


_HEADS: Final = _Heads()


def syntax(node: ast.AST) -> list[str]:
    """The syntax as words, the same on every version of Python: empty fields and hints to compilers are left out."""
    words: list[str] = []
    stack: list[Any] = [node]
    while stack:
        part = stack.pop()
        kind = type(part)
        if kind is _Word:
            words.append(part)
        elif kind is list:
            stack += _CLOSE, *part[::-1]
        elif not issubclass(kind, ast.AST):  # Decimals of very large numbers are refused.
            words.append(hex(part) if kind is int else repr(part))
        elif kind is ast.Expr and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str):
            words.append(repr([line.rstrip() for line in inspect.cleandoc(part.value.value).strip().split("\n")]))
        else:
            _open(part, words, stack)
    return words


def _open(node: ast.AST, words: list[str], stack: list[Any]) -> None:
    """Say that a node begins, and put what is in it on the stack."""
    head, fields = _HEADS[type(node)]
    words.append(head)
    stack.append(_CLOSE)
    for name in fields:
        value = getattr(node, name, None)
        if value is not None and value != []:
            stack += _pieces(value) if type(node) is ast.JoinedStr else value, name


def _pieces(values: list[ast.expr]) -> list[ast.expr]:
    """What an f-string is made of, with texts in one piece that stand next to each other."""
    whole: list[ast.expr] = []
    for value in values:
        last = whole[-1] if whole else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            whole[-1] = ast.Constant(f"{last.value!s}{value.value!s}")
        elif not isinstance(value, ast.Constant) or value.value:
            whole.append(value)
    return whole


def is_headed(node: ast.AST) -> bool:
    """Whether it is a statement with a suite, which its anchor leaves out."""
    return type(node) in _COMPOUND_HEADS


def anchor_of(node: ast.AST) -> str:
    """A hash of the normalised syntax at fault: the head of a compound statement, the whole of anything else.

    Equal on every version of Python that can parse it, and however it is written down.
    """
    heads = _COMPOUND_HEADS.get(type(node))
    if heads is None:
        return digest("\0".join(syntax(node)))
    parts = [part if isinstance(part, list) else [part] for part in (getattr(node, name) for name in heads)]
    whole = [word for part in parts for inner in part for word in (*_said(inner), "|")]
    return digest("\0".join([type(node).__name__, *whole]))


def _said(part: object) -> Iterator[str]:
    if isinstance(part, ast.AST):
        yield from syntax(part)
    else:
        yield str(part)


def digest(text: str) -> str:
    """Sixteen hex digits of SHA-256: enough to tell the anchors of one repository apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def hashed(*words: str) -> str:
    """The sha256 of words, each told apart from the next."""
    made = hashlib.sha256()
    for word in words:
        made.update(word.encode("utf-8", "surrogatepass") + b"\0")
    return made.hexdigest()
