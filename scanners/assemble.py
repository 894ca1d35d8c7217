"""Answers of single blobs as what each file gives to its commit, and the rules that join facts of several files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from scanners import registry
from scanners.finding import (
    BlobAnswer,
    BlobKey,
    Confidence,
    FileReport,
    Finding,
    Problem,
    Severity,
    Site,
    Skipped,
)
from scanners.paths import PathClass
from scanners.reads import Reads
from scanners.rule import Rule
from scanners.suppressions import Ignore, excuse
from scanners.tree import Fact, Tree, TreeContext
from scanners.wanted import UNSEEN


@dataclass(frozen=True, slots=True)
class Looked:
    """One file with its answer."""

    path: str
    path_class: PathClass
    answer: BlobAnswer


@dataclass(frozen=True, slots=True)
class Part:
    """What one file gives to its commit, for a repository of one kind. `file` is as of one whose answer was kept.

    `good` and `unresolved` count sites by rule. `unseen` says why it turned out to be nobody's business, None for most;
    such a file gives nothing else. `passing` asks to look at it again next time.
    """

    key: BlobKey
    file: FileReport
    path_class: PathClass
    unseen: Skipped | None
    facts: Mapping[str, Sequence[Fact]]
    findings: tuple[Finding, ...]
    good: Mapping[str, int]
    unresolved: Mapping[str, int]
    ignores: Sequence[Ignore]
    passing: bool


def part_of(file: Looked, key: BlobKey, kind: str, reads: Reads) -> Part:
    """The part of one file; its facts note in `reads` what is read of them."""
    rules, answer = registry.rules(), file.answer
    name = answer.get("class", file.path_class.name)
    sites = answer.get("sites", {})
    return Part(
        key=key,
        file=FileReport(file.path, key.sha, key.path_class, answer["lines"], True, problem_of(answer), name),
        path_class=file.path_class.named(name),
        unseen=Skipped(file.path, name, UNSEEN[name]) if name in UNSEEN else None,
        facts={} if name in UNSEEN else facts_of(file, reads),
        findings=tuple(weighed(rules, findings_of(file), kind)),
        good={rule: len(found["good"]) for rule, found in sites.items()},
        unresolved={rule: len(found["unresolved"]) for rule, found in sites.items()},
        ignores=answer.get("suppressions", ()),
        passing=bool((answer.get("problem") or {}).get("passing")),
    )


def facts_of(file: Looked, reads: Reads) -> dict[str, list[Fact]]:
    """The facts of one file by kind, in order of line; a route has a path of its own."""
    path_class = file.path_class.named(file.answer.get("class", file.path_class.name))
    return {
        kind: [Fact(file.path, path_class, {"file": file.path, **fields}, reads.of(kind)) for fields in found]
        for kind, found in file.answer.get("facts", {}).items()
    }


def weighed(rules: Mapping[str, Rule], findings: Iterable[Finding], kind: str) -> Iterator[Finding]:
    """The findings that count in a repository of this kind, as they weigh there."""
    for finding in findings:
        rule = rules.get(finding.rule)
        if rule is not None and kind in rule.kinds:
            yield replace(finding, severity=finding.severity.lowered) if kind in rule.lighter else finding


def findings_of(file: Looked) -> Iterator[Finding]:
    """The findings of one file; equal (rule, qualname, anchor) are numbered from the top."""
    ordinals: Counter[tuple[str, str, str]] = Counter()
    for raw in file.answer.get("findings", ()):
        key = (raw["rule"], raw["qualname"], raw["anchor"])
        yield Finding(
            rule=raw["rule"],
            path=file.path,
            line=raw["line"],
            end_line=raw["end_line"],
            col=raw["col"],
            qualname=raw["qualname"],
            anchor=raw["anchor"],
            line_hash=raw["line_hash"],
            ordinal=ordinals[key],
            message=raw["message"],
            severity=Severity(raw["severity"]),
            confidence=Confidence(raw["confidence"]),
            snippet=tuple((line, text, marked) for line, text, marked in raw["snippet"]),
        )
        ordinals[key] += 1


def sites_of(file: Looked, rule: str) -> Iterator[Site]:
    """The good and unresolved sites of one rule in one file."""
    sites = file.answer.get("sites", {}).get(rule, {})
    for line in sites.get("good", ()):
        yield Site(file.path, line, good=True)
    for line, reason in sites.get("unresolved", ()):
        yield Site(file.path, line, good=False, reason=reason)


def ignores_of(file: Looked) -> list[Ignore]:
    """The suppression comments of one file, free to be marked as used: the answer itself is kept and shared."""
    return [dict(ignore) for ignore in file.answer.get("suppressions", ())]


def tree_of(kind: str, files: Iterable[Looked]) -> Tree:
    """Some files as rules see them that join facts, seen once: `scanners.standing` has what is looked at again."""
    reads, classes = Reads(), {}
    facts: dict[str, list[Fact]] = defaultdict(list)
    within: dict[str, list[Fact]] = defaultdict(list)
    for file in files:
        classes[file.path] = file.path_class.named(file.answer.get("class", file.path_class.name))
        for name, found in facts_of(file, reads).items():
            facts[name] += found
            within[file.path] += found
    return Tree(kind, classes, facts, reads=reads, within=lambda path: within.get(path, ()))


def excused(said: Mapping[str, TreeContext], ignores: Mapping[str, list[Ignore]]) -> list[Finding]:
    """The findings that joined files gave, numbered like those of single files, without the excused ones."""
    ordinals: Counter[tuple[str, str, str, str]] = Counter()
    left = []
    for finding in (finding for ctx in said.values() for finding in ctx.findings):
        if not excuse(finding.rule, finding.line, finding.end_line, ignores.get(finding.path, [])):
            key = (finding.rule, finding.path, finding.qualname, finding.anchor)
            left.append(replace(finding, ordinal=ordinals[key]))
            ordinals[key] += 1
    return left


def problem_of(answer: BlobAnswer) -> Problem | None:
    """Why the file could not be read, if so."""
    raw = answer.get("problem")
    return Problem(raw["code"], raw["message"], raw["next"], raw["line"]) if raw else None


def join(rules: Iterable[Rule], tree: Tree, tick: Callable[[], None] = lambda: None) -> dict[str, TreeContext]:
    """What every rule says that has a `visit_tree`, by its id. Only those run for which something changed.

    `tick` is called before each rule.
    """
    said = {}
    for rule in rules:
        tick()
        visit: Any = getattr(rule, "visit_tree", None)
        if visit is not None and tree.kind in rule.kinds:
            said[rule.id] = tree.once(f"said by {rule.id}", partial(_said, rule, visit, tree), lasts=True)
    return said


def _said(rule: Rule, visit: Callable[[Tree, TreeContext], None], tree: Tree) -> TreeContext:
    ctx = TreeContext(rule, tree)
    visit(tree, ctx)
    return ctx
