"""Printf-style messages and what they are given."""

import ast
import re
from typing import Final

from scanners.regex import regex
from scanners.semantics.logcalls import LogCall

_PLACEHOLDER: Final = regex(
    r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?[hlL]?(?P<kind>.?)", re.DOTALL
)
_RECORD: Final = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created "
    "msecs relativeCreated thread threadName processName process taskName message asctime".split()
)
_KEYWORDS: Final = frozenset({"msg", "level", "exc_info", "stack_info", "stacklevel", "extra"})
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
        return _missing({found["key"] for found in fields if found["key"]}, args)
    wanted = len(fields) + sum((found["width"] == "*") + (found["precision"] == "*") for found in fields)
    if wanted == len(args) or (len(args) == 1 and wanted == 0 and isinstance(args[0], ast.Dict)):
        return ""
    return f"The message has {_count(wanted, 'placeholder')} for {_count(len(args), 'argument')}, so the line is lost."


def _missing(names: set[str], args: list[ast.expr]) -> str:
    """Named placeholders take their values from the keys of one mapping."""
    keys = args[0].keys if len(args) == 1 and isinstance(args[0], ast.Dict) else []
    given = {key.value for key in keys if isinstance(key, ast.Constant)}
    lacking = sorted(names - given)
    if not keys or not lacking or not all(isinstance(key, ast.Constant) for key in keys):
        return ""
    return f"The placeholder %({lacking[0]}) has no such key in what the message is given, so the line is lost."


def keyword_fault(log: LogCall, dotted: str) -> str:
    """What is wrong with the keywords of a call of the method `dotted`; empty when nothing is.

    An adapter may have keywords of its own, and puts what is in `extra` elsewhere.
    """
    if "Adapter" in dotted:
        return ""
    unknown = next((word.arg for word in log.keywords if word.arg and word.arg not in _KEYWORDS), "")
    if unknown and dotted.startswith("logging.Logger."):
        return f"Loggers of `logging` take no `{unknown}=`, so this call raises a TypeError."
    extra = log.keyword("extra")
    keys: list[object] = []
    if isinstance(extra, ast.Dict):
        keys = [key.value for key in extra.keys if isinstance(key, ast.Constant)]
    elif isinstance(extra, ast.Call) and getattr(extra.func, "id", "") == "dict":
        keys = [word.arg for word in extra.keywords]
    taken = next((key for key in keys if key in _RECORD), None)
    if taken is None:
        return ""
    return f'The key "{taken}" in extra is an attribute of every log record, so this call raises a KeyError.'


def _lost(message: str, fields: list[re.Match[str]]) -> str:
    """Without arguments nothing is put in: a placeholder stands in the log as it is."""
    plain = [found[0] for found in fields if found[0] in ("%s", "%r", "%d")]
    if plain and re.search(r"%[srd]($|[\s'\"),.;:\]])", message):
        return f"The placeholder {plain[0]} has no argument, so its text stands in the log as it is."
    return ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
