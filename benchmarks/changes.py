"""What people do to code without touching its faults, as changes of a whole package: see `benchmarks.reshaping`."""

import ast
import random
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from types import UnionType

from benchmarks.reshaping import Change, Line, both, by_lines, formatted, renamed, unparsed
from scanners.canonical import Definition, first_line, last_line

_HEADER = [Line(f"# Licence, line {number}: this text is here to be kept and not to be read.") for number in range(40)]
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_Kinds = type[ast.stmt] | UnionType
_Blocks = list[tuple[int, int]]


def _blocks(body: list[ast.stmt], kinds: _Kinds) -> _Blocks:
    """The first line and the one after the last of each statement of a kind that has its lines to itself, from 0."""
    found = []
    for number, stmt in enumerate(body):
        start, end = first_line(stmt) - 1, last_line(stmt)
        before = last_line(body[number - 1]) if number else 0
        after = first_line(body[number + 1]) - 1 if number + 1 < len(body) else end
        if isinstance(stmt, kinds) and before <= start and end <= after:
            found.append((start, end))
    return found


def _reversed(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """Methods of each class and definitions of the module in the opposite order."""
    out = list(lines)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            out = _swapped(out, _blocks(node.body, _FUNCTIONS))
    return {path: _swapped(out, _blocks(tree.body, Definition))}


def _swapped(lines: list[Line], blocks: _Blocks) -> list[Line]:
    out, at = [], 0
    for (start, end), (new_start, new_end) in zip(blocks, reversed(blocks), strict=True):
        out += lines[at:start] + lines[new_start:new_end]
        at = end
    return out + lines[at:]


def _taken_out(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """Every second function in a module of its own beside the old one, which imports it."""
    functions = [node for node in tree.body if isinstance(node, _FUNCTIONS)][::2]
    blocks = [block for block in _blocks(tree.body, _FUNCTIONS) if block[1] in {last_line(node) for node in functions}]
    if not blocks or path.endswith("__init__.py"):
        return {}
    names = {last_line(node): node.name for node in functions}
    new = path.removesuffix(".py") + "_parts.py"
    stem = PurePosixPath(new).stem
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    head = [Line(lines[number].text) for node in imports for number in range(node.lineno - 1, last_line(node))]
    moved, left, at = list(head), [], 0
    for start, end in blocks:
        left += [*lines[at:start], Line(f"from .{stem} import {names[end]}")]
        moved += [Line(""), Line(""), *lines[start:end]]
        at = end
    return {path: left + lines[at:], new: moved}


def _imports(order: str) -> Change:
    def rewrite(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
        out = list(lines)
        for run in reversed(list(_runs(tree))):
            start, end = run[0].lineno - 1, last_line(run[-1])
            out[start:end] = _reordered(run, lines, order)
        return {path: out}

    return by_lines(rewrite)


def _runs(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Imports in a row, with nothing but line ends between them."""
    run: list[ast.stmt] = []
    for node in [*tree.body, ast.Pass(lineno=10**9, end_lineno=10**9)]:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if isinstance(node, ast.Import | ast.ImportFrom) and not future:
            if run and node.lineno <= last_line(run[-1]):
                return
            run.append(node)
        elif run:
            yield run
            run = []


def _reordered(run: list[ast.stmt], lines: list[Line], order: str) -> list[Line]:
    blocks = [lines[node.lineno - 1 : last_line(node)] for node in run]
    if order == "split":
        return [line for node, block in zip(run, blocks, strict=True) for line in _split(node, block)]
    words = [ast.unparse(node) for node in run]
    ranked = sorted(range(len(run)), key=words.__getitem__) if order == "sorted" else reversed(range(len(run)))
    return [line for number in ranked for line in blocks[number]]


def _split(node: ast.stmt, block: list[Line]) -> list[Line]:
    """One name a statement."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) < 2 or any("#" in x.text for x in block):
        return block
    head = f"from {'.' * node.level}{node.module or ''} import " if isinstance(node, ast.ImportFrom) else "import "
    return [Line(head + ast.unparse(name), block[0].was) for name in node.names]


def _headed(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """A licence of forty lines, and a docstring where there was none."""
    start = sum(line.text.startswith("#") and ("!" in line.text or "coding" in line.text) for line in lines[:2])
    docstring = [] if ast.get_docstring(tree, clean=False) is not None else [Line('"""What this module is about."""')]
    return {path: [*lines[:start], *_HEADER, *docstring, *lines[start:]]}


def _names(kinds: _Kinds, part: int) -> Change:
    """Definitions with another name, every one or every second, and their uses in the same file."""

    def rewrite(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
        found = [node for node in ast.walk(tree) if isinstance(node, Definition) and isinstance(node, kinds)]
        names = {node.name for node in found if not node.name.startswith("__")}
        chosen = sorted(names)[::part]
        if not chosen:
            return {}
        pattern = re.compile(rf"(?<![\w\"'])(def |class |self\.|(?<![.]))({'|'.join(chosen)})(?=\s*[(:)\],])")
        return {path: [replace(line, text=pattern.sub(r"\1\2_anew", line.text)) for line in lines]}

    return by_lines(rewrite)


def _edited(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """A statement more before every second one of each function."""
    before = {}
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            for stmt in node.body[1::2]:
                if not lines[first_line(stmt) - 1].text[: stmt.col_offset].strip():
                    before[first_line(stmt)] = " " * stmt.col_offset
    out = []
    for number, line in enumerate(lines, 1):
        out += [Line(f"{before[number]}seen_{number} = {number}")] if number in before else []
        out.append(line)
    return {path: out}


def _wrapped(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """The body of each function one level deeper: in a try, an if, a with by turns."""
    out = list(lines)
    heads: tuple[tuple[str, list[str]], ...] = (
        ("try:", ["finally:", "    pass"]),
        ("if True:", []),
        ("with manager():", []),
    )
    inside = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, _FUNCTIONS)
        for inner in ast.walk(node)
        if inner is not node
    }
    for number, node in enumerate(sorted(_outer(tree, inside), key=lambda node: -node.lineno)):
        body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
        if not body or first_line(body[0]) <= node.lineno or _is_ragged(body, lines):
            continue
        start, end, pad = first_line(body[0]) - 1, last_line(body[-1]), " " * body[0].col_offset
        head, tail = heads[number % 3]
        deeper = [replace(line, text=f"    {line.text}" if line.text else "") for line in out[start:end]]
        out[start:end] = [Line(pad + head), *deeper, *(Line(pad + text) for text in tail)]
    return {path: out}


def _outer(tree: ast.Module, inside: set[int]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and id(node) not in inside)


def _is_ragged(body: list[ast.stmt], lines: list[Line]) -> bool:
    """Whether moving lines to the right would change a text that goes over several."""
    texts = (node for stmt in body for node in ast.walk(stmt) if isinstance(node, ast.Constant | ast.JoinedStr))
    return any(node.end_lineno != node.lineno for node in texts) or lines[first_line(body[0]) - 1].text[:1] == "\t"


def _cut(path: str, lines: list[Line], tree: ast.Module) -> dict[str, list[Line]]:
    """Every tenth function dropped, the same ones each time."""
    chance = random.Random(path)  # noqa: S311 - which ones is all the same
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    blocks = [block for body in bodies if len(body) > 1 for block in _blocks(body, _FUNCTIONS)[1:]]
    dropped = {number for start, end in blocks if chance.random() < 0.1 for number in range(start, end)}
    return {path: [line for number, line in enumerate(lines) if number not in dropped]} if dropped else {}


def _folder(path: str) -> str:
    """Another name for each folder that holds code, wherever it is."""
    head, _, name = path.rpartition("/")
    return f"{head}_moved/{name}" if head and path.endswith(".py") else path


def _file(path: str) -> str:
    special = PurePosixPath(path).name in ("__init__.py", "__main__.py", "setup.py", "conftest.py")
    return path if special or not path.endswith(".py") else f"{path.removesuffix('.py')}_new.py"


_BLACK = (shutil.which("black") or "", "-q", "--line-length")
_RUFF = (sys.executable, "-m", "ruff", "format", "-q", "--isolated", "--no-cache")
black79, black120 = formatted(*_BLACK, "79"), formatted(*_BLACK, "120")
single = formatted(*_RUFF, "--line-length", "100", "--config", "format.quote-style='single'")
yapf = formatted(shutil.which("yapf") or "", "-i", "-p", "--no-local-style", "--style", "facebook")
moved, taken, headed = by_lines(_reversed), by_lines(_taken_out), by_lines(_headed)
functions, folders = _names(_FUNCTIONS, 2), renamed(_folder)

CHANGES: dict[str, Change] = {
    "a formatted: black, 79": black79,
    "a formatted: black, 120": black120,
    "a formatted: ruff, single quotes": single,
    "a formatted: yapf, facebook": yapf,
    "a formatted: ast.unparse": unparsed,
    "b moved: definitions reversed": moved,
    "b moved: to another module": taken,
    "c renamed: folders": folders,
    "c renamed: files": renamed(_file),
    "d imports: sorted": _imports("sorted"),
    "d imports: reversed": _imports("reversed"),
    "d imports: split": _imports("split"),
    "e header of 40 lines": headed,
    "f renamed: every second function": functions,
    "f renamed: all classes": _names(ast.ClassDef, 1),
    "g edited around": by_lines(_edited),
    "h wrapped in try, if, with": by_lines(_wrapped),
    "i folders and black": both(folders, black79),
    "i folders and header": both(folders, headed),
    "i definitions reversed and unparsed": both(moved, unparsed),
    "i functions renamed and black": both(functions, black79),
    "i another module and black": both(taken, black79),
    "j a tenth of functions deleted": by_lines(_cut),
}
