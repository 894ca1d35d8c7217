import ast
import inspect
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import Example, Rule
from scanners.semantics.docs import definitions, docstrings

_KEEPS: Final = frozenset(
    "staticmethod classmethod property contextmanager asynccontextmanager abstractmethod wraps cache lru_cache "
    "cached_property override overload setter final deprecated".split()
)


class DocstringOutOfStep(Rule):
    """
    A docstring that lists last year's parameters is believed: callers pass what is ignored, and miss what is needed.

    Looks at docstrings with sections (Google, NumPy and Sphinx notation): a listed parameter that is gone, one that is left
    out while others are listed, also where a class lists what its `__init__` takes, and errors that a public function
    raises itself and does not mention. Prose is not read,
    nor are `*args`, `**kwargs`, names with a leading underscore, HTTP errors, and `NotImplementedError`. A decorator
    that may change the parameters lowers the confidence.
    """

    id = "docstring-out-of-step"
    area = "docs"
    item = "O3"
    title = "Docstring and signature disagree"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "List the parameters as they are now, and each error that a caller may want to catch."
    classes = frozenset({"service", "script"})
    bad = (
        Example(
            "a parameter that is gone",
            {
                "a.py": 'def pay(order):\n    """Pay.\n\n    Args:\n        order: what\n        retries: how often\n    """\n'
            },
            at=[("a.py", 1)],
        ),
        Example(
            "one that is left out, in Sphinx notation",
            {"a.py": 'def pay(order, limit):\n    """Pay.\n\n    :param order: what\n    :returns: nothing\n    """\n'},
            at=[("a.py", 1)],
        ),
        Example(
            "one that is left out, in NumPy notation",
            {
                "a.py": "class Till:\n    def pay(self, order, limit=3):\n"
                '        """Pay.\n\n        Parameters\n        ----------\n        order : Order\n            what\n        """\n'
            },
            at=[("a.py", 2)],
        ),
        Example(
            "an error that is not mentioned, or not among others",
            {
                "a.py": 'def pay(order):\n    """Pay.\n\n    Args:\n        order: what\n    """\n'
                '    if order.paid:\n        raise ValueError("paid")\n',
                "b.py": 'def pay(order):\n    """Pay.\n\n    Raises:\n        KeyError: if it is unknown\n    """\n'
                '    if order.paid:\n        raise ValueError("paid")\n',
            },
            at=[("a.py", 1), ("b.py", 1)],
        ),
        Example(
            "a class that lists what its `__init__` takes",
            {
                "a.py": 'class Till:\n    """A till.\n\n    Args:\n        size: how big\n        unit: gone\n    """\n\n    def __init__(self, size): ...\n'
            },
            at=[("a.py", 9)],
        ),
    )
    good = (
        Example(
            "all there",
            {
                "a.py": 'def pay(order, *, limit=3, **more):\n    """Pay.\n\n    Args:\n        order (Order): what\n'
                "            Note: only once\n        limit Decimal: how much\n        colour: passed on\n\n    Raises:\n"
                '        ValueError: when paid\n    """\n    raise ValueError("paid")\n'
            },
        ),
        Example(
            "prose", {"a.py": 'def pay(order, limit):\n    """Pay `order` up to a limit."""\n    raise ValueError\n'}
        ),
        Example(
            "said in a sentence",
            {
                "a.py": 'def pay(order):\n    """Pay. Raises ValueError for a paid one.\n\n    Args:\n        order: what\n    """\n    raise ValueError\n'
            },
        ),
        Example(
            "caught, abstract, private or for the client",
            {
                "a.py": "from fastapi import HTTPException\n\n\ndef pay(order):\n"
                '    """Pay.\n\n    Args:\n        order: what\n    """\n    try:\n        raise KeyError(order)\n    except KeyError:\n'
                "        raise HTTPException(409)\n\n\ndef _pay(order):\n"
                '    """Pay.\n\n    Args:\n        order: what\n    """\n    raise KeyError(order)\n'
            },
        ),
        Example(
            "two names at once, in NumPy notation",
            {
                "a.py": 'def area(width, height):\n    """Area.\n\n    Parameters\n    ----------\n    width, height : int\n        sides\n'
                '\n    Returns\n    -------\n    int\n    """\n'
            },
        ),
    )

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        written = definitions.docstring(place.node)
        if written is not None and docstrings.may_have_sections(written):
            self._judge(place, written, ctx)
        elif place.node.name == "__init__" and isinstance(place.scope.node, ast.ClassDef):
            of_class = definitions.docstring(place.scope.node)
            if of_class is not None and docstrings.may_have_sections(of_class):
                said = docstrings.read(inspect.cleandoc(of_class))
                self._compare(place, said, f"the class {place.scope.node.name}", ctx)

    def _judge(self, place: Place[Any], written: str, ctx: Context) -> None:
        docstring = inspect.cleandoc(written)
        said = docstrings.read(docstring)
        if said.sections and not self._compare(place, said, place.node.name, ctx) and _is_public(place):
            error = docstrings.unmentioned(place.node, docstring, said)
            if error:
                ctx.report(place, f"{place.node.name} raises {error}, which its docstring does not mention.")

    def _compare(self, place: Place[Any], said: docstrings.Sections, whose: str, ctx: Context) -> bool:
        """Report that the parameters listed are not those of the def. Returns whether they differ."""
        ctx.site(place)
        message = docstrings.disagreement(place, said, whose)
        if message:
            ctx.report(place, message, confidence=None if _keeps_parameters(place.node) else Confidence.LOW)
        return bool(message)


def _keeps_parameters(node: Any) -> bool:
    marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return all(getattr(mark, "attr", getattr(mark, "id", "")) in _KEEPS for mark in marks)


def _is_public(place: Place[Any]) -> bool:
    marks = {getattr(mark, "attr", getattr(mark, "id", "")) for mark in place.node.decorator_list}
    attribute = marks & {"property", "cached_property", "setter", "deleter"}
    return not place.node.name.startswith("_") and place.function is None and not attribute
