"""A file in, the same file mended out: the fixes of its findings made and proved by scanning it again.

Runs in a child that may be killed: libcst can crash on hostile nesting, and is slow on long files.
"""

import ast
import difflib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any, Final

import libcst as cst

from scanners import registry
from scanners.assemble import Looked, excused, findings_of, ignores_of, join, tree_of
from scanners.context import Context
from scanners.engine import Engine
from scanners.finding import BlobAnswer, Finding
from scanners.fixes.fix import NotOfferedError
from scanners.fixes.offered import fixes
from scanners.fixes.request import Target
from scanners.fixes.spot import Edits, Source, Spot
from scanners.parse import UnreadableError
from scanners.paths import PathClass
from scanners.place import Place

# libcst is quadratic in long chains and crashes on deep nesting, which the plain parser both takes.
MAX_BYTES: Final = 300 * 1024
MAX_DEPTH: Final = 150
_ALONE: Final = "app.py"
_UNPROVED: Final = "A scan of the file with the change still reports the finding, or something new."


class _Telling(Context):
    """A context that keeps the places it was told of, for whoever mends what is found there."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.reports: dict[tuple[str, int, int], Any] = {}
        self.noted: dict[tuple[str, str, int], list[Any]] = defaultdict(list)

    def report(self, at: Any, message: str, **more: Any) -> None:
        """As its base; the first report of a place is the one that counts."""
        super().report(at, message, **more)
        node = getattr(at, "node", None)
        self.reports.setdefault((self.rule, getattr(node, "lineno", 1), getattr(node, "col_offset", 0)), at)

    def fact(self, kind: str, at: Any, /, **fields: Any) -> None:
        """As its base."""
        super().fact(kind, at, **fields)
        line = self.facts[kind][-1]["line"]
        self.noted[kind, fields.get("rule", self.rule), line].append(at)

    @property
    def rule(self) -> str:
        """The rule whose turn it is, empty for collectors of facts."""
        return getattr(self.collector, "id", "")

    def place(self, finding: Finding) -> Place[Any]:
        """Where a finding was made. Raises NotOfferedError."""
        found = self.reports.get((finding.rule, finding.line, finding.col))
        if found is None:
            fact = fixes()[finding.rule].fact
            places = self.noted[fact, finding.rule, finding.line] or self.noted[fact, "", finding.line]
            found = places[0] if len(places) == 1 else None
        if not isinstance(found, Place):
            raise NotOfferedError("The finding is not about one place in the code.")
        return found


@dataclass(frozen=True, slots=True)
class _Planned:
    finding: Finding
    edits: Edits


def mend(engine: Engine, raw: bytes, path_class: PathClass, wanted: Collection[Target]) -> dict[str, Any]:
    """Mend the wanted findings of a Python file.

    Returns plain JSON: `after` (the new bytes) and `hunks` (of the unified diff), both as latin-1 text; `fixed` and
    `refused`, a list of findings each, with what was done or why not; `answer` for the new bytes. Raises
    UnreadableError for bytes that do not parse.
    """
    with engine.opened(raw, path_class, _Telling) as (before, ctx):
        chosen, refused = _chosen(_findings(before, path_class), wanted)
        source = _source(raw, ctx)
        planned = []
        for finding in chosen:
            try:
                planned.append(_Planned(finding, _edits(finding, ctx, source)))
            except NotOfferedError as error:
                refused.append(_as_json(finding) | {"why": str(error)})
        proof = _Proof(engine, path_class, before, source)
        proved = proof.largest(planned)
        refused += [_as_json(plan.finding) | {"why": _UNPROVED} for plan in planned if plan not in proved]
        after, answer = proof.results[_ids(proved)] if proved else (raw, before)
    return {
        "problem": None,
        "after": after.decode("latin-1"),
        "hunks": b"".join(hunks(raw, after)).decode("latin-1"),
        "fixed": [_as_json(plan.finding) | {"title": fixes()[plan.finding.rule].says} for plan in proved],
        "refused": refused,
        "answer": answer,
    }


def _findings(answer: BlobAnswer, path_class: PathClass) -> list[Finding]:
    """The findings of a file by itself, with those that rules make when they join it with no other."""
    file = Looked(_ALONE, path_class, answer)
    joining = [registry.rules()[rule] for rule, fix in fixes().items() if fix.fact]
    ignores = {file.path: ignores_of(file)}
    return [*findings_of(file), *excused(join(joining, tree_of("http-api", [file])), ignores)]


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


def hunks(before: bytes, after: bytes) -> Iterator[bytes]:
    """The unified diff of two files, without its two lines of names."""
    old, new = _lines(before), _lines(after)
    for number, line in enumerate(difflib.diff_bytes(difflib.unified_diff, old, new)):
        if number >= 2:
            yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _lines(text: bytes) -> list[bytes]:
    """The lines as git counts them: splitlines would end one at a bare carriage return as well."""
    *lines, last = text.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _source(raw: bytes, ctx: _Telling | None) -> Source | str:
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


def _edits(finding: Finding, ctx: _Telling | None, source: Source | str) -> Edits:
    if ctx is None or isinstance(source, str):
        raise NotOfferedError(str(source))
    spot = Spot(ctx.place(finding), ctx, source, finding.message)
    fixes()[finding.rule].mend(spot)
    return spot.edits


class _Proof:
    """Which fixes of a file hold together: the file with them parses, lacks their findings and has no new one."""

    def __init__(self, engine: Engine, path_class: PathClass, before: BlobAnswer, source: Source | str) -> None:
        self._engine = engine
        self._class = path_class
        self._before = before
        self._found = _counted(_findings(before, path_class))
        self._source = source
        self.results: dict[frozenset[int], tuple[bytes, BlobAnswer]] = {}

    def largest(self, planned: Sequence[_Planned]) -> list[_Planned]:
        """All of them if they hold, else the halves that do."""
        if not planned or self._holds(planned):
            return list(planned)
        if len(planned) == 1:
            return []
        middle = len(planned) // 2
        first, second = self.largest(planned[:middle]), self.largest(planned[middle:])
        both = [*first, *second]
        return both if self._holds(both) else first or second

    def _holds(self, planned: Sequence[_Planned]) -> bool:
        if not planned or isinstance(self._source, str):
            return False
        if _ids(planned) not in self.results:
            try:
                after = self._source.patched([plan.edits for plan in planned])
            except (cst.CSTValidationError, cst.ParserSyntaxError, NotOfferedError):
                return False
            self.results[_ids(planned)] = after, self._engine.answer(after, self._class)
        return self._is_better(self.results[_ids(planned)][1], planned)

    def _is_better(self, after: BlobAnswer, planned: Sequence[_Planned]) -> bool:
        if after["problem"] is not None:
            return False
        allowed = self._found - _counted(plan.finding for plan in planned)
        rules = {plan.finding.rule for plan in planned}
        return _counted(_findings(after, self._class)) <= allowed and all(
            _doubts(after, rule) <= _doubts(self._before, rule) for rule in rules
        )


def _counted(found: Iterable[Finding]) -> Counter[tuple[str, str]]:
    """Findings by rule and enclosing name: what a fix changes beside a finding is no new finding there."""
    return Counter((finding.rule, finding.qualname) for finding in found)


def _doubts(answer: BlobAnswer, rule: str) -> int:
    return len(answer["sites"].get(rule, {}).get("unresolved", ()))


def _ids(planned: Sequence[_Planned]) -> frozenset[int]:
    return frozenset(map(id, planned))


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
    wanted = {Target(*target) for target in request["wanted"]}
    try:
        return mend(engine, raw, PathClass.read(request["path_class"]), wanted)
    except UnreadableError as error:
        problem = error.problem
        told = {"code": problem.code, "message": problem.message, "next": problem.next_step, "line": problem.line}
        return {"problem": told}
