import ast

import libcst as cst
import libcst.matchers as m

from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot
from scanners.semantics.concurrency.cancellation import catches_cancellation
from scanners.semantics.handlers import caught


class RaiseCancellation(Fix):
    """
    Raises the cancellation again at the end of its clause; in front of a clause for everything it puts
    `except asyncio.CancelledError: raise`.

    Not offered for clauses that give a value back or catch other exceptions beside it, for a clause that would be left
    with nothing else to do, for one whose comment says why it goes on, and for timeouts and `suppress`.
    """

    rule = "cancellation-broken"
    bulk = False
    says = "Raise the cancellation again."
    examples = (
        Change(
            "at the end of its clause",
            "import asyncio\nasync def consume(queue, log):\n    while True:\n        try:\n"
            "            await handle(await queue.get())\n        except asyncio.CancelledError:\n"
            "            log.info('cancelled')  # told\nasync def poll(client):\n    while True:\n        try:\n"
            "            await client.poll()\n        except asyncio.CancelledError:\n            pass\n"
            "        except OSError:\n            client.failed = True\n",
            "import asyncio\nasync def consume(queue, log):\n    while True:\n        try:\n"
            "            await handle(await queue.get())\n        except asyncio.CancelledError:\n"
            "            log.info('cancelled')  # told\n            raise\nasync def poll(client):\n    while True:\n"
            "        try:\n            await client.poll()\n        except asyncio.CancelledError:\n"
            "            raise\n        except OSError:\n            client.failed = True\n",
        ),
        Change(
            "in front of a clause for everything",
            "import asyncio\nasync def poll(client):\n    try:\n        await client.poll()\n    except:  # all\n"
            "        client.failed = True\n    try:\n        await client.poll()\n    except ValueError:\n"
            "        raise\n"
            "    except BaseException:\n        client.failed = True\n    return client\n",
            "import asyncio\nasync def poll(client):\n    try:\n        await client.poll()\n"
            "    except asyncio.CancelledError:\n        raise\n    except:  # all\n"
            "        client.failed = True\n    try:\n        await client.poll()\n    except ValueError:\n"
            "        raise\n"
            "    except asyncio.CancelledError:\n        raise\n    except BaseException:\n"
            "        client.failed = True\n    return client\n",
        ),
    )
    declined = (
        Declined(
            "nothing is left",
            "import asyncio\nasync def poll(client):\n    while True:\n        try:\n"
            "            await client.poll()\n"
            "        except asyncio.CancelledError:\n            pass\n",
            "Nothing would be left",
        ),
        Declined(
            "a reason",
            "import asyncio\nasync def poll(client):\n    while True:\n        try:\n"
            "            await client.poll()\n        except asyncio.CancelledError:\n"
            "            # what was sent is still read\n            continue\n        except OSError:\n"
            "            client.failed = True\n",
            "says why it goes on",
        ),
        Declined(
            "a value",
            "import asyncio\nasync def poll(client):\n    while True:\n        try:\n"
            "            await client.poll()\n"
            "        except asyncio.CancelledError:\n            return client.last\n",
            "gives a value back",
        ),
        Declined(
            "two kinds",
            "import asyncio\nasync def poll(client):\n    while True:\n        try:\n"
            "            await client.poll()\n"
            "        except (asyncio.CancelledError, OSError):\n            client.failed = True\n",
            "other exceptions",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Let the cancellation go on."""
        clause = spot.place.node
        if not isinstance(clause, ast.ExceptHandler):
            raise NotOfferedError("Where the cancellation is to go on is for a person to choose.")
        if catches_cancellation(clause, spot.place.scope) == "named":
            if len(caught(clause.type, spot.place.scope)) > 1:
                raise NotOfferedError("The clause catches other exceptions beside the cancellation.")
            self._raise(spot, clause)
        else:
            self._before(spot, clause)

    def _raise(self, spot: Spot, clause: ast.ExceptHandler) -> None:
        last = clause.body[-1]
        if isinstance(last, ast.Return) and last.value is not None:
            raise NotOfferedError("The clause gives a value back when it is cancelled.")
        replaced = isinstance(last, (ast.Pass, ast.Return, ast.Break, ast.Continue))
        block = spot.handler(clause).body
        end = block.body[-1]
        if replaced and len(clause.body) == 1 and self._is_alone(spot, clause):
            raise NotOfferedError("Nothing would be left of the try but its body: take it away by hand.")
        if replaced and m.findall(block, m.Comment()):
            raise NotOfferedError("A comment in the clause says why it goes on.")
        if not isinstance(block, cst.IndentedBlock) or (isinstance(end, cst.SimpleStatementLine) and len(end.body) > 1):
            raise NotOfferedError("The clause has its body on one line.")

        def how(now: cst.IndentedBlock) -> cst.IndentedBlock:
            end = now.body[-1]
            if replaced and isinstance(end, cst.SimpleStatementLine):
                return now.with_changes(body=[*now.body[:-1], end.with_changes(body=[cst.Raise()])])
            return now.with_changes(body=[*now.body, cst.SimpleStatementLine([cst.Raise()])])

        spot.change(block, how)

    def _is_alone(self, spot: Spot, clause: ast.ExceptHandler) -> bool:
        attempt = spot.place.stmt
        return isinstance(attempt, ast.Try) and attempt.handlers == [clause] and not attempt.finalbody

    def _before(self, spot: Spot, clause: ast.ExceptHandler) -> None:
        name = spot.expression(f"{spot.imported('asyncio')}.CancelledError")
        body = cst.IndentedBlock([cst.SimpleStatementLine([cst.Raise()])])
        own = cst.ExceptHandler(body, name, whitespace_after_except=cst.SimpleWhitespace(" "))

        def how(now: cst.ExceptHandler) -> cst.FlattenSentinel[cst.ExceptHandler]:
            first = own.with_changes(leading_lines=now.leading_lines)
            return cst.FlattenSentinel([first, now.with_changes(leading_lines=[])])

        spot.change(spot.handler(clause), how)
