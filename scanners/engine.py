"""One blob in, one answer out: parse, walk once, run the hooks that want something, weigh suppressions."""

import ast
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from scanners import syntax
from scanners.context import Context
from scanners.finding import BlobAnswer, Problem
from scanners.index import Index
from scanners.names import resolve
from scanners.parse import UnreadableError, parse
from scanners.paths import PathClass, refine
from scanners.place import Call, Place
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.suppressions import excuse, in_document, in_lines, in_python
from scanners.text import TextFile
from scanners.walk import Walk

Opened = TypeVar("Opened", bound=Context)
_LFS = b"version https://git-lfs.github.com/spec/"
_UNSEEN = frozenset({"generated", "vendored", "stub"})


class Engine:
    """Answers for blobs with a fixed set of collectors."""

    def __init__(self, collectors: tuple[Collector, ...]) -> None:
        self._collectors: tuple[Any, ...] = collectors
        self._indexes: dict[str, Index] = {}

    def answer(self, raw: bytes, path_class: PathClass) -> BlobAnswer:
        """What all collectors say about these bytes, as plain JSON.

        Keys: lines, bytes, parser, class, problem, findings, sites {rule: {good: [line], unresolved: [[line, why]]}},
        facts {kind: [fact]}, suppressions. A file that cannot be read has a problem and nothing else.
        """
        base: BlobAnswer = {"lines": raw.count(b"\n") + 1, "bytes": len(raw), "parser": None, "class": path_class.name}
        if raw.startswith(_LFS):
            pointer = Problem(
                "lfs-pointer", "The content is kept in Git LFS.", "Keep code in git itself; it was not reviewed."
            )
            return base | {"problem": _as_json(pointer)}
        try:
            return base | (
                self._python(raw, path_class) if path_class.kind == "python" else self._text(raw, path_class)
            )
        except UnreadableError as error:
            return base | {"problem": _as_json(error.problem)}
        # plimsoll: ignore[broad-except] one file at a time, by its name: the answer says what failed
        except Exception as error:  # noqa: BLE001 - The engine's one guard: a rule that fails on a file costs that file, by name.
            where = hashlib.sha256(raw).hexdigest()[:12]
            message = f"The engine failed on it: {type(error).__name__}: {str(error)[:200]}"
            return base | {
                "problem": _as_json(Problem("engine-error", message, f"Ours: report it with the file ({where})."))
            }

    def _python(self, raw: bytes, path_class: PathClass) -> BlobAnswer:
        with self.opened(raw, path_class, Context) as (answer, _):
            return answer

    @contextmanager
    def opened(
        self, raw: bytes, path_class: PathClass, context: type[Opened]
    ) -> Iterator[tuple[BlobAnswer, Opened | None]]:
        """The answer for a Python file, and what was told to its context while nodes and scopes are still kept.

        The context is None for a file that nobody looks at. Raises UnreadableError.
        """
        parsed = parse(raw)
        path_class = refine(path_class, parsed.source)
        said: BlobAnswer = {"parser": parsed.parser, "class": path_class.name, "problem": None}
        if path_class.name in _UNSEEN:
            yield said, None
            return
        index = self._index(path_class.name)
        walk = Walk(index)
        syntax.open_file(walk.listing)
        try:
            walk.run(parsed.tree)
            ctx = context(parsed.source, path_class.name, path_class.role, walk.module, parsed.tree)
            _run_hooks(index, walk, ctx)
            ignores = in_python(parsed.older) if "plimsoll:" in parsed.source else []
            yield said | _harvest(ctx, ignores), ctx
        finally:
            walk.release()
            syntax.forget()

    def _text(self, raw: bytes, path_class: PathClass) -> BlobAnswer:
        text = raw.decode("utf-8", "replace")
        ctx = Context(text, path_class.name, path_class.role, Scope(ast.Module([], []), "module", None, ""))
        file = TextFile(text, path_class)
        for collector in self._collectors:
            if path_class.kind in collector.files and path_class.name in collector.classes | {"example"}:
                ctx.collector = collector
                collector.visit_text(file, ctx)
        listed = in_document if path_class.kind == "docs" else in_lines
        return {"parser": "text", "problem": None} | _harvest(ctx, listed(file.lines) if "plimsoll:" in text else [])

    def _index(self, name: str) -> Index:
        if name not in self._indexes:
            self._indexes[name] = Index(list(self._collectors), name)
        return self._indexes[name]


def _run_hooks(index: Index, walk: Walk, ctx: Context) -> None:
    for hooks, node, block, stmt in walk.notes:
        place: Place[Any] = Place(node, block, stmt)
        for ctx.collector, hook in hooks:
            hook(place, ctx)
    for bound_hooks, bound in walk.bound:
        for ctx.collector, hook in bound_hooks:
            hook(bound, ctx)
    _run_calls(index, walk, ctx)
    for ctx.collector, hook in index.modules:
        hook(ctx)


def _run_calls(index: Index, walk: Walk, ctx: Context) -> None:
    by_name, by_last = index.by_name, index.by_last
    for node, block, stmt in walk.calls:
        ref = resolve(node.func, block.scope, node.lineno)
        hooks = by_name.get(ref.dotted, ()) if ref else ()
        last = getattr(node.func, "attr", "")
        if hooks or last in by_last:
            call = Call(node, block, stmt, ref)
            for ctx.collector, hook in hooks:
                hook(call, ctx)
            for also in by_last.get(last, ()):
                if also not in hooks:
                    ctx.collector, hook = also
                    hook(call, ctx)


def _as_json(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message, "next": problem.next_step, "line": problem.line}


def _harvest(ctx: Context, ignores: list[dict[str, Any]]) -> BlobAnswer:
    """Take findings, sites and facts out of a context; a reasoned suppression takes its site away."""
    findings = []
    for finding in sorted(ctx.findings, key=lambda found: (found["line"], found["col"], found["rule"])):
        if excuse(finding["rule"], finding["line"], finding["end_line"], ignores):
            ctx.sites[finding["rule"]].pop((finding["line"], finding["col"]), None)
        else:
            findings.append(finding | {"snippet": ctx.snippet(finding["line"])})
    sites = {rule: _sites(places) for rule, places in sorted(ctx.sites.items()) if rule and places}
    return {"findings": findings, "sites": sites, "facts": ctx.facts, "suppressions": ignores}


def _sites(places: dict[tuple[int, int], str]) -> dict[str, list[Any]]:
    good = sorted(line for (line, _), state in places.items() if state == "")
    doubts = sorted([line, state] for (line, _), state in places.items() if state not in ("", "bad"))
    return {"good": good, "unresolved": doubts}
