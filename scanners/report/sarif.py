"""A report as SARIF 2.1.0 (OASIS), as code-scanning services read it."""

import json
import os
from importlib import metadata
from typing import Any, Final
from urllib.parse import quote

from scanners import registry
from scanners.finding import Confidence, Finding, Report, Severity
from scanners.rule import Rule

_LEVELS: Final = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
_RANKS: Final = {Confidence.LOW: 20.0, Confidence.MEDIUM: 60.0, Confidence.HIGH: 90.0}


def render(report: Report) -> str:
    """One run with the rules that found something, the results, and the files that could not be read."""
    rules = [rule for rule in registry.rules().values() if any(found.rule == rule.id for found in report.findings)]
    places = {rule.id: position for position, rule in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(rules)},
        "results": [_result(found, places[found.rule]) for found in report.findings],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report)}],
        "columnKind": "unicodeCodePoints",
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _driver(rules: list[Rule]) -> dict[str, Any]:
    return {
        "name": "Plimsoll",
        "semanticVersion": metadata.version("plimsoll"),
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.area], "item": rule.item},
    }


def _result(found: Finding, rule_index: int) -> dict[str, Any]:
    return {
        "ruleId": found.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[found.severity],
        "rank": _RANKS[found.confidence],
        "message": {"text": found.message},
        "locations": [_location(found.path, found.line, _column(found), found.end_line)],
        "partialFingerprints": {"anchor/v1": f"{found.anchor}:{found.ordinal}"},
        "properties": {"severity": found.severity, "confidence": found.confidence},
    }


def _column(found: Finding) -> int:
    """The column in letters, from 1; a finding has it in bytes of UTF-8, from 0, as a tree does."""
    text = next((text for _, text, marked in found.snippet if marked), "").encode()
    return len(text[: found.col].decode(errors="ignore")) + max(found.col - len(text), 0) + 1


def _notifications(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "level": "warning",
            "message": {"text": f"{file.problem.message} {file.problem.next_step}"},
            "descriptor": {"id": file.problem.code},
            "locations": [_location(file.path, file.problem.line or 1)],
        }
        for file in report.files
        if file.problem
    ]


def _location(path: str, line: int, column: int = 1, end_line: int | None = None) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column, "endLine": max(end_line or line, line)}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(os.fsencode(path))}, "region": region}}
