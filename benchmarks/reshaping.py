"""
Changes to all Python files of a package that leave its faults what they are, each knowing where every line was.

    changed = CHANGES["moved functions"](files)     # files: path -> bytes
    changed.files                                   # the package afterwards
    changed.was("new.py", 12, 4)                    # the (path, line) that line 12, column 4 can have come from
"""

import ast
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.fetch_corpus import CORPUS
from scanners.scan import blob_sha

_FORMATTED = CORPUS / "formatted"
Spot = tuple[str, int]
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Changed:
    """A package after a change. `was` is empty for what was not there before."""

    files: dict[str, bytes]
    was: Callable[[str, int, int], frozenset[Spot]]


Change = Callable[[Files], Changed]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, and where it was before."""

    text: str
    was: Spot | None = None


Rewrite = Callable[[str, list[Line], ast.Module], dict[str, list[Line]]]


def by_lines(rewrite: Rewrite) -> Change:
    """A change that moves, adds, drops or rewrites whole lines. A file that would no longer parse stays as it was."""

    def change(files: Files) -> Changed:
        made: dict[str, list[Line]] = {}
        plain: dict[str, bytes] = {}
        for path, raw in files.items():
            tree = _tree(path, raw)
            lines = [Line(text, (path, number)) for number, text in enumerate(_text(raw).split("\n"), 1)]
            after = rewrite(path, lines, tree) if tree else {}
            if after and all(_tree(new, _joined(lines)) for new, lines in after.items()):
                made |= after
            else:
                plain[path] = raw
        return Changed(plain | {path: _joined(lines) for path, lines in made.items()}, _origins(made))

    return change


def _origins(made: Mapping[str, list[Line]]) -> Callable[[str, int, int], frozenset[Spot]]:
    first = {
        path: next(line.was[0] for line in lines if line.was)
        for path, lines in made.items()
        if any(x.was for x in lines)
    }

    def was(path: str, line: int, _col: int) -> frozenset[Spot]:
        if path not in made:
            return frozenset([(path, line)])
        spot = made[path][line - 1].was if line <= len(made[path]) else None
        if line == 1 and path in first:
            return frozenset([spot or (first[path], 1), (first[path], 1)])  # The file as such.
        return frozenset([spot] if spot else ())

    return was


def formatted(*command: str) -> Change:
    """A change by a formatter, which is given the names of files after these words."""

    def change(files: Files) -> Changed:
        python = [path for path, raw in files.items() if _tree(path, raw)]
        kept = {path: _FORMATTED / blob_sha(" ".join(command[1:]).encode() + files[path]) for path in python}
        missing = [path for path in python if not kept[path].exists()]
        for start in range(0, len(missing), 200):
            _format(command, {kept[path]: files[path] for path in missing[start : start + 200]})
        return _rewritten(files, {path: kept[path].read_bytes() for path in python})

    return change


def _format(command: tuple[str, ...], wanted: Mapping[Path, bytes]) -> None:
    """Write what the formatter makes of each content to its place."""
    _FORMATTED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for place, raw in wanted.items():
            Path(folder, f"{place.name}.py").write_bytes(raw)
        names = [str(Path(folder, f"{place.name}.py")) for place in wanted]
        subprocess.run([*command, *names], cwd=folder, capture_output=True, check=False, timeout=3600)
        for place in wanted:
            place.write_bytes(Path(folder, f"{place.name}.py").read_bytes())


def unparsed(files: Files) -> Changed:
    """Everything as the interpreter itself would write it: other quotes, parentheses and line ends, no comments."""
    after = {}
    for path, raw in files.items():
        tree = _tree(path, raw)
        if tree and b"plimsoll:" not in raw:
            after[path] = ast.unparse(tree).encode("utf-8", "surrogatepass")
    return _rewritten(files, after)


def _rewritten(files: Files, after: Mapping[str, bytes]) -> Changed:
    """Files with another layout of the same syntax; one whose syntax is another one now stays as it was."""
    made, spots = {}, {}
    for path, raw in after.items():
        old, new = _tree(path, files[path]), _tree(path, raw)
        if old and new and _same(old, new):
            made[path], spots[path] = raw, _paired_nodes(old, new)

    def was(path: str, line: int, col: int) -> frozenset[Spot]:
        if path not in spots:
            return frozenset([(path, line)])
        exact, loose = spots[path]
        return frozenset((path, old) for old in exact.get((line, col)) or loose.get(line) or {1} - {line - 1})

    return Changed({**files, **made}, was)


def _same(old: ast.Module, new: ast.Module) -> bool:
    return [type(node) for node in ast.walk(old)] == [type(node) for node in ast.walk(new)]


def _paired_nodes(
    old: ast.Module, new: ast.Module
) -> tuple[dict[Spot | tuple[int, int], set[int]], dict[int, set[int]]]:
    exact: dict[Spot | tuple[int, int], set[int]] = defaultdict(set)
    loose: dict[int, set[int]] = defaultdict(set)
    for before, after in zip(ast.walk(old), ast.walk(new), strict=True):
        if isinstance(before, ast.stmt | ast.expr | ast.ExceptHandler | ast.alias | ast.keyword | ast.arg):
            place = (after.lineno, after.col_offset)
            exact[place].add(before.lineno)
            loose[after.lineno].add(before.lineno)
    return exact, loose


def renamed(move: Callable[[str], str]) -> Change:
    """A change of paths alone."""

    def change(files: Files) -> Changed:
        moves = {path: move(path) for path in files}
        back = {new: old for old, new in moves.items()}
        return Changed(
            {moves[path]: raw for path, raw in files.items()}, lambda path, line, _: frozenset([(back[path], line)])
        )

    return change


def both(first: Change, second: Change) -> Change:
    """One change after the other; only the second may be one of a formatter."""

    def change(files: Files) -> Changed:
        one = first(files)
        two = second(one.files)

        def was(path: str, line: int, col: int) -> frozenset[Spot]:
            return frozenset(spot for path, line in two.was(path, line, col) for spot in one.was(path, line, 0))

        return Changed(two.files, was)

    return change


@lru_cache(maxsize=500)
def _parsed(raw: bytes) -> ast.Module | None:
    """The syntax of a file, which each change looks at again and none changes."""
    try:
        return ast.parse(raw)
    except (SyntaxError, ValueError):
        return None


def _tree(path: str, raw: bytes) -> ast.Module | None:
    return _parsed(raw) if path.endswith(".py") else None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").removeprefix("\ufeff")


def _joined(lines: Iterable[Line]) -> bytes:
    return "\n".join(line.text for line in lines).encode("utf-8", "surrogateescape")
