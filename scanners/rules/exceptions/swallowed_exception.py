import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.exceptions import attempts
from scanners.semantics.handlers import breadth, caught, clause, reaction, short, spelled
from scanners.semantics.remarks import is_explained


class SwallowedException(Rule):
    """
    A failure that is caught and dropped looks like success, until a customer finds what is missing.

    Looks at except clauses and `contextlib.suppress`. A clause for everything (bare, BaseException, Exception) must
    raise, log at warning or above, call an error tracker or a metric, or hand the exception on; a narrow one must do so
    when its try holds an outbound call or a write, a guess where only what it catches says so. Optional imports, tidying,
    and lookups or conversions with a fallback may stay silent; a remark saying why makes it a guess. A flag is left open.
    """

    id = "swallowed-exception"
    area = "exceptions"
    item = "E1"
    title = "Exception swallowed without a trace"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Catch the type that is expected here, and log the rest with logger.exception(...) or let it raise."
    calls = ("contextlib.suppress",)
    bad = (
        Example(
            "a charge that may fail unseen",
            {
                "billing.py": "def settle(gateway, order):\n    try:\n        gateway.charge(order)\n"
                "    except Exception:\n        pass\n"
            },
            at=[("billing.py", 4)],
        ),
        Example(
            "a bare clause in a loop",
            {
                "sync.py": "def sync(accounts, crm):\n    for account in accounts:\n        try:\n"
                "            crm.push(account)\n        except:\n            continue\n"
                "    try:\n        crm.end()\n    except Exception as error:\n        del error\n"
            },
            at=[("sync.py", 5), ("sync.py", 9)],
        ),
        Example(
            "a tuple with Exception in it, logged where nobody looks",
            {
                "jobs.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef run(job):\n    try:\n"
                '        job.execute()\n    except (ValueError, Exception):\n        logger.debug("job failed")\n'
            },
            at=[("jobs.py", 9)],
        ),
        Example(
            "suppress",
            {
                "mail.py": "from contextlib import suppress\n\n\ndef notify(mailer, user):\n"
                "    with suppress(Exception):\n        mailer.deliver(user.email)\n"
            },
            at=[("mail.py", 5)],
        ),
        Example(
            "a narrow clause around an outbound call",
            {
                "stock.py": "import requests\n\n\ndef reserve(sku):\n    try:\n"
                '        requests.post("https://stock.internal/reserve", json={"sku": sku}, timeout=3)\n    except requests.RequestException:\n        pass\n\n\ndef book(stock, sku):\n    try:\n        stock.book(sku)\n    except requests.RequestException:\n        return False\n'
            },
            at=[("stock.py", 7), ("stock.py", 14)],
        ),
    )
    good = (
        Example(
            "logged with its traceback",
            {
                "billing.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
                'def settle(gateway, order):\n    try:\n        gateway.charge(order)\n    except Exception:\n        logger.exception("charge failed")\n'
            },
        ),
        Example("optional import", {"loop.py": "try:\n    import uvloop\nexcept Exception:\n    uvloop = None\n"}),
        Example(
            "cleaning up",
            {
                "pool.py": "class Pool:\n    def __del__(self):\n        try:\n            self.drain()\n"
                "        except Exception:\n            pass\n\n    def replace(self, conn):\n        try:\n            conn.close()\n        except Exception:\n            pass\n        self.conn = self.connect()\n"
            },
        ),
        Example(
            "conversion with a fallback",
            {
                "query.py": "import re\n\n\ndef page(args):\n    try:\n        return int(args['page'])\n    except Exception:\n"
                "        return 1\n\n\ndef parts(text):\n    try:\n        return re.match(PATTERN, text).groupdict()\n"
                "    except Exception:\n        return {}\n"
            },
        ),
        Example(
            "an empty queue is no failure",
            {
                "drain.py": "from queue import Empty\n\n\ndef drain(queue):\n    while not queue.closed:\n"
                "        try:\n            item = queue.get_nowait()\n        except Empty:\n            continue\n        item.handle()\n"
            },
        ),
        Example(
            "the exception is handed on",
            {
                "fan.py": "def collect(tasks):\n    errors = []\n    for task in tasks:\n        try:\n"
                "            task.run()\n        except Exception as error:\n            errors.append(error)\n    return errors\n"
            },
        ),
    )

    def visit_try(self, place: Place[ast.Try], ctx: Context) -> None:
        for handler in place.node.handlers:
            self._judge(clause(handler, place), place, ctx)

    def _judge(self, at: Place[ast.ExceptHandler], place: Place[ast.Try], ctx: Context) -> None:
        ctx.site(at)
        types = caught(at.node.type, place.scope)
        wide = breadth(types, place.scope) != "narrow"
        loss = "all" if wide else attempts.loses_effect(types, place.node.body, place.scope)
        if not loss:
            return
        found = reaction(at.node, place, ctx)
        if found.reacts or attempts.may_be_silent(place, at.node):
            return
        where = f"`{spelled(at.node)}` drops the failure of {attempts.attempt(place.node.body)}"
        if found.doubt:
            ctx.unresolved(at, f"The handler {found.doubt}, which may report the failure.")
        elif found.whispers:
            guess = loss == "told" or found.whispers_of_it or found.whispers == "prints"
            sure = Confidence.LOW if guess else Confidence.MEDIUM
            ctx.report(at, f"{where}: it only {found.whispers}, where nobody looks for failures.", confidence=sure)
        else:
            level = Severity.HIGH if wide else Severity.MEDIUM
            said = is_explained(ctx.source_lines, at.line, at.node.body[-1].end_lineno or at.line)
            sure = Confidence.LOW if said else attempts.sureness(place, at.node, loss)
            ctx.report(at, f"{where}, so nobody learns that it failed.", severity=level, confidence=sure)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not isinstance(call.stmt, (ast.With, ast.AsyncWith)):
            return
        ctx.site(call)
        wide = breadth(call.node.args, call.scope) != "narrow" if call.node.args else False
        body = call.stmt.body
        if wide and not (attempts.cleans_up(body, call) or attempts.imports(body) or attempts.looks_up(body)):
            sure = Confidence.LOW if call.handler is not None else None  # The failure of a reaction to another failure.
            message = f"`{short(call.node)}` drops every failure of {attempts.attempt(body)}, so nobody learns of it."
            ctx.report(call, message, confidence=sure)
