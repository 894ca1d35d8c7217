import ast
from typing import Any

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.scopes import arguments
from scanners.semantics.concurrency.closures import comprehension_of, free_names, targets

_NOTHING = cst.SimpleWhitespace("")
_SPACE = cst.SimpleWhitespace(" ")


class BindLoopVariable(Fix):
    """
    Binds what the closure reads of the loop when it is made: `lambda row=row: ...`, as a parameter with a default.

    Not offered for closures that take any number of arguments, or some by keyword only.
    """

    rule = "loop-variable-captured"
    says = "Bind the value of the loop in a default of the closure."
    examples = (
        Change(
            "lambdas",
            "from django.db import transaction\ndef build(names, rows, handlers):\n    for name in names:\n"
            "        handlers.append(lambda event: print(name, event))\n    for number, row in enumerate(rows):\n"
            "        transaction.on_commit(\n            lambda: send(row.id, number)  # later\n        )\n"
            "    return {n: lambda: n for n in names}\n",
            "from django.db import transaction\ndef build(names, rows, handlers):\n    for name in names:\n"
            "        handlers.append(lambda event, name=name: print(name, event))\n"
            "    for number, row in enumerate(rows):\n"
            "        transaction.on_commit(\n"
            "            lambda number=number, row=row: send(row.id, number)  # later\n        )\n"
            "    return {n: lambda n=n: n for n in names}\n",
        ),
        Change(
            "a def",
            "def build(rows, pool):\n    for row in rows:\n        def work():\n            return row.total()\n"
            "        pool.submit(work)\n    for row in rows:\n        def later(n: int = 1):\n"
            "            return row.total(n)\n        pool.submit(later)\n",
            "def build(rows, pool):\n    for row in rows:\n        def work(row=row):\n"
            "            return row.total()\n"
            "        pool.submit(work)\n    for row in rows:\n        def later(n: int = 1, row=row):\n"
            "            return row.total(n)\n        pool.submit(later)\n",
        ),
    )
    declined = (
        Declined(
            "any number of arguments",
            "def build(names, handlers):\n    for name in names:\n"
            "        handlers.append(lambda *args: print(name, *args))\n",
            "any number of arguments",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add a parameter for each variable of a loop that is read."""
        function = spot.place.node
        args = function.args
        if args.vararg or args.kwarg or args.kwonlyargs:
            raise NotOfferedError("The closure takes any number of arguments, or some by keyword only.")
        names = [name for name in self._bound(spot) if name not in {arg.arg for arg in arguments(function)}]
        params = [
            cst.Param(cst.Name(name), default=cst.Name(name), equal=cst.AssignEqual(_NOTHING, _NOTHING))
            for name in names
        ]

        def how(now: Any) -> Any:
            found = [*now.params.params, *params]
            changed = now.with_changes(params=now.params.with_changes(params=found))
            return changed.with_changes(whitespace_after_lambda=_SPACE) if isinstance(now, cst.Lambda) else changed

        spot.change(spot.node(cst.Lambda if isinstance(function, ast.Lambda) else cst.FunctionDef), how)

    def _bound(self, spot: Spot) -> list[str]:
        """What the loops around, or the comprehension, give a value to and the closure reads; in their order."""
        function = spot.place.node
        read = free_names(function)
        loops = [block.node for block in spot.place.within("for")]
        made_by = comprehension_of(spot.place) if isinstance(function, ast.Lambda) else None
        around = [*reversed(loops), *(made_by.generators if made_by is not None else ())]
        return list(dict.fromkeys(name for loop in around for name in targets(loop.target) if name in read))
