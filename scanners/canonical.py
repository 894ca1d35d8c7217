"""Python as it is compared: syntax without formatting, comments and what differs between interpreters."""

import ast
import hashlib
import inspect
from collections.abc import Iterator

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


def syntax(node: ast.AST) -> Iterator[str]:
    """The syntax as words, the same on every version of Python: empty fields and hints to compilers are left out."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str):
            yield repr([line.rstrip() for line in inspect.cleandoc(part.value.value).strip().split("\n")])
        elif isinstance(part, ast.AST):
            yield f"({type(part).__name__}"
            stack.append(_CLOSE)
            for name, value in reversed(list(ast.iter_fields(part))):
                if name not in _LEFT_OUT and value is not None and value != []:
                    stack.extend((value, _Word(name)))
        elif isinstance(part, list):
            stack.extend((_CLOSE, *reversed(part)))
        elif isinstance(part, int) and not isinstance(part, bool):
            yield hex(part)  # Decimals of very large numbers are refused.
        else:
            yield part if isinstance(part, _Word) else repr(part)


def hashed(*words: str) -> str:
    """The sha256 of words, each told apart from the next."""
    made = hashlib.sha256()
    for word in words:
        made.update(word.encode("utf-8", "surrogatepass") + b"\0")
    return made.hexdigest()
