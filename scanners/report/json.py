"""A report as JSON, whole and in a fixed order."""

import dataclasses
import json

from scanners.finding import Report


def render(report: Report) -> str:
    """Every field of the report."""
    return json.dumps(dataclasses.asdict(report), indent=2, sort_keys=True, ensure_ascii=False)
