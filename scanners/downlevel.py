"""Syntax newer than the interpreter, rewritten to older syntax of the same shape and on the same lines.

Only positions and structure matter to the rules, so texts may change: type parameters are blanked, `type X = ...`
becomes an assignment, `except A, B:` gets its parentheses, `t"..."` becomes `f"..."`, `lazy import` an import, and what
stands in the fields of an f-string is freed of quotes, backslashes and line ends that Python 3.11 does not take there.
"""

import re
from collections.abc import Callable
from typing import Final

Rewrite = Callable[[str, re.Match[str]], tuple[int, str]]
"""From the text and a match to where the match ends and what stands there instead."""

_PARAMETERS: Final = re.compile(r"^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)[ \t]*\[", re.MULTILINE)
_ALIAS: Final = re.compile(r"^([ \t]*)type([ \t]+)(\w+)([ \t]*)(\[|=(?!=))", re.MULTILINE)
_EXCEPT: Final = re.compile(r"^([ \t]*except\*?[ \t]+)([A-Z_a-z][\w.]*(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:", re.MULTILINE)
_LAZY: Final = re.compile(r"^([ \t]*)lazy([ \t]+(?:import|from)[ \t])", re.MULTILINE)
_STRING: Final = re.compile(r"(?<!\w)([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_TOKEN: Final = re.compile(r"#[^\n]*|(?<!\w)([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_UNSAFE: Final = re.compile(r"[\\'\"{}\n#]")
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}


def downlevel(source: str) -> str | None:
    """The rewritten source, or None when nothing newer than Python 3.11 was found in it. Line counts never change."""
    text = _strings(source)
    spans = _opaque(text)
    text = _sub(_PARAMETERS, text, spans, _without_parameters)
    text = _sub(_ALIAS, text, _opaque(text), _without_type)
    text = _sub(_EXCEPT, text, _opaque(text), _with_parentheses)
    text = _sub(_LAZY, text, _opaque(text), _without_lazy)
    return text if text != source else None


def _sub(pattern: re.Pattern[str], text: str, spans: list[tuple[int, int]], rewrite: Rewrite) -> str:
    """Replace matches that stand in code, not in strings or comments."""
    parts, at, span = [], 0, 0
    for match in pattern.finditer(text):
        while span < len(spans) and spans[span][1] <= match.start():
            span += 1
        code = match.end() - len(match[0].lstrip())
        hidden = span < len(spans) and spans[span][0] <= code
        if hidden or match.start() < at:
            continue
        end, replacement = rewrite(text, match)
        parts += [text[at : match.start()], replacement]
        at = end
    return "".join([*parts, text[at:]])


def _opaque(text: str) -> list[tuple[int, int]]:
    """Where strings and comments stand, in order."""
    spans, at = [], 0
    while match := _TOKEN.search(text, at):
        at = match.end() if match[2] is None else _string_end(text, match)
        spans.append((match.start(), at))
    return spans


def _string_end(text: str, match: re.Match[str]) -> int:
    quote, at = match[2], match.end()
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return len(text)


def _without_parameters(text: str, match: re.Match[str]) -> tuple[int, str]:
    end = _closing(text, match.end() - 1)
    return end, match[1] + _blank(text[match.end(1) : end])


def _without_type(text: str, match: re.Match[str]) -> tuple[int, str]:
    head = f"{match[1]}{match[3]}{match[2]}    {match[4]}"
    if match[5] == "=":
        return match.end(), f"{head}="
    end = _closing(text, match.end() - 1)
    return end, head + _blank(text[match.end() - 1 : end])


def _without_lazy(_: str, match: re.Match[str]) -> tuple[int, str]:
    return match.end(), f"{match[1]}{match[2].lstrip()}"


def _with_parentheses(_: str, match: re.Match[str]) -> tuple[int, str]:
    last = match[2].rpartition(",")[2].strip()
    if match[2].count(",") == 1 and last.islower() and len(last) <= 3 and "." not in last:
        return match.end(), match[0]  # `except Error, e:` is Python 2, where e is a name for the exception.
    return match.end(), f"{match[1]}({match[2]}):"


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text).replace("\n", "\\\n") if "\n" in text else " " * len(text)


def _closing(text: str, at: int, token_pattern: re.Pattern[str] = _TOKEN) -> int:
    """Just after the bracket that closes the one at `at`; strings and comments inside do not count."""
    wanted = [_CLOSERS[text[at]]]
    at += 1
    while at < len(text) and wanted:
        token = token_pattern.match(text, at)
        if token:
            at = token.end() if token[2] is None else _string_end(text, token)
            continue
        if text[at] in _CLOSERS:
            wanted.append(_CLOSERS[text[at]])
        elif text[at] == wanted[-1]:
            wanted.pop()
        at += 1
    return at


# f-strings and t-strings


def _strings(text: str) -> str:
    parts, at = [], 0
    while match := _TOKEN.search(text, at):
        parts.append(text[at : match.start()])
        prefix = (match[1] or "").lower()
        if match[2] is None:
            parts.append(match[0])
            at = match.end()
        elif "f" in prefix or "t" in prefix:
            at, rewritten = _formatted(text, match)
            parts.append(rewritten)
        else:
            at = _string_end(text, match)
            parts.append(text[match.start() : at])
    return "".join([*parts, text[at:]])


def _formatted(text: str, match: re.Match[str]) -> tuple[int, str]:
    """The end of an f-string, and the f-string with fields that Python 3.11 takes."""
    quote, at = match[2], match.end()
    raw = "r" in match[1].lower()
    parts = [re.sub("[tT]", "f", match[1]), quote]
    while at < len(text) and not text.startswith(quote, at):
        if (text[at] == "\\" and not raw and not text.startswith("\\N{", at)) or text[at : at + 2] in ("{{", "}}"):
            parts.append(text[at : at + 2])
            at += 2
        elif text.startswith("\\N{", at):
            end = text.find("}", at) + 1 or len(text)
            parts.append(text[at:end])
            at = end
        elif text[at] == "{":
            end = _closing(text, at, _STRING)  # `#` in a field is a format, not a comment.
            parts.append(_field(text[at:end], quote))
            at = end
        elif text[at] == "\n" and len(quote) == 1:
            break
        else:
            parts.append(text[at])
            at += 1
    return at + len(quote), "".join([*parts, text[at : at + len(quote)]])


def _field(field: str, quote: str) -> str:
    """One replacement field: inner strings in the other quote with nothing special in them, on the lines they had."""
    other = "'" if quote[0] == '"' else '"'
    parts, at = [], 0
    while match := _STRING.search(field, at):
        end = _string_end(field, match)
        inner = field[match.end() : end - len(match[2])]
        prefix = "" if "f" in match[1].lower() else match[1]
        parts += [
            field[at : match.start()],
            f"{prefix}{other}{_UNSAFE.sub('_', inner)}{other}",
            "\n" * inner.count("\n"),
        ]
        at = end
    rewritten = "".join([*parts, field[at:]])
    if len(quote) == 3:
        return rewritten
    return rewritten.replace("\n", " ") + "\\\n" * field.count("\n")
