"""Versions that a repository runs on: of Python in pipelines, and of the stores that tests and production use."""

import ast
import re
from collections.abc import Iterable
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.facts.imports import is_optional
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.environment.images import parse
from scanners.semantics.environment.pipelines import provider
from scanners.syntax import unparse
from scanners.text import TextFile
from scanners.yamltree import Yaml

GONE: Final[dict[str, tuple[int, str]]] = {
    **dict.fromkeys("asynchat asyncore distutils imp smtpd".split(), (12, "")),
    **dict.fromkeys(
        "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes "
        "sndhdr spwd sunau telnetlib uu "
        "xdrlib".split(),
        (13, ""),
    ),
    "binhex": (11, ""),
    **dict.fromkeys(("formatter", "parser", "symbol"), (10, "")),
}
"""Modules of the standard library by the 3.x in which they are gone ("What's New" of docs.python.org, Removed)."""
_ABCS: Final = frozenset(
    "Mapping MutableMapping Sequence MutableSequence Set MutableSet Iterable Iterator Callable Hashable "
    "Sized Container".split()
)
_MATRIX: Final = regex(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_VERSION: Final = regex(r"^(?:pypy-?)?v?(3\.\d+)")
_STORES: Final = {
    "postgres": "postgres", "postgis": "postgres", "pgvector": "postgres", "timescaledb": "postgres", "mysql": "mysql",
    "mariadb": "mariadb", "mongo": "mongo", "redis": "redis", "valkey": "valkey", "elasticsearch": "elasticsearch",
}  # fmt: skip
_ENGINES: Final = (
    "sqlalchemy.create_engine",
    "sqlalchemy.ext.asyncio.create_async_engine",
    "sqlmodel.create_engine",
)
_BACKEND: Final = regex(r"django(?:\.contrib\.gis)?\.db\.backends\.(\w+)")


def store_of(reference: str) -> tuple[str, str]:
    """Engine and major version of a store's image, ("", "") for any other image."""
    image = parse(reference)
    major = re.match(r"^(?:pg)?(\d+)", image.tag)
    return _STORES.get(image.short, ""), major[1] if major and image.known else ""


def note_tried(ctx: Context, at: Any, where: str, versions: Iterable[str]) -> None:
    """Record fact `tried-python`: the minor versions that a tool is told, where they can be told."""
    found = [match[1] for version in versions if (match := _VERSION.match(version))]
    if found:
        ctx.fact("tried-python", at, where=where, versions=list(dict.fromkeys(found)))


class PipelineVersions(Collector):
    """Facts `ci-python` (version "3.12", or "" when it cannot be told) and `ci-store` (engine, major)."""

    files = ("workflow",)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record what the jobs of a pipeline run on."""
        whose = provider(text)
        first = text.yaml[0] if text.yaml else Yaml()
        if whose == "github":
            for _, job in first.get("jobs").pairs():
                _github(job, text, ctx)
        elif whose == "gitlab":
            for node in (first, *(job for _, job in first.items())):
                image = node.get("image") if node.get("image").text else node.get("image", "name")
                if parse(image.text).short == "python":
                    _version(parse(image.text).tag, image.line, text, ctx)
                for service in node.get("services").each():
                    _store(service if service.text else service.get("name"), ctx)


def _github(job: Yaml, text: TextFile, ctx: Context) -> None:
    for _, service in job.get("services").pairs():
        _store(service.get("image"), ctx)
    for step in job.get("steps").each():
        given = step.get("with", "python-version")
        if not given:
            continue
        matrix = _MATRIX.search(given.text)
        if matrix is None:
            for word in given.text.split() or ["?"]:
                _version(word, given.line, text, ctx)
            continue
        axis = job.get("strategy", "matrix", matrix[1])
        more = [item.get(matrix[1]) for item in job.get("strategy", "matrix", "include").each() if item.get(matrix[1])]
        for value in [*axis.each(), *more] or [given]:
            _version(value.text, value.line, text, ctx)


def _version(value: str, line: int, text: TextFile, ctx: Context) -> None:
    found = _VERSION.match(value)
    shown = text.lines[line - 1].strip()[:160]
    ctx.fact("ci-python", line, version=found[1] if found else "", text=shown)


def _store(node: Yaml, ctx: Context) -> None:
    engine, major = store_of(node.text)
    if engine:
        ctx.fact("ci-store", node.line, engine=engine, major=major, text=node.text[:160])


class CodeVersions(Collector):
    """Facts `gone-import` (a module that newer Pythons lack), `settings-store` and `test-store` (engines), and
    `tried-python` for the sessions of nox.
    """

    classes = CODE | {"test"}
    calls = (*_ENGINES, "nox.session")

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        """Record a module that is gone."""
        for alias in place.node.names:
            self._note(alias.name.partition(".")[0], place, ctx)

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        """Record a module that is gone, or a name that moved."""
        if place.node.level or not place.node.module:
            return
        self._note(place.node.module.partition(".")[0], place, ctx)
        moved = [alias.name for alias in place.node.names if alias.name in _ABCS]
        if place.node.module == "collections" and moved and not is_optional(place):
            self._gone(f"collections.{moved[0]}", 10, place, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record the store of a test, or the Pythons of a session."""
        if call.last == "session":
            given = ctx.constant(call.keyword("python"), call)
            versions = [given] if isinstance(given, str) else given if isinstance(given, (list, tuple)) else []
            note_tried(ctx, call, "nox session", [str(version) for version in versions])
            return
        url = ctx.constant(call.argument(0, "url"), call)
        if ctx.path_class == "test" and isinstance(url, str):
            engine = re.split(r"[+:]", url)[0]
            ctx.fact("test-store", call, engine=engine, text=ctx.source_lines[call.line - 1].strip()[:160])

    def visit_module(self, ctx: Context) -> None:
        """Record the engine of Django's default database."""
        if not ctx.role.startswith("settings") or "DATABASES" not in ctx.module.names:
            return
        for binding in ctx.module.names["DATABASES"]:
            value = fold(binding.value, ctx.module) if binding.kind == "assign" else None
            found = _BACKEND.search(
                str(_default(binding.value)) if not isinstance(value, dict) else str(value.get("default"))
            )
            if found:
                text = ctx.source_lines[binding.line - 1].strip()[:160]
                ctx.fact("settings-store", binding.line, engine=found[1], role=ctx.role, text=text)

    def _note(self, module: str, place: Place[Any], ctx: Context) -> None:
        if module in GONE and not is_optional(place):
            self._gone(module, GONE[module][0], place, ctx)

    def _gone(self, name: str, minor: int, place: Place[Any], ctx: Context) -> None:
        ctx.fact("gone-import", place, module=name, minor=minor, text=ctx.source_lines[place.line - 1].strip()[:160])


def _default(value: Any) -> str:
    return unparse(value) if isinstance(value, ast.AST) else ""
