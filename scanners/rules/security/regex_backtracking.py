import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.names import find
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.security.backtracking import explodes

_FUNCTIONS: Final = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
_TEXT_AT: Final = {"sub": 2, "subn": 2}
_FLAGGED: Final = ("re.compile", *(f"re.{name}" for name in _FUNCTIONS))
_ESCAPES: Final = frozenset({"escape"})


class RegexBacktracking(Rule):
    """
    A pattern that can cut the same text in many ways tries all of them before it gives up: thirty characters that do not
    match then keep a process busy for hours.

    Looks at the fixed patterns given to `re`: a repeat inside a repeat with nothing between that must match, and two
    alternatives of a repeat that match the same. Something after the repeat must be able to fail. A pattern taken from a
    request is reported too. Bounded and possessive repeats, re.escape, other engines and fixed texts are good.
    """

    id = "regex-backtracking"
    area = "security"
    item = "S4"
    title = "Regular expression that can take exponential time"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = (
        "Let each character be matched in one way only, bound the repeat or the text, or use possessive repeats or re2."
    )
    bad = [
        Example(
            "repeat inside a repeat",
            {
                "check.py": 'import re\n\nWORDS = re.compile(r"^(\\w+\\s?)*$")\n\n\ndef check(text):\n'
                '    re.match(r"(a+)+b", text)\n    return re.fullmatch(r"([a-z0-9]+-?)*", text) and '
                "WORDS.match(text)\n"
            },
            at=[("check.py", 3), ("check.py", 7), ("check.py", 8)],
        ),
        Example(
            "alternatives that overlap",
            {"check.py": 'import re\n\n\ndef check(text):\n    return re.search(r"(\\d+|\\w)+@", text)\n'},
            at=[("check.py", 5)],
        ),
        Example(
            "pattern from the request",
            {
                "app.py": "import re\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n"
                "@app.get('/find')\n"
                "def find():\n    pattern = request.args['q']\n"
                "    return [row for row in rows() if re.search(pattern, row)]\n"
            },
            at=[("app.py", 10)],
        ),
    ]
    good = [
        Example(
            "one way only",
            {
                "check.py": 'import re\n\nLIST = re.compile(r"^(\\w+,)*\\w+$")\n'
                'MAIL = re.compile(r"[^@\\s]+@[^@\\s]+\\.[a-z]+")\n\n\n'
                'def check(text):\n    re.match(r"(?:a|b)+c", text)\n    re.fullmatch(r"([a-z]{1,8}-?){1,4}", text)\n'
                '    re.match(r"(?:\\s*\\w+\\s*;)*$", text)\n    return re.findall(r"(\\w+\\s?)*", text)\n'
            },
        ),
        Example(
            "possessive, and a fixed text",
            {
                "check.py": 'import re\n\n\ndef check(text):\n    re.match(r"(?:a+)+b", "aaaa")\n'
                '    return re.match(r"(?:a++)+b", text)\n'
            },
        ),
        Example(
            "escaped",
            {
                "app.py": "import re\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n"
                "@app.get('/find')\n"
                "def find():\n    return [row for row in rows() if re.search(re.escape(request.args['q']), row)]\n"
            },
        ),
    ]
    calls = _FLAGGED

    def visit_call(self, call: Call, ctx: Context) -> None:
        given = call.argument(0, "pattern")
        if given is None:
            return
        pattern = ctx.constant(given, call)
        if isinstance(pattern, str):
            self._fixed(call, pattern, ctx)
            return
        sent = taint(given, call, ctx, _ESCAPES)
        if sent is not None:
            ctx.site(call)
            ctx.report(call, f"`{sent.what}` is the pattern itself: one like `(a+)+$` stops the process.")

    def _fixed(self, call: Call, pattern: str, ctx: Context) -> None:
        ctx.site(call)
        text = call.argument(_TEXT_AT.get(call.last, 1), "string") if call.last != "compile" else None
        if text is not None and _is_fixed(text, call, ctx):
            return
        told = explodes(pattern, call.last == "fullmatch")
        if told:
            ctx.report(call, f"This pattern can take exponential time: {told}.")


def _is_fixed(text: ast.expr, call: Call, ctx: Context) -> bool:
    """Whether the text is fixed, or one of a fixed list that is gone through."""
    bound = find(text.id, call.scope) if isinstance(text, ast.Name) else None
    if bound is not None and bound[0] and all(each.kind == "for" for each in bound[0]):
        return all(isinstance(ctx.constant(each.value, call), tuple) for each in bound[0])
    return isinstance(ctx.constant(text, call), str)
