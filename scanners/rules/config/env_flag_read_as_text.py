import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from scanners.context import Context, per_file
from scanners.facts.environment import Read, is_standard, reads
from scanners.finding import Confidence, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.syntax import children, descendants

_FLAG: Final = regex(
    r"(^|_)(DEBUG|VERBOSE|TESTING|ENABLED?|DISABLED?|USE|USES|IS|HAS|ALLOW|ALLOWED|SKIP|REQUIRE|STRICT|DRY_?RUN|SECURE|INSECURE|TLS|SSL)(_|$)"
)
_PRESENCE: Final = regex(
    r"(^|_)NO_|^(CI|GITHUB_ACTIONS)$|_(URL|DSN|PATH|FILE|DIR|HOST|PORT|KEY|TOKEN|CERT|NAME|LEVEL|VERSION|MODE)$"
)
_WORDS: Final = frozenset({"true", "false", "0", "1", "yes", "no", "on", "off"})
_ARITHMETIC = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod


class EnvFlagReadAsText(Rule):
    """
    Variables are texts: "false" and "0" are true, so a flag that is switched off in the environment stays on.

    Looks at reads of `os.environ` and `os.getenv` that are tested for truth, turned into bool(), used in arithmetic or
    given a default that is no text, and at module constants that keep such a text. Reads that are parsed or compared
    with texts are fine, as is a test of whether a variable is there at all (a URL, a path, `NO_COLOR`). A default of False for what
    is no flag by its name may only mean "not set": it is suspected.
    """

    id = "env-flag-read-as-text"
    area = "config"
    item = "C2"
    title = "Environment flag or number used as text"
    severity = Severity.HIGH
    fix = 'Parse it: `os.environ.get("DEBUG", "false").lower() in ("1", "true", "yes")`, or a typed settings class.'
    bad = (
        Example(
            "truth, bool(), a default that is no text, arithmetic",
            {
                "shop/options.py": 'import os\nif os.environ.get("SHOP_DEBUG"):\n    print("debug")\n'
                'STRICT = bool(os.getenv("SHOP_STRICT", "false"))\nCACHED = os.getenv("SHOP_CACHED", True)\n'
                'PORT = os.environ.get("SHOP_PORT", 8000)\nLIMIT = os.environ["SHOP_LIMIT"] * 2\n'
                'USE_TLS = os.environ.get("SHOP_USE_TLS", "False")\nif USE_TLS:\n    print("tls")\n'
            },
            at=[("shop/options.py", line) for line in (2, 4, 5, 6, 7, 8)],
        ),
    )
    good = (
        Example(
            "parsed, compared, or asked whether it is there",
            {
                "shop/options.py": "import os\nfrom distutils.util import strtobool\n"
                'DEBUG = os.environ.get("SHOP_DEBUG", "false").lower() == "true"\n'
                'STRICT = bool(int(os.getenv("SHOP_STRICT", "0")))\n'
                'CACHED = strtobool(os.getenv("SHOP_CACHED", "yes"))\n'
                'PORT = int(os.environ.get("SHOP_PORT", 8000))\nif os.environ.get("SHOP_USE_TLS") == "1":\n'
                '    print("tls")\nif os.environ.get("SENTRY_DSN") and not os.environ.get("NO_COLOR"):\n'
                '    print("errors are sent")\nraw = os.environ.get("SHOP_USE_CACHE", "False")\n'
                'USE_CACHE = raw.lower() in ("1", "true")\n'
            },
        ),
    )

    def visit_module(self, ctx: Context) -> None:
        for read in reads(ctx):
            if read.form not in ("get", "index") or is_standard(read.name):
                continue
            if fault := _fault(read, ctx):
                unset = not _is_flag(read.name) and ctx.constant(read.default, read.place) is False
                ctx.report(read.place, fault, confidence=Confidence.LOW if unset else None)
            elif _is_flag(read.name) or isinstance(ctx.constant(read.default, read.place), (bool, int)):
                ctx.site(read.place)


def _is_flag(name: str) -> bool:
    return _FLAG.search(name) is not None and _PRESENCE.search(name) is None


def _fault(read: Read, ctx: Context) -> str:
    above, held = _holder(read)
    if isinstance(above, ast.BinOp) and _is_number(above, read.place.node):
        return f"{read.name} is a text: arithmetic with it fails or repeats it."
    if isinstance(above, ast.Call) and _called(above) != "bool":
        return ""
    default = ctx.constant(read.default, read.place)
    tested = _is_flag(read.name) and (_tests(above, held) or _called(above) == "bool")
    if tested:
        return f'{read.name} is true whatever its text: "false" and "0" too.'
    if isinstance(default, (bool, int, float)) and isinstance(
        above, (ast.Assign, ast.AnnAssign, ast.Return, ast.keyword)
    ):
        return "" if _parsed_later(above, ctx) else f"{read.name} is a text when it is set, and no text when it is not."
    kept = _is_flag(read.name) and str(default).lower() in _WORDS
    if kept and isinstance(above, ast.Assign) and _tested_later(above, ctx):
        return f'{read.name} is kept as a text: "false" and "0" are true.'
    return ""


def _holder(read: Read) -> tuple[ast.AST | None, ast.AST]:
    """What uses the read, and the part of it that holds the read: `and` and `or` are looked through."""
    held: ast.AST = read.place.node
    above = read.place.parent()
    while isinstance(above, ast.BoolOp):
        held, above = above, read.place.parent(above)
    return above, held


def _called(node: ast.AST | None) -> str:
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


def _is_number(above: ast.BinOp, node: ast.AST) -> bool:
    other = above.left if above.right is node else above.right
    number = isinstance(other, ast.Constant) and isinstance(other.value, (int, float))
    return number and isinstance(above.op, _ARITHMETIC)


def _tests(above: ast.AST | None, node: ast.AST) -> bool:
    if isinstance(above, ast.UnaryOp):
        return isinstance(above.op, ast.Not)
    return isinstance(above, (ast.If, ast.While, ast.IfExp, ast.Assert)) and above.test is node


def _later(above: ast.AST, ctx: Context) -> Sequence[tuple[ast.AST, ast.AST]]:
    """Where the variable that an assignment sets is read in the file, each with what holds it."""
    target = above.targets[0] if isinstance(above, ast.Assign) else getattr(above, "target", None)
    return _uses(ctx).get(getattr(target, "id", ""), ())


@per_file
def _uses(ctx: Context) -> Mapping[str, list[tuple[ast.AST, ast.AST]]]:
    """Where each name is read, each place with what holds it."""
    found: dict[str, list[tuple[ast.AST, ast.AST]]] = defaultdict(list)
    for outer in descendants(ctx.tree or ast.Module([], [])):
        for node in children(outer):
            if type(node) is ast.Name and type(node.ctx) is ast.Load:
                found[node.id].append((outer, node))
    return found


def _parsed_later(above: ast.AST, ctx: Context) -> bool:
    """Whether the variable is converted, compared or asked for a method later."""
    return any(isinstance(outer, (ast.Call, ast.Attribute, ast.Compare)) for outer, _ in _later(above, ctx))


def _tested_later(above: ast.AST, ctx: Context) -> bool:
    return any(_tests(*use) for use in _later(above, ctx)) and not _parsed_later(above, ctx)
