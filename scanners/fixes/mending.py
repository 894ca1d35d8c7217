"""A file in, the same file mended out: the fixes of its findings made and proved by scanning it again.

Runs in a child that may be killed: libcst can crash on hostile nesting, and is slow on long files.
"""

import ast
from collections.abc import Collection, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any, Final

import libcst as cst

from scanners.engine import Engine
from scanners.finding import Finding
from scanners.fixes.fix import NotOfferedError
from scanners.fixes.offered import fixes
from scanners.fixes.patching import hunks
from scanners.fixes.proof import Planned, Proof, findings
from scanners.fixes.request import Target
from scanners.fixes.spot import Edits, Source, Spot
from scanners.fixes.telling import Telling
from scanners.parse import UnreadableError
from scanners.paths import PathClass

# libcst is quadratic in long chains and crashes on deep nesting, which the plain parser both takes.
MAX_BYTES: Final = 300 * 1024
MAX_DEPTH: Final = 150
_UNPROVED: Final = "A scan of the file with the change still reports the finding, or something new."


def mend(
    engine: Engine, raw: bytes, path_class: PathClass, wanted: Collection[Target], loggers: Collection[str] = ()
) -> dict[str, Any]:
    """Mend the wanted findings of a Python file. `loggers` are those of other files that it may import.

    Returns plain JSON: `after` (the new bytes) and `hunks` (of the unified diff), both as latin-1 text; `fixed` and
    `refused`, a list of findings each, with what was done or why not; `answer` for the new bytes. Raises
    UnreadableError for bytes that do not parse.
    """
    with engine.opened(raw, path_class, Telling) as (before, ctx):
        chosen, refused = _chosen(findings(before, path_class), wanted)
        source = _source(raw, ctx)
        planned = []
        for finding in chosen:
            try:
                planned.append(Planned(finding, _edits(finding, ctx, source, loggers)))
            except NotOfferedError as error:
                refused.append(_as_json(finding) | {"why": str(error)})
        proof = Proof(engine, path_class, before, source)
        proved = proof.largest(planned)
        refused += [_as_json(plan.finding) | {"why": _UNPROVED} for plan in planned if plan not in proved]
        after, answer = proof.result(proved) if proved else (raw, before)
    return {
        "problem": None,
        "after": after.decode("latin-1"),
        "hunks": b"".join(hunks(raw, after)).decode("latin-1"),
        "fixed": [_as_json(plan.finding) | {"title": fixes()[plan.finding.rule].says} for plan in proved],
        "refused": refused,
        "answer": answer,
    }


def _chosen(found: Sequence[Finding], wanted: Collection[Target]) -> tuple[list[Finding], list[dict[str, Any]]]:
    """The wanted findings that have a fix, in order of place, and those that have none, with the reason."""
    known = {Target(finding.rule, finding.qualname, finding.anchor, finding.ordinal): finding for finding in found}
    chosen, refused = [], []
    for target in wanted:
        if target.rule not in fixes():
            refused.append(asdict(target) | {"line": None, "why": f"No program can mend {target.rule}."})
        elif target not in known:
            refused.append(asdict(target) | {"line": None, "why": "The file alone does not show the finding."})
        else:
            chosen.append(known[target])
    return sorted(chosen, key=attrgetter("line", "col", "rule")), refused


def _source(raw: bytes, ctx: Telling | None) -> Source | str:
    """The file as concrete syntax, or a sentence why it cannot be had."""
    if ctx is None or ctx.tree is None:
        return "Nobody looks at files of this kind."
    if len(raw) > MAX_BYTES:
        return f"The file is larger than the {MAX_BYTES:,} bytes that are mended."
    if _depth(ctx.tree) > MAX_DEPTH:
        return "The code is nested too deeply to be mended by a program."
    try:
        return Source(raw, ctx)
    except cst.ParserSyntaxError:
        return "The file's syntax is newer than what can be rewritten."


def _depth(tree: ast.Module) -> int:
    """How deep its deepest node stands; deeper than the limit is not looked at."""
    level: list[ast.AST] = [tree]
    for depth in range(MAX_DEPTH + 1):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return depth
    return MAX_DEPTH + 1


def _edits(finding: Finding, ctx: Telling | None, source: Source | str, loggers: Collection[str]) -> Edits:
    if ctx is None or isinstance(source, str):
        raise NotOfferedError(str(source))
    spot = Spot(ctx.place(finding), ctx, source, finding.message, loggers)
    fixes()[finding.rule].mend(spot)
    return spot.edits


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "qualname": finding.qualname,
        "anchor": finding.anchor,
        "ordinal": finding.ordinal,
        "line": finding.line,
    }


def answer(engine: Engine, request: Any, raw: bytes) -> dict[str, Any]:
    """What the child says to one request; a file that cannot be read as Python has a problem."""
    wanted = [Target(*target) for target in request["wanted"]]
    try:
        return mend(engine, raw, PathClass.read(request["path_class"]), wanted, request.get("loggers", ()))
    except UnreadableError as error:
        problem = error.problem
        told = {"code": problem.code, "message": problem.message, "next": problem.next_step, "line": problem.line}
        return {"problem": told}
