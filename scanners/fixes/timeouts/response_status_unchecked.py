import ast

import libcst as cst

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_BESIDE = (cst.IndentedBlock, cst.Module)


class RaiseForStatus(Fix):
    """
    Calls `raise_for_status()` before the body is read: in a statement below the request, first in the `with` that holds
    the response, or, where the body is read at once, after giving the response a name.

    Not offered for urllib3, which has no such method, and where the request is a part of a longer statement.
    """

    rule = "response-status-unchecked"
    bulk = False
    says = "Raise for a status of failure before the body is read."
    examples = (
        Change(
            "by way of a variable, and at once",
            "import requests\ndef rates(url):\n    answer = requests.get(\n        url, timeout=5\n    )  # all\n"
            "    # the body\n    first = answer.text\n    return requests.get(url, timeout=5).json()['rates']\n",
            "import requests\ndef rates(url):\n    answer = requests.get(\n        url, timeout=5\n    )  # all\n"
            "    answer.raise_for_status()\n    # the body\n    first = answer.text\n"
            "    response = requests.get(url, timeout=5)\n    response.raise_for_status()\n"
            "    return response.json()['rates']\n",
        ),
        Change(
            "asynchronous clients",
            "import aiohttp, httpx\nasync def search(url):\n    async with httpx.AsyncClient() as client:\n"
            "        found = (await client.get(url)).json()\n"
            "    async with aiohttp.ClientSession() as session, session.get(url) as answer:\n"
            "        return found, await answer.json()\n",
            "import aiohttp, httpx\nasync def search(url):\n    async with httpx.AsyncClient() as client:\n"
            "        response = await client.get(url)\n        response.raise_for_status()\n"
            "        found = response.json()\n"
            "    async with aiohttp.ClientSession() as session, session.get(url) as answer:\n"
            "        answer.raise_for_status()\n        return found, await answer.json()\n",
        ),
    )
    declined = (
        Declined(
            "no such method",
            "import urllib3\npool = urllib3.PoolManager(timeout=5)\ndef read(url):\n"
            "    return pool.request('GET', url).data\n",
            "urllib3",
        ),
        Declined(
            "a part of a longer statement",
            "import requests\ndef rates(url):\n    return [requests.get(url, timeout=5).json(), 1]\n",
            "longer statement",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Add the call."""
        call = spot.call
        if call.dotted.startswith("urllib3."):
            raise NotOfferedError("Responses of urllib3 have no raise_for_status; look at `status`.")
        above = call.parent()
        above = call.parent(above) if isinstance(above, ast.Await) else above
        if isinstance(above, ast.withitem) and isinstance(above.optional_vars, ast.Name):
            self._inside(spot, above.optional_vars.id)
        elif isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name) and above is call.stmt:
            self._below(spot, above.targets[0].id)
        elif isinstance(above, ast.Attribute):
            self._apart(spot, above)
        else:
            raise NotOfferedError("The request is a part of a longer statement.")

    def _inside(self, spot: Spot, name: str) -> None:
        block = spot.above(spot.node(cst.Call), cst.With).body
        if not isinstance(block, cst.IndentedBlock):
            raise NotOfferedError("The `with` has its body on its own line.")
        check = spot.statement(f"{name}.raise_for_status()")
        spot.change(block, lambda now: now.with_changes(body=[check, *now.body]))

    def _below(self, spot: Spot, name: str) -> None:
        line = spot.above(spot.node(cst.Call), cst.SimpleStatementLine)
        check = spot.statement(f"{name}.raise_for_status()")
        self._refuse_shared(spot, line)
        spot.change(line, lambda now: cst.FlattenSentinel([now, check]))

    def _apart(self, spot: Spot, read: ast.Attribute) -> None:
        """Give the response a name in a statement of its own."""
        line = spot.above(spot.node(cst.Call), cst.SimpleStatementLine)
        self._refuse_shared(spot, line)
        if not _starts(getattr(spot.call.stmt, "value", None), read) or spot.is_used("response"):
            raise NotOfferedError("The request is a part of a longer statement, or `response` is something else.")
        target = spot.node(cst.Attribute, read)
        made = target.value.with_changes(lpar=[], rpar=[])
        first = spot.statement("response = 1")
        named = first.body[0].with_changes(value=made)
        first = first.with_changes(body=[named], leading_lines=line.leading_lines)
        check = spot.statement("response.raise_for_status()")
        spot.change(target, lambda now: now.with_changes(value=cst.Name("response")))
        spot.change(line, lambda now: cst.FlattenSentinel([first, check, now.with_changes(leading_lines=[])]))

    def _refuse_shared(self, spot: Spot, line: cst.SimpleStatementLine) -> None:
        if len(line.body) > 1 or not isinstance(spot.parent(line), _BESIDE):
            raise NotOfferedError("The request shares its line with other statements.")


def _starts(value: ast.AST | None, read: ast.Attribute) -> bool:
    """Whether the request is what a statement works out first: nothing stands before it in the value."""
    while value is not None and value is not read:
        if isinstance(value, ast.Call):
            value = value.func
        elif isinstance(value, (ast.Attribute, ast.Subscript, ast.Await)):
            value = value.value
        else:
            return False
    return value is read
