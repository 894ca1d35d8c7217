"""The rules themselves, for people and for programs."""

import json
from typing import Any

from scanners import registry
from scanners.rule import Rule


def as_text() -> str:
    """One line a rule, by area."""
    return "\n".join(
        f"{rule.area:12} {rule.id:32} {rule.severity:9} {rule.title}" for rule in registry.rules().values()
    )


def as_json() -> str:
    """The rule set: its digest and every rule with its texts and examples."""
    rules = [_rule(rule) for rule in registry.rules().values()]
    return json.dumps({"rule_set": registry.digest(), "rules": rules}, indent=2, ensure_ascii=False)


def explain(rule: Rule) -> str:
    """A rule as its page shows it: why, what is looked at, the fix, the first bad and good example."""
    parts = [
        f"{rule.id}: {rule.title}",
        f"{rule.area}, {rule.severity}, item {rule.item}",
        rule.why,
        rule.scope,
        f"Fix: {rule.fix}",
    ]
    for word, examples in (("Bad", rule.bad), ("Good", rule.good)):
        parts += [f"{word}, {path}:\n{text}" for path, text in examples[0].files.items()]
    return "\n\n".join(parts)


def _rule(rule: Rule) -> dict[str, Any]:
    texts = {
        name: getattr(rule, name)
        for name in ("id", "area", "item", "title", "severity", "confidence", "effort", "why", "scope", "fix")
    }
    examples = {
        word: [{"title": example.title, "files": dict(example.files), "at": list(example.at)} for example in chosen]
        for word, chosen in (("bad", rule.bad), ("good", rule.good))
    }
    return {**texts, "kinds": sorted(rule.kinds), **examples}
