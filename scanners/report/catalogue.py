"""The rules themselves, for people and for programs."""

import json
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from scanners import registry
from scanners.fixes.offered import fixes
from scanners.rule import Example, Rule

_WIDTH: Final = 100
_INDENT: Final = "    "
_KINDS: Final = ("http-api", "worker", "cron", "library")


def as_text() -> str:
    """One line a rule, under its area: id, item, severity, title."""
    listed = list(registry.rules().values())
    widest = max(len(rule.id) for rule in listed)
    lines = [f"{len(listed)} rules. `plimsoll explain <rule>` says more of one."]
    for area, rules in groupby(listed, key=lambda rule: rule.area):
        lines += ["", area]
        lines += [f"  {rule.id:{widest}}  {rule.item:3} {rule.severity:8}  {rule.title}" for rule in rules]
    return "\n".join(lines)


def as_json() -> str:
    """The rule set: its digest and every rule with its texts and examples."""
    rules = [_rule(rule) for rule in registry.rules().values()]
    return json.dumps({"rule_set": registry.digest(), "rules": rules}, indent=2, ensure_ascii=False)


def explain(rule: Rule) -> str:
    """A rule as its page shows it: why, what is looked at, the fix, and every example with its faults marked."""
    parts = [
        f"{rule.id}: {rule.title}",
        "\n".join(f"{name + ':':12}{value}" for name, value in _facts(rule).items()),
        f"Why\n{_wrapped(rule.why)}",
        f"What is looked at\n{_wrapped(rule.scope)}",
        f"Fix\n{_wrapped(rule.fix)}",
    ]
    mending = fixes().get(rule.id)
    if mending is not None:
        how = "Mended by" if mending.bulk else "Mended, one finding at a time (`--at PATH:LINE`), by"
        parts.append("\n\n".join([f"{how} `plimsoll check --fix`", *map(_wrapped, mending.about)]))
    for title, examples in (("Reported", rule.bad), ("Not reported", rule.good)):
        parts += [title, *(_example(example) for example in examples)]
    parts.append(f"To excuse one place, with a reason:\n{_INDENT}# plimsoll: ignore[{rule.id}] because ...")
    return "\n\n".join(parts)


def _facts(rule: Rule) -> dict[str, str]:
    kinds = [kind for kind in _KINDS if kind in rule.kinds]
    facts = {
        "area": f"{rule.area}, item {rule.item}",
        "severity": str(rule.severity),
        "confidence": str(rule.confidence),
        "effort": f"{rule.effort} for one finding",
        "looks at": ", ".join(sorted({*rule.classes, *rule.files})),
        "asked of": "every kind of repository" if len(kinds) == len(_KINDS) else ", ".join(kinds),
    }
    lighter = [kind for kind in _KINDS if kind in rule.lighter]
    return facts | ({"lighter in": ", ".join(lighter)} if lighter else {})


def _wrapped(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        textwrap.fill(part, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT) for part in paragraphs
    )


def _example(example: Example) -> str:
    """One example: its title, then its files, the lines at fault marked with an arrow."""
    kind = "" if example.kind == "http-api" else f" (in a {example.kind})"
    return "\n".join([f"  {example.title}{kind}", *_files(example)])


def _files(example: Example) -> Iterator[str]:
    for path, text in example.files.items():
        yield f"{_INDENT}{path}"
        lines = text.rstrip("\n").split("\n")
        for number, line in enumerate(lines, 1):
            mark = ">" if (path, number) in example.at else " "
            yield f"{_INDENT}{mark} {line}".rstrip() if line or mark != " " else ""


def _rule(rule: Rule) -> dict[str, Any]:
    texts = {
        name: getattr(rule, name)
        for name in ("id", "area", "item", "title", "severity", "confidence", "effort", "why", "scope", "fix")
    }
    examples = {
        word: [{"title": example.title, "files": dict(example.files), "at": list(example.at)} for example in chosen]
        for word, chosen in (("bad", rule.bad), ("good", rule.good))
    }
    return {**texts, "kinds": sorted(rule.kinds), "lighter": sorted(rule.lighter), **examples, **_mending(rule)}


def _mending(rule: Rule) -> dict[str, Any]:
    found = fixes().get(rule.id)
    return {"mending": {"says": found.says, "bulk": found.bulk, "about": found.about} if found else None}
