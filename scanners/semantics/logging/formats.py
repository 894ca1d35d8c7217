"""Printf-style messages and what they are given."""

import ast
import re
from typing import Final

from scanners.regex import regex

_PLACEHOLDER: Final = regex(
    r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?[hlL]?(?P<kind>.?)", re.DOTALL
)
_KINDS: Final = frozenset("diouxXeEfFgGcrsa")


def fault(message: str, args: list[ast.expr]) -> str:
    """What keeps a message from taking its arguments, as `logging` puts them together; empty when nothing does."""
    fields = [found for found in _PLACEHOLDER.finditer(message) if found["kind"] != "%"]
    if not args:
        return _lost(message, fields)
    wrong = next((found for found in fields if found["kind"] not in _KINDS or not found["kind"]), None)
    if wrong is not None:
        return f"`{wrong[0]}` in the message is no valid placeholder, so the line is lost."
    if any(found["key"] is not None for found in fields):
        return ""
    wanted = len(fields) + sum((found["width"] == "*") + (found["precision"] == "*") for found in fields)
    if wanted == len(args) or (len(args) == 1 and wanted == 0 and isinstance(args[0], ast.Dict)):
        return ""
    return f"The message has {_count(wanted, 'placeholder')} for {_count(len(args), 'argument')}, so the line is lost."


def _lost(message: str, fields: list[re.Match[str]]) -> str:
    """Without arguments nothing is put in: a placeholder stands in the log as it is."""
    plain = [found[0] for found in fields if found[0] in ("%s", "%r", "%d")]
    if plain and re.search(r"%[srd]($|[\s'\"),.;:\]])", message):
        return f"The placeholder {plain[0]} has no argument, so its text stands in the log as it is."
    return ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
