"""Imports added where a person would write them: in the group and the order that the file has."""

import ast
import sys
from collections.abc import Sequence

import libcst as cst

from scanners.binders import constant_truth
from scanners.syntax import descendants

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_BLANK = cst.EmptyLine(indent=False)


def with_import(tree: cst.Module, module: str, name: str) -> cst.Module:
    """The file with `import module`, or `from module import name`, at its top; as it is if that is there."""
    body = list(tree.body)
    for number, line in enumerate(body):
        found = _only(line)
        if found is not None and _imports(found) == (module, bool(name)):
            if not isinstance(found, cst.ImportFrom) or isinstance(found.names, cst.ImportStar) or _has(found, name):
                return tree
            body[number] = line.with_changes(body=[found.with_changes(names=_with_name(found, found.names, name))])
            return tree.with_changes(body=body)
    wanted = f"from {module} import {name}" if name else f"import {module}"
    new = cst.ensure_type(cst.parse_statement(wanted, tree.config_for_parsing), cst.SimpleStatementLine)
    return _inserted(tree, body, new, (module, bool(name)))


def is_for_types(line: int, tree: ast.Module | None) -> bool:
    """Whether an import on this line stands below `if TYPE_CHECKING` and is not there when the program runs."""
    blocks = descendants(tree, ast.If) if tree is not None else ()
    return any(
        constant_truth(block.test) is False and block.body[0].lineno <= line <= (block.body[-1].end_lineno or 0)
        for block in blocks
    )


def _inserted(
    tree: cst.Module, body: list[Statement], new: cst.SimpleStatementLine, key: tuple[str, bool]
) -> cst.Module:
    places = [(number, _imports(found)) for number, line in enumerate(body) if (found := _only(line)) is not None]
    top = _top(body)
    places = [(number, own) for number, own in places if number >= top and own[0] != "__future__"]
    group = [(number, own) for number, own in places if _rank(own) == _rank(key)]
    before = [number for number, own in group if (own[1], own[0]) < (key[1], key[0])]
    if before:
        return tree.with_changes(body=[*body[: before[-1] + 1], new, *body[before[-1] + 1 :]])
    if group or (places and _rank(places[0][1]) >= _rank(key)):
        at = (group or places)[0][0]
        new = new.with_changes(leading_lines=_leading(body[at]))
        body[at] = body[at].with_changes(leading_lines=[] if group else [_BLANK])
        return tree.with_changes(body=[*body[:at], new, *body[at:]])
    at = places[-1][0] + 1 if places else top
    new = new.with_changes(leading_lines=[_BLANK] if at else [])
    if at < len(body) and not places and not _leading(body[at]):
        body[at] = body[at].with_changes(leading_lines=[_BLANK])
    return tree.with_changes(body=[*body[:at], new, *body[at:]])


def _top(body: Sequence[Statement]) -> int:
    """Where imports may begin: below the docstring and what is imported from the future."""
    top = 0
    for number, line in enumerate(body):
        found = _only(line)
        is_text = isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Expr)
        if (number == 0 and is_text) or (found is not None and _imports(found)[0] == "__future__"):
            top = number + 1
    return top


def _only(line: cst.BaseStatement) -> cst.Import | cst.ImportFrom | None:
    """The import that stands alone on a line."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    found = line.body[0]
    return found if isinstance(found, (cst.Import, cst.ImportFrom)) else None


def _imports(found: cst.Import | cst.ImportFrom) -> tuple[str, bool]:
    """The module, and whether names are taken from it; relative ones begin with dots."""
    if isinstance(found, cst.Import):
        return cst.Module([]).code_for_node(found.names[0].name), False
    dots = "." * len(found.relative)
    return dots + (cst.Module([]).code_for_node(found.module) if found.module else ""), True


def _rank(key: tuple[str, bool]) -> int:
    """Which group an import belongs to: the standard library, other packages, its own package."""
    if key[0].startswith("."):
        return 2
    return 0 if key[0].partition(".")[0] in sys.stdlib_module_names else 1


def _has(found: cst.ImportFrom, name: str) -> bool:
    return not isinstance(found.names, cst.ImportStar) and any(alias.name.value == name for alias in found.names)


def _with_name(found: cst.ImportFrom, names: Sequence[cst.ImportAlias], name: str) -> list[cst.ImportAlias]:
    """The names with another one: in its place where they are in order, else the last."""
    texts = [str(alias.name.value) for alias in names]
    at = len(names)
    for key in (str, str.lower):
        if texts == sorted(texts, key=key):
            at = next((number for number, text in enumerate(texts) if key(text) > key(name)), len(names))
            break
    aliases = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in names]
    aliases.insert(at, cst.ImportAlias(cst.Name(name)))
    commas = [alias.comma for alias in names]
    space = found.lpar.whitespace_after if found.lpar is not None else cst.SimpleWhitespace("")
    line = space if isinstance(space, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
    between = commas[0] if len(names) > 1 else cst.Comma(whitespace_after=line)
    commas.insert(len(commas) - 1, between)
    return [alias.with_changes(comma=comma) for alias, comma in zip(aliases, commas, strict=True)]


def _leading(line: cst.BaseStatement) -> Sequence[cst.EmptyLine]:
    found: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return found
