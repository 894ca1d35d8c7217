"""Rewrites f-strings and t-strings to lists of what their fields hold, in one pass over the code around them."""

import re
from typing import Final

from scanners.literals import Field, Literal, Part, unescaped
from scanners.regex import regex

_QUOTED: Final = r"(?:(?<!\w)(?P<prefix>[fturbFTURB]|[ftbFTB][rR]|[rR][ftbFTB]))?(?P<quote>\"{3}|'{3}|\"|')"
_WORD: Final = r"(?<!\w)(?P<word>def|class|type|lazy|except|for)(?!\w)"
_CODE: Final = regex(rf"#[^\n]*|{_QUOTED}|[()\[\]{{}}]|{_WORD}")
_FIELD: Final = regex(rf"#[^\n]*|{_QUOTED}|[()\[\]{{}}]|[!=<>]=|[:=!,]|{_WORD}")
_STRING: Final = regex(_QUOTED)
_NEXT: Final = regex(r"(?:[ \t\f]|\\\n)*+")
_NEXT_INSIDE: Final = regex(r"(?:[ \t\f\n]|\\\n|#[^\n]*)*+")
_BRACKETED: Final = regex(r"#[^\n]*|(?P<quote>\"{3}|'{3}|\"|')|[()\[\]{}]")
_STAR: Final = regex(r"\s*+(\*\*?)")
_YIELD: Final = regex(r"\s*+(yield)(?!\w)(?:(\s++from)(?!\w))?(?=(\s*+[!:}=])?)")
_DEBUG: Final = regex(r"=(?:\s|#[^\n]*)*+(?=[!:}])")
_CONVERSION: Final = regex(r"!\s*+([rsa])(?:\s|#[^\n]*)*+")
_COMMENT: Final = regex(r"#[^\n]*")
_ENDS: Final = {
    "'": regex(r"(?:[^'\\\n]|\\.)*+'", re.DOTALL),
    '"': regex(r'(?:[^"\\\n]|\\.)*+"', re.DOTALL),
    "'''": regex(r"(?:[^'\\]|\\.|'(?!''))*+'''", re.DOTALL),
    '"""': regex(r'(?:[^"\\]|\\.|"(?!""))*+"""', re.DOTALL),
}
_BREAKS: Final = {quote: regex(rf"[\\{{}}{quote[0]}" + ("\n]" if len(quote) == 1 else "]")) for quote in _ENDS}
_DEEPEST: Final = 150  # As in Python, which refuses what is deeper.


class _BrokenError(Exception):
    """The text ends in a string, or has a string that no version of Python takes."""


