import ast
import builtins

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.scopes import Scope
from scanners.semantics.handlers import caught, clause, short, spelled
from scanners.semantics.hierarchy import class_of, covered, never_an_exception, ranks

_MADE = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
)


class ExceptNeverMatches(Rule):
    """
    A clause that can never match is found in the outage that it was written for.

    Looks at except clauses: those that come after a clause for the same type or for one of its bases, `except A or B`,
    and types that are proven to be no exceptions. Knows the hierarchy of builtins, of the standard library, of
    `requests` and of the classes of the same file; a clause whose classes it does not know is unresolved when an
    earlier one may cover it.
    """

    id = "except-never-matches"
    area = "exceptions"
    item = "E3"
    title = "Except clause that can never match"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Put the narrower clause first, and name several types as a tuple: `except (A, B):`."
    bad = (
        Example(
            "after its base",
            {
                "disk.py": "def read(path, fallback):\n    try:\n        return path.read_text()\n"
                '    except OSError:\n        return fallback\n    except FileNotFoundError:\n        return ""\n'
            },
            at=[("disk.py", 6)],
        ),
        Example(
            "after Exception, and the same type twice",
            {
                "pay.py": "from pay.errors import Declined, GatewayError\n\n\ndef charge(card):\n    try:\n"
                "        card.charge()\n    except Declined:\n        card.flag()\n    except Declined:\n"
                "        card.block()\n    except Exception:\n        card.hold()\n        raise\n"
                "    except GatewayError:\n        card.retry()\n"
            },
            at=[("pay.py", 9), ("pay.py", 14)],
        ),
        Example(
            "after a base of the same file",
            {
                "quota.py": "class QuotaError(Exception):\n    pass\n\n\nclass Exceeded(QuotaError):\n    pass\n\n\n"
                "def use(quota):\n    try:\n        quota.take()\n    except QuotaError:\n        return 1\n"
                "    except Exceeded:\n        return 2\n"
            },
            at=[("quota.py", 14)],
        ),
        Example(
            "or between types",
            {
                "parse.py": "def number(text):\n    try:\n        return int(text)\n"
                "    except ValueError or TypeError:\n        return None\n"
                "\n\ndef size(text):\n    try:\n        return len(text)\n    except TypeError | ValueError:\n        return 0\n"
            },
            at=[("parse.py", 4), ("parse.py", 11)],
        ),
        Example(
            "no exceptions at all",
            {
                "parse.py": "class Mistake:\n    pass\n\n\ndef number(text):\n    try:\n        return int(text)\n"
                '    except "ValueError":\n        return 1\n    except (NotImplemented, Mistake):\n        return 2\n'
            },
            at=[("parse.py", 8), ("parse.py", 10)],
        ),
    )
    good = (
        Example(
            "the narrower one first",
            {
                "disk.py": "import asyncio\nimport json\n\n\ndef read(path):\n    try:\n"
                "        return json.loads(path.read_text())\n    except FileNotFoundError:\n        return {}\n"
                "    except OSError:\n        raise\n    except json.JSONDecodeError:\n        return {}\n"
                "    except ValueError:\n        raise\n    except Exception:\n        raise\n"
                "    except asyncio.CancelledError:\n        raise\n"
            },
        ),
        Example(
            "a hierarchy out of sight",
            {
                "pay.py": "from pay.errors import Declined, GatewayError\n\n\ndef charge(card):\n    try:\n"
                "        card.charge()\n    except GatewayError:\n        card.flag()\n    except Declined:\n"
                "        card.block()\n"
            },
        ),
    )

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        earlier: dict[str, int] = {}
        for handler in place.node.handlers:
            at = clause(handler, place)
            ctx.site(at)
            types = caught(handler.type, place.scope)
            fault = _by_itself(handler.type, types, place.scope, ctx)
            if fault:
                ctx.report(at, f"`{spelled(handler)}`: {fault}")
            elif earlier and types:
                self._compare(at, types, earlier, ctx)
            for name in ranks((class_of(expr, place.scope) for expr in types), ctx):
                earlier.setdefault(name, len(earlier))
            if handler.type is None:
                break  # Python itself refuses clauses after a bare one.

    def _compare(
        self, at: Place[ast.ExceptHandler], types: list[ast.expr], earlier: dict[str, int], ctx: Context
    ) -> None:
        verdicts = [covered(class_of(expr, at.scope), earlier, ctx) for expr in types]
        if any(verdict is None for verdict in verdicts):
            return
        if "?" in verdicts:
            ctx.unresolved(at, "Where its class stands in the hierarchy cannot be seen here.")
            return
        above = str(verdicts[0])
        guessed = any(verdict and verdict.endswith("?") for verdict in verdicts)
        message = f"`{spelled(at.node)}` never runs: the clause for {above.rstrip('?')} above it catches all of this."
        ctx.report(at, message, confidence=Confidence.MEDIUM if guessed else Confidence.HIGH)


def _by_itself(clause_type: ast.expr | None, types: list[ast.expr], scope: Scope, ctx: Context) -> str:
    """What is wrong with a clause whatever stands above it; empty when nothing is."""
    if isinstance(clause_type, ast.BoolOp):
        kept = clause_type.values[0] if isinstance(clause_type.op, ast.Or) else clause_type.values[-1]
        return (
            f"only {short(kept)} is caught, because `or` and `and` choose one of the types before anything is raised."
        )
    wrong = next((expr for expr in types if never_an_exception(expr, scope, ctx) or _is_made(expr)), None)
    return (
        f"{short(wrong)} is no exception class, so matching against it raises a TypeError." if wrong is not None else ""
    )


def _is_made(expr: ast.expr) -> bool:
    """Whether it is an instance of an exception, or a union of types, which no `except` takes."""
    if isinstance(expr, ast.BinOp):
        return isinstance(expr.op, ast.BitOr)
    return isinstance(expr, ast.Call) and getattr(expr.func, "id", "") in _MADE
