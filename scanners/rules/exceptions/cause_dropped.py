import ast
from collections.abc import Sequence

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.names import find
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.scopes import Binding
from scanners.semantics.exceptions.answers import is_answer
from scanners.semantics.handlers import inner, short, spelled


class CauseDropped(Rule):
    """
    Without `from`, the log shows two exceptions "during handling" of each other and nobody knows which one was meant.

    Looks at the new exceptions that except clauses raise. `from error` and `from None` say what is meant. Raising the
    caught exception again is not looked at. Responses of web frameworks, control flow and ends of command lines
    (`Http404`, `HTTPException`, `StopIteration`, `click.Abort`) are reported with low confidence; what a function
    builds is unresolved.
    """

    id = "cause-dropped"
    area = "exceptions"
    item = "E2"
    title = "New exception raised without its cause"
    severity = Severity.LOW
    effort = Effort.MINUTES
    fix = "Write `raise New(...) from error`, or `from None` when the cause would only distract."
    bad = (
        Example(
            "translated without from",
            {
                "orders.py": "class OrderError(Exception):\n    pass\n\n\ndef place(api, order):\n    try:\n"
                '        api.submit(order)\n    except ConnectionError:\n        raise OrderError("not submitted")\n'
            },
            at=[("orders.py", 9)],
        ),
        Example(
            "the text is passed on, the cause is not",
            {
                "codec.py": "import json\n\n\ndef read(text):\n    try:\n        return json.loads(text)\n"
                "    except ValueError as error:\n        if not text:\n            raise EOFError\n"
                "        raise RuntimeError(str(error))\n"
            },
            at=[("codec.py", 9), ("codec.py", 10)],
        ),
        Example(
            "an answer to the client",
            {
                "views.py": "from django.http import Http404\n\n\ndef detail(request, name, shelf):\n    try:\n"
                '        return shelf[name]\n    except KeyError:\n        raise Http404("no such book")\n'
            },
            at=[("views.py", 8)],
        ),
    )
    good = (
        Example(
            "from, and from None",
            {
                "orders.py": "def place(api, order, plans):\n    try:\n        api.submit(order)\n"
                '    except ConnectionError as error:\n        raise RuntimeError("not submitted") from error\n'
                '    except KeyError:\n        raise LookupError("no plan") from None\n'
            },
        ),
        Example(
            "raised again",
            {
                "orders.py": "def place(api, order):\n    try:\n        api.submit(order)\n"
                "    except OSError as error:\n        raise error\n"
            },
        ),
        Example(
            "inside a def of its own",
            {
                "lazy.py": "try:\n    import lxml\nexcept ImportError:\n\n    def parse(text):\n"
                '        raise RuntimeError("lxml is not installed")\n'
            },
        ),
    )

    def visit_raise(self, place: Place[ast.Raise], ctx: Context) -> None:
        made = place.node.exc
        handler = place.handler if made is not None else None
        if handler is None or made is None or not _is_new(made, place):
            return
        ctx.site(place)
        if place.node.cause is not None:
            return
        func = made.func if isinstance(made, ast.Call) else made
        name = getattr(func, "attr", getattr(func, "id", ""))
        sure = Confidence.HIGH
        if is_answer(name, made, func, place):
            sure = Confidence.LOW
        elif isinstance(made, ast.Call) and name.lstrip("_")[:1].islower() and name != "type":
            if _passes(made, handler.name):
                ctx.unresolved(place, f"{short(func)}() is given the cause and may keep it.")
                return
            sure = Confidence.MEDIUM
        what = f"`raise {short(func, 40)}` in `{spelled(handler)}`"
        message = f"{what} drops its cause: the traceback shows two failures and not which led to which."
        ctx.report(place, message, confidence=sure)


def _is_new(made: ast.expr, place: Place[ast.Raise]) -> bool:
    """Whether an exception is made here: a call, or the name of a class. `raise error` and `raise errors[0]` are not."""
    if isinstance(made, ast.Call):
        last = getattr(made.func, "attr", "")
        return last not in ("with_traceback", "with_cause", "add_note", "retry", "pop", "result", "exception", "get")
    if isinstance(made, ast.Attribute):
        return made.attr[:1].isupper()
    if not isinstance(made, ast.Name):
        return False
    found = find(made.id, place.scope)
    if found is not None and place.handler is not None and made.id != place.handler.name:
        return _made_in(place.handler, found[0], made.id)
    return made.id[:1].isupper() and (found is None or all(binding.kind in ("import", "class") for binding in found[0]))


def _made_in(handler: ast.ExceptHandler, bindings: Sequence[Binding], name: str) -> bool:
    """Whether the name is that of a class, or holds an exception that the clause makes and gives no cause."""
    if all(binding.kind in ("import", "class") for binding in bindings):
        return name[:1].isupper()
    caused = any(
        isinstance(node, ast.Attribute) and node.attr in ("__cause__", "with_traceback") for node in inner(handler.body)
    )
    return not caused and all(
        binding.kind == "assign" and binding.line >= handler.lineno and _is_exception(binding.value)
        for binding in bindings
    )


def _is_exception(value: ast.expr) -> bool:
    name = getattr(value.func, "attr", getattr(value.func, "id", "")) if isinstance(value, ast.Call) else ""
    return name[:1].isupper() and name.endswith(("Error", "Exception", "Failure", "Refused", "Invalid", "Unavailable"))


def _passes(made: ast.Call, name: str | None) -> bool:
    values = [*made.args, *(word.value for word in made.keywords)]
    return any(isinstance(value, ast.Name) and value.id == name for value in values)
