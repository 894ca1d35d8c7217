"""Which Pythons tools are told: the environments of tox, the targets of type checkers and linters."""

import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.facts.versions import note_tried
from scanners.regex import regex
from scanners.rule import Collector
from scanners.text import TextFile

_LIST: Final = regex(r"^(?:legacy_)?env_?list\s*=(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_FACTORS: Final = regex(r"\bpy(?:3\{([\d,\s]+)\}|\{([\d,\s]+)\}|(3\d{1,2})\b|(3\.\d{1,2})\b)")


class ToolVersions(Collector):
    """Fact `tried-python`: the minor versions that tox tries, and those that tools of pyproject.toml check for."""

    files = ("recipe", "pyproject", "setup-cfg")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the lists of environments, and the targets."""
        for match in _LIST.finditer(text.text):
            line = text.text.count("\n", 0, match.start()) + 1
            note_tried(ctx, line, "tox environment", _expanded(match[1]))
        if text.kind == "pyproject":
            tool: Any = text.toml.get("tool", {})
            for name, key in (("mypy", "python_version"), ("ruff", "target-version"), ("pyright", "pythonVersion")):
                value = tool.get(name, {}).get(key) if isinstance(tool.get(name), dict) else None
                if isinstance(value, str):
                    note_tried(ctx, _line(text, key), f"setting of {name}", [_dotted(value.removeprefix("py"))])


def _expanded(text: str) -> Iterator[str]:
    """The versions in names of environments: `py{39,310}`, `py3{9,10}`, `py311`, `py3.12`."""
    for match in _FACTORS.finditer(text):
        for part in (match[1] or match[2] or "").split(","):
            if part.strip():
                yield _dotted(f"3{part.strip()}" if match[1] else part.strip())
        if match[3] or match[4]:
            yield _dotted(match[3] or match[4])


def _dotted(text: str) -> str:
    return text if "." in text else f"{text[:1]}.{text[1:]}"


def _line(text: TextFile, key: str) -> int:
    return next((number for number, line in enumerate(text.lines, 1) if line.lstrip().startswith(key)), 1)
