"""The project's own files, as the tests of the house read them."""

import ast
import functools
import subprocess
from dataclasses import dataclass

from config.env import BASE_DIR

PACKAGES = ("config/", "reviews/", "scanners/")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A Python file: its path below the project, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def functions(self) -> list[Function]:
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]


@functools.cache
def files(prefix: str = "", suffix: str = "") -> list[str]:
    """The paths of what is or will be in version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True, timeout=60).stdout
    names = sorted({name for name in listed.split("\0") if name.startswith(prefix) and name.endswith(suffix)})
    return [name for name in names if (BASE_DIR / name).is_file()]


def text(path: str) -> str:
    return (BASE_DIR / path).read_text(encoding="utf-8")


@functools.cache
def sources(prefix: str = "") -> list[Source]:
    """The Python files of the project's packages and tests, without migrations."""
    names = [
        name for name in files(prefix, ".py") if name.startswith((*PACKAGES, "tests/")) and "/migrations/" not in name
    ]
    return [Source(name, text(name), ast.parse(text(name))) for name in names]


def own_sources() -> list[Source]:
    """Those of the packages: what is shipped."""
    return [source for source in sources() if source.path.startswith(PACKAGES)]


def length(node: ast.stmt) -> int:
    """The number of lines, decorators not counted."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def name_of(node: ast.expr | None) -> str:
    """A dotted name as written; empty for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
