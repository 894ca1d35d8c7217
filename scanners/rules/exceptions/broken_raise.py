import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.handlers import called_by_handlers, short
from scanners.semantics.hierarchy import is_exception, makes_no_exception, never_an_exception
from scanners.syntax import unparse

_HANDLING: Final = regex(r"exc|err|raise|handle|fail|catch|wrap|except|translate|convert", re.IGNORECASE)


class BrokenRaise(Rule):
    """
    A raise that cannot work hides the failure it was written for behind a TypeError or a RuntimeError; one that is
    forgotten lets the program go on with bad data.

    Looks at raise statements and at expressions that build an exception. At fault: raising what is proven to be no
    exception (`NotImplemented`, a text, a class without the base), a bare raise where nothing is being handled, an
    exception that is built and dropped, and `Exception(...)` itself, which callers can only catch with everything else.
    A bare raise in a function that handlers may call is reported with low confidence.
    """

    id = "broken-raise"
    area = "exceptions"
    item = "E3"
    title = "Raise that does not do what it says"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Raise an exception class of its own, such as NotImplementedError or a subclass of Exception named after the failure."
    bad = (
        Example(
            "no exceptions",
            {
                "shape.py": "class Broken:\n    pass\n\n\ndef area(shape):\n    if shape.open:\n"
                '        raise NotImplemented\n    if shape.empty:\n        raise "empty shape"\n    raise Broken()\n'
            },
            at=[("shape.py", 7), ("shape.py", 9), ("shape.py", 10)],
        ),
        Example(
            "a bare raise with nothing to raise again",
            {"plan.py": "def price(plan):\n    if plan.free:\n        raise\n    return plan.price\n"},
            at=[("plan.py", 3)],
        ),
        Example(
            "built and dropped",
            {
                "limit.py": "class LimitReached(Exception):\n    pass\n\n\ndef take(quota, count):\n"
                '    if count < 0:\n        ValueError("negative")\n    if quota.left < count:\n'
                "        LimitReached(quota)\n    quota.left -= count\n"
            },
            at=[("limit.py", 7), ("limit.py", 9)],
        ),
        Example(
            "Exception itself",
            {
                "pay.py": 'def pay(order):\n    if order.paid:\n        raise Exception("paid already")\n    raise Exception\n'
            },
            at=[("pay.py", 3), ("pay.py", 4)],
        ),
        Example(
            "a helper of handlers",
            {
                "retry.py": "def give_up(count):\n    if count > 3:\n        raise\n\n\ndef fetch(api, count):\n"
                "    try:\n        api.get()\n    except OSError:\n        give_up(count)\n"
            },
            at=[("retry.py", 3)],
        ),
    )
    good = (
        Example(
            "classes, instances, and raised again",
            {
                "shape.py": "import errors\n\n\nclass ShapeError(ValueError):\n    pass\n\n\n"
                "def area(shape, failure):\n    if shape.open:\n        raise NotImplementedError\n"
                '    if shape.empty:\n        raise ShapeError("empty")\n    if failure:\n        raise failure\n'
                "    try:\n        return shape.area\n    except AttributeError:\n        raise\n"
            },
        ),
        Example(
            "built and kept",
            {
                "form.py": 'import pytest\n\n\ndef check(form):\n    problem = ValueError("empty")\n'
                "    form.problems.append(problem)\n    with pytest.raises(TypeError):\n"
                '        ValueError("x", form)\n    return problem\n'
            },
        ),
    )

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        ctx.site(place)
        made = place.node.exc
        if made is None:
            if not _handles(place):
                message = "This bare raise has no exception to raise again: it fails with a RuntimeError of its own."
                ctx.report(place, message, confidence=_sure(place, ctx))
        elif (
            isinstance(made, ast.Tuple)
            or never_an_exception(made, place.scope, ctx)
            or (isinstance(made, ast.Call) and makes_no_exception(made, place.scope, ctx))
        ):
            ctx.report(
                place,
                f"`raise {short(made, 40)}` raises a TypeError instead, because {short(made, 40)} is no exception.",
            )
        elif (name := place.name(getattr(made, "func", made))) in ("Exception", "BaseException"):
            message = f"A caller can only catch this failure by catching every {name}, bugs included."
            ctx.report(place, message, severity=Severity.LOW)

    def visit_expr(self, place: Place[ast.Expr], ctx: Context) -> None:
        call = place.node.value
        if not isinstance(call, ast.Call):
            return
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if not name[:1].isupper() or (next(place.within("with"), None) is not None and _expects(place)):
            return
        known = is_exception(place.resolve(call.func), ctx)
        if known or (known is None and name.endswith(("Error", "Exception")) and isinstance(call.func, ast.Name)):
            sure = Confidence.HIGH if known else Confidence.MEDIUM
            ctx.report(
                place,
                f"`{short(call, 50)}` is built and dropped; without `raise` the program goes on.",
                confidence=sure,
            )


def _handles(place: Place[ast.Raise]) -> bool:
    """Whether an exception is being handled where a bare raise stands."""
    if place.handler is not None:
        return True
    return getattr(place.function, "name", "") in ("__exit__", "__aexit__") or any(
        True for _ in place.within("finally")
    )


def _sure(place: Place[ast.Raise], ctx: Context) -> Confidence:
    name = getattr(place.function, "name", "")
    if not name:
        return Confidence.HIGH
    return Confidence.LOW if _HANDLING.search(name) or name in called_by_handlers(ctx) else Confidence.MEDIUM


def _expects(place: Place[ast.Expr]) -> bool:
    """Whether the expression stands in a block that expects it to fail."""
    items = [item.context_expr for block in place.within("with") for item in block.node.items]
    return any("raises" in unparse(item).lower() or "warns" in unparse(item) for item in items)
