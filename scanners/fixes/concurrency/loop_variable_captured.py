import ast
from typing import Any

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.scopes import arguments
from scanners.semantics.concurrency.closures import comprehension_of, free_names, targets
from scanners.syntax import descendants

_NOTHING = cst.SimpleWhitespace("")
_SPACE = cst.SimpleWhitespace(" ")


class BindLoopVariable(Fix):
    """
    Binds what the closure reads of the loop when it is made: `lambda row=row: ...`, as a parameter with a default.

    Not offered for closures that take any keywords, and where the closure also reads what the body of the loop sets:
    binding the variable of the loop alone would leave that as it is.
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
            "any number of arguments, and some by keyword only",
            "def build(names, handlers):\n    for name in names:\n"
            "        handlers.append(lambda *args: print(name, *args))\n"
            "        handlers.append(lambda *, end='': print(name, end=end))\n",
            "def build(names, handlers):\n    for name in names:\n"
            "        handlers.append(lambda *args, name=name: print(name, *args))\n"
            "        handlers.append(lambda *, end='', name=name: print(name, end=end))\n",
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
            "any keywords",
            "def build(names, handlers):\n    for name in names:\n"
            "        handlers.append(lambda **options: print(name, **options))\n",
            "any keywords",
        ),
        Declined(
            "what the turn works out",
            "def build(names, handlers):\n    for name in names:\n        path = find(name)\n"
            "        handlers.append(lambda: print(name, path))\n",
            "also reads `path`",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add a parameter for each variable of a loop that is read."""
        function = spot.place.node
        args = function.args
        if args.kwarg:
            raise NotOfferedError("The closure takes any keywords, and the name of the variable may be one of them.")
        later = self._set_in_turn(spot)
        if later:
            raise NotOfferedError(f"The closure also reads `{later[0]}`, which each turn of the loop sets anew.")
        names = [name for name in self._bound(spot) if name not in {arg.arg for arg in arguments(function)}]
        params = [
            cst.Param(cst.Name(name), default=cst.Name(name), equal=cst.AssignEqual(_NOTHING, _NOTHING))
            for name in names
        ]

        def how(now: Any) -> Any:
            field = "kwonly_params" if args.vararg or args.kwonlyargs else "params"
            found = [*getattr(now.params, field), *params]
            changed = now.with_changes(params=now.params.with_changes(**{field: found}))
            return changed.with_changes(whitespace_after_lambda=_SPACE) if isinstance(now, cst.Lambda) else changed

        spot.change(spot.node(cst.Lambda if isinstance(function, ast.Lambda) else cst.FunctionDef), how)

    def _set_in_turn(self, spot: Spot) -> list[str]:
        """What the closure reads and the body of a loop around gives a value to: it would still be the last one."""
        read = free_names(spot.place.node)
        bodies = [stmt for block in spot.place.within("for") for stmt in block.node.body]
        inside = set(descendants(spot.place.node, ast.Name))
        names = [node for stmt in bodies for node in descendants(stmt, ast.Name) if node not in inside]
        return [node.id for node in names if isinstance(node.ctx, ast.Store) and node.id in read]

    def _bound(self, spot: Spot) -> list[str]:
        """What the loops around, or the comprehension, give a value to and the closure reads; in their order."""
        function = spot.place.node
        read = free_names(function)
        loops = [block.node for block in spot.place.within("for")]
        made_by = comprehension_of(spot.place) if isinstance(function, ast.Lambda) else None
        around = [*reversed(loops), *(made_by.generators if made_by is not None else ())]
        return list(dict.fromkeys(name for loop in around for name in targets(loop.target) if name in read))
