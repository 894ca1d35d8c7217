"""Answers of single blobs put together into what one commit says, and the rules that join facts of several files."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scanners.advisories import Advisories
from scanners.finding import BlobAnswer, Confidence, Finding, Problem, RuleCount, Severity, Site, Skipped
from scanners.paths import PathClass, classify
from scanners.rule import Rule
from scanners.suppressions import Ignore, excuse
from scanners.tree import Fact, Tree, TreeContext


@dataclass(frozen=True, slots=True)
class Looked:
    """One file with its answer."""

    path: str
    path_class: PathClass
    answer: BlobAnswer


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


def excused(said: Mapping[str, TreeContext], ignores: Mapping[str, list[Ignore]]) -> list[Finding]:
    """The findings that joined files gave, numbered like those of single files, without the excused ones."""
    ordinals: Counter[tuple[str, str, str]] = Counter()
    left = []
    for finding in (finding for ctx in said.values() for finding in ctx.findings):
        if not excuse(finding.rule, finding.line, finding.end_line, ignores.get(finding.path, [])):
            key = (finding.rule, finding.path, finding.anchor)
            left.append(replace(finding, ordinal=ordinals[key]))
            ordinals[key] += 1
    return left


def problem_of(answer: BlobAnswer) -> Problem | None:
    """Why the file could not be read, if so."""
    raw = answer.get("problem")
    return Problem(raw["code"], raw["message"], raw["next"], raw["line"]) if raw else None


def tree_of(
    kind: str,
    files: Iterable[Looked],
    date: dt.date | None = None,
    skipped: Iterable[Skipped] = (),
    advisories: Advisories | None = None,
) -> Tree:
    """The commit as rules see it: `kind` is the repository's, facts are in order of path and line."""
    left_out = {skip.path: classify(skip.path) for skip in skipped if skip.code == "too-large"}
    classes: dict[str, PathClass] = {}
    facts: dict[str, list[Fact]] = defaultdict(list)
    for file in files:
        path_class = file.path_class.named(file.answer.get("class", file.path_class.name))
        classes[file.path] = path_class
        for name, found in file.answer.get("facts", {}).items():
            facts[name] += [Fact(file.path, path_class, fields) for fields in found]
    too_large = {path: path_class for path, path_class in left_out.items() if path_class}
    return Tree(kind, classes, facts, date=date, too_large=too_large, advisories=advisories)


def join(rules: Iterable[Rule], tree: Tree) -> dict[str, TreeContext]:
    """Run `visit_tree` of every rule that has it. Returns what each said, by rule id."""
    said = {}
    for rule in rules:
        visit: Any = getattr(rule, "visit_tree", None)
        if visit is not None and tree.kind in rule.kinds:
            said[rule.id] = TreeContext(rule)
            visit(tree, said[rule.id])
    return said


def counts(
    rules: Mapping[str, Rule],
    kind: str,
    files: list[Looked],
    findings: Iterable[Finding],
    said: Mapping[str, TreeContext],
) -> dict[str, RuleCount]:
    """The sites of every rule. A rule without any site does not apply, and says why."""
    good: Counter[str] = Counter()
    unresolved: Counter[str] = Counter()
    bad: dict[str, Counter[Severity]] = defaultdict(Counter)
    doubtful: Counter[str] = Counter()
    for file in files:
        for rule, sites in file.answer.get("sites", {}).items():
            good[rule] += len(sites["good"])
            unresolved[rule] += len(sites["unresolved"])
    for rule_id, ctx in said.items():
        good[rule_id] += sum(site.good for site in ctx.sites.values())
        unresolved[rule_id] += sum(not site.good for site in ctx.sites.values())
    for finding in findings:
        if finding.confidence is Confidence.LOW:
            doubtful[finding.rule] += 1
        else:
            bad[finding.rule][finding.severity] += 1
    counted = {}
    for rule_id, rule in rules.items():
        total = RuleCount(good[rule_id], dict(bad[rule_id]), unresolved[rule_id] + doubtful[rule_id], doubtful[rule_id])
        reason = _why_not(rule, kind, total, said.get(rule_id))
        counted[rule_id] = RuleCount(applicable=False, reason=reason) if reason else total
    return counted


def _why_not(rule: Rule, kind: str, total: RuleCount, ctx: TreeContext | None) -> str:
    if kind not in rule.kinds:
        return f"Not asked of a repository of kind {kind}."
    if total.sites:
        return ""
    return (ctx.not_applicable_reason if ctx else "") or "Nothing of this kind was found in the code."