class Formatted:
    """A text on its way to an older one: `source` is read up to `at`, `size` characters are written."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.size = 0
        self.literals: list[Literal] = []
        self.unpacked: list[tuple[int, int, str]] = []
        self._parts: list[str] = []
        self._nested = 0

    def run(self) -> bool:
        """Rewrite the whole text; False when its strings do not end. Raises SyntaxError when they nest too deeply."""
        try:
            self._code(_CODE)
        except _BrokenError:
            return False
        self.keep(len(self.source))
        return True

    def rewritten(self) -> str:
        """The older text."""
        text, at, parts = "".join(self._parts), 0, []
        for _, start, star in sorted(self.unpacked, key=lambda unpacked: unpacked[1]):
            parts += [text[at:start], " " * len(star)]
            at = start + len(star)
        return "".join([*parts, text[at:]])

    # Writing.

    def keep(self, end: int) -> None:
        """Take the text up to `end` as it is."""
        self.put(self.source[self.at : end], end)

    def blank(self, end: int, newline: str = "\n") -> None:
        """Write spaces for the text up to `end`, as many as it has bytes, so that columns stay."""
        lines = self.source[self.at : end].split("\n")
        self.put(newline.join(" " * len(line.encode("utf-8", "surrogatepass")) for line in lines), end)

    def put(self, text: str, end: int) -> None:
        """Write `text` for the text up to `end`."""
        self._parts.append(text)
        self.size += len(text)
        self.at = end

    # Reading code.

    def word(self, match: re.Match[str], at_statement: bool) -> int:
        """What to do at a keyword that begins something newer; where to go on from."""
        raise NotImplementedError

    def closing(self, at: int) -> int:
        """Just after the bracket that closes the one at `at`; strings and comments inside do not count."""
        depth = 0
        while match := _BRACKETED.search(self.source, at):
            at, mark = match.end(), match[0]
            if match["quote"]:
                at = self._end(match)
            elif mark in "([{":
                depth += 1
            elif mark in ")]}":
                depth -= 1
                if not depth:
                    return at
        raise _BrokenError

    def _code(self, pattern: re.Pattern[str]) -> list[int]:
        """Read code up to its end, or up to the end of a field's value; where the commas of a field stand."""
        at, commas = self.at, []
        stack: list[tuple[int, int, str]] = []
        while match := pattern.search(self.source, at):
            at, mark = match.end(), match[0]
            if match["quote"]:
                at = self._strings(match, bool(stack) or pattern is _FIELD)
            elif match["word"]:
                at = self._keyword(match, stack, pattern)
            elif mark in "([{":
                stack.append(self._opened(match.start()))
            elif stack:
                if mark in ")]}":
                    stack.pop()
            elif mark == ",":
                commas.append(match.start())
            elif pattern is _FIELD and self._ends(match):
                self.keep(match.start())
                return commas
        if pattern is _FIELD:
            raise _BrokenError
        return commas

    def _ends(self, match: re.Match[str]) -> bool:
        """Whether the value of a field ends here: at a bracket, a format, a conversion or the `=` that shows it."""
        mark = match[0]
        return mark in ")]}:!" or (mark == "=" and _DEBUG.match(self.source, match.start()) is not None)

    def _keyword(self, match: re.Match[str], stack: list[tuple[int, int, str]], pattern: re.Pattern[str]) -> int:
        if match["word"] != "for":
            return self.word(match, not stack and pattern is _CODE)
        if stack and stack[-1][2]:
            self.unpacked.append(stack[-1])
            stack[-1] = (0, 0, "")
        return match.end()

    def _opened(self, at: int) -> tuple[int, int, str]:
        """Where a bracket will stand in the older text, and the star right after it, if any."""
        star = _STAR.match(self.source, at + 1)
        moved = self.size - self.at
        return (at + moved, star.start(1) + moved, star[1]) if star else (0, 0, "")

    # Reading strings.

    def _end(self, match: re.Match[str]) -> int:
        found = _ENDS[match["quote"]].match(self.source, match.end())
        if found is None:
            raise _BrokenError
        return found.end()

    def _strings(self, match: re.Match[str], inside: bool) -> int:
        """Rewrite one string, or several written side by side; where they end."""
        prefix = (match["prefix"] or "").lower()
        if not prefix or prefix in ("r", "u", "b", "br", "rb"):
            end = self._end(match)
            if self._next(end, inside) is None:
                return end
        before = (self.at, self.size, len(self._parts), len(self.literals), len(self.unpacked))
        self.keep(match.start())
        at, parts, prefixes = self.size, [], set()
        following: re.Match[str] | None = match
        self.put("[", match.start() + 1)
        while following:
            kinds = (following["prefix"] or "").lower()
            prefixes.add(kinds.replace("r", "").replace("u", ""))
            parts += self._piece(following, kinds)
            end = self.at + len(following["quote"])
            after = self._next(end, inside)
            if after is not None:
                self.blank(end)
                self.keep(after.start())
            following = after
        is_template = prefixes == {"t"}
        if not is_template and (prefixes & {"b", "t"} or not any(isinstance(part, Field) for part in parts)):
            self.at, self.size, kept, literals, unpacked = before
            del self._parts[kept:], self.literals[literals:], self.unpacked[unpacked:]
            return end
        self.blank(end - 1)
        self.put("]", end)
        self.literals.append(Literal(at, is_template, tuple(parts)))
        return end

    def _next(self, end: int, inside: bool) -> re.Match[str] | None:
        """The string that continues the one that ends here."""
        gap = (_NEXT_INSIDE if inside else _NEXT).match(self.source, end)
        return _STRING.match(self.source, gap.end() if gap else end)

    def _piece(self, match: re.Match[str], kinds: str) -> list[Part]:
        """Blank one string up to its closing quotes; its parts."""
        raw, quote = "r" in kinds, match["quote"]
        if "f" in kinds or "t" in kinds:
            self._nested += 1
            if self._nested > _DEEPEST:
                raise SyntaxError("too many nested f-strings or t-strings")
            self.blank(match.end())
            parts = self._middle(quote, raw, is_spec=False)
            self._nested -= 1
            return parts
        end = self._end(match) - len(quote)
        self.blank(end)
        return [unescaped(self.source[match.end() : end], raw)]

    def _middle(self, quote: str, raw: bool, is_spec: bool) -> list[Part]:
        """Text and fields up to the closing quotes, or up to the brace that ends a format."""
        source, start, at = self.source, self.at, self.at
        parts: list[Part] = []
        while match := _BREAKS[quote].search(source, at):
            at, mark = match.start(), match[0]
            doubled = source[at : at + 2] == mark * 2 and not is_spec
            if mark == "\\":
                at = self._after_backslash(at, raw)
            elif mark in "{}" and doubled:
                parts.append(unescaped(source[start : at + 1], raw))
                at = start = at + 2
            elif mark == "{":
                parts.append(unescaped(source[start:at], raw))
                self.blank(at + 1)
                parts.append(self._field(quote, raw))
                at = start = self.at
            elif (mark == "}") if is_spec else source.startswith(quote, at):
                parts.append(unescaped(source[start:at], raw))
                self.blank(at)
                return parts
            elif mark in "}\n" or source.startswith(quote, at):
                raise _BrokenError
            else:
                at += 1
        raise _BrokenError

    def _after_backslash(self, at: int, raw: bool) -> int:
        if self.source[at + 1 : at + 2] in ("{", "}"):
            return at + 1
        if raw or not self.source.startswith("N{", at + 1):
            return at + 2
        end = self.source.find("}", at)
        if end < 0:
            raise _BrokenError
        return end + 1

    def _field(self, quote: str, raw: bool) -> Field:
        """One field from after its opening brace to after its closing one."""
        start = self.at
        yields = self._yields()
        commas = self._code(_FIELD)
        trailing = bool(commas) and not self.source[commas[-1] + 1 : self.at].strip()
        separator = " " if trailing else ","
        text, conversion, spec = "", -1, None
        if debug := _DEBUG.match(self.source, self.at):
            text = _COMMENT.sub("", self.source[start : debug.end()])
            self.put(separator, self.at + 1)
            self.blank(debug.end())
            separator = " "
        if found := _CONVERSION.match(self.source, self.at):
            conversion = ord(found[1])
            self.put(separator, self.at + 1)
            self.blank(found.end())
            separator = " "
        if self.source.startswith(":", self.at):
            self.put(separator, self.at + 1)
            spec = tuple(self._middle(quote, raw, is_spec=True))
            separator = " "
        if not self.source.startswith("}", self.at):
            raise _BrokenError
        self.put(separator, self.at + 1)
        return Field(len(commas) + 1 - trailing, bool(commas), yields, text, conversion, spec)

    def _yields(self) -> str:
        """Blank a `yield` that begins a field; what it is."""
        match = _YIELD.match(self.source, self.at)
        if match is None:
            return ""
        self.keep(match.start(1))
        if match[3] is not None and not match[2]:
            self.put("None ", match.end(1))
            return "bare"
        self.blank(match.end(2) if match[2] else match.end(1))
        return "from" if match[2] else "yield"
