import ast
from typing import Any

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.scopes import Scope
from scanners.semantics.timeouts.retriederrors import LIBRARIES, UNSENT, WIDE, retried
from scanners.semantics.timeouts.retries import URLLIB3, loop
from scanners.semantics.timeouts.unsafecalls import last_names, reads_in, unsafe_in


class RetryOfUnsafeCall(Rule):
    """
    A request that timed out may have been carried out: sent again without a key it charges, mails or books twice.

    Looks at functions and tasks that tenacity, backoff or Celery run again, at loops with several attempts, and at
    urllib3's Retry: a POST, a payment, a mail, a message or an insert in them needs an idempotency key or an upsert, or
    a retry of failed connections only. A retry of a read on every Exception repeats bugs and refusals, too. A predicate
    written by hand is unresolved.
    """

    id = "retry-of-unsafe-call"
    area = "timeouts"
    item = "T3"
    title = "Retry of a call that may already have worked"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Send an idempotency key made before the first attempt, or retry only what cannot have arrived (ConnectError, ConnectTimeout)."
    bad = (
        Example(
            "payments, mails and inserts tried again",
            {
                "pay.py": "import backoff\nimport requests\nimport stripe\nimport tenacity\nfrom celery import shared_task\n"
                "from django.core.mail import send_mail\nfrom tenacity import retry, stop_after_attempt\n\n"
                "@retry(stop=stop_after_attempt(3))\ndef charge(order):\n    return requests.post(URL, json=order, timeout=5)\n\n"
                "@backoff.on_exception(backoff.expo, requests.RequestException, max_tries=3)\ndef pay(order):\n"
                "    return stripe.PaymentIntent.create(amount=order.total)\n\n"
                "@shared_task(autoretry_for=(Exception,), max_retries=3)\ndef mail(order):\n    send_mail('Paid', 'x', 'a@x.example', [order.mail])\n\n"
                "def book(order):\n    for attempt in range(3):\n        try:\n            return requests.post(URL, json=order, timeout=5)\n"
                "        except requests.RequestException:\n            continue\n"
            },
            at=[("pay.py", line) for line in (9, 13, 17, 22)],
        ),
        Example(
            "every error of a read, and all methods",
            {
                "rates.py": "import requests\nfrom tenacity import retry, retry_if_exception_type, stop_after_attempt\nfrom urllib3.util.retry import Retry\n\n"
                "@retry(stop=stop_after_attempt(3), retry=retry_if_exception_type(Exception))\ndef rates():\n"
                "    return requests.get(URL, timeout=5)\n\npolicy = Retry(total=3, allowed_methods=None, backoff_factor=1)\n"
                "other = Retry(total=3, allowed_methods=['GET', 'POST'], backoff_factor=1)\n"
            },
            at=[("rates.py", 5), ("rates.py", 9), ("rates.py", 10)],
        ),
    )
    good = (
        Example(
            "a key, connections that failed, a predicate, a read",
            {
                "pay.py": "import httpx\nimport requests\nimport tenacity\nfrom tenacity import retry, retry_if_exception, retry_if_exception_type, stop_after_attempt\n"
                "from urllib3.util.retry import Retry\n\n@retry(stop=stop_after_attempt(3))\ndef charge(order):\n"
                "    return requests.post(URL, json=order, headers={'Idempotency-Key': order.id}, timeout=5)\n\n"
                "@retry(stop=stop_after_attempt(3), retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)))\n"
                "def pay(order):\n    return httpx.post(URL, json=order)\n\n"
                "@retry(stop=stop_after_attempt(3), retry=retry_if_exception(is_passing))\ndef send(order):\n"
                "    return httpx.post(URL, json=order)\n\n"
                "@retry(stop=stop_after_attempt(3), retry=retry_if_exception_type(requests.ConnectionError))\ndef rates():\n"
                "    return requests.get(URL, timeout=5)\n\npolicy = Retry(total=3, backoff_factor=1)\n\n"
                "@retry(stop=stop_after_attempt(3))\ndef save(cursor, order):\n"
                "    cursor.execute('INSERT INTO orders VALUES (%s) ON CONFLICT DO NOTHING', [order])\n"
            },
        ),
    )
    calls = URLLIB3

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        methods = call.keyword("allowed_methods", "method_whitelist")
        value = fold(methods, call.scope) if methods is not None else ()
        listed = {str(name).upper() for name in value} if isinstance(value, tuple) else set()
        unsafe = [name for name in ("POST", "PATCH") if value is None or value is False or name in listed]
        if unsafe:
            what = " and ".join(unsafe)
            ctx.report(call, f"This policy repeats {what}, whose first attempt may have been carried out.")

    def visit_function_def(self, place: Place[Any], ctx: Context) -> None:
        for decorator in place.node.decorator_list:
            caught = retried(decorator, place)
            if caught is None:
                continue
            self._retry(
                Place(decorator, place.block, None), place.node.body, caught, ctx.module.functions[place.node], ctx
            )

    def visit_for(self, place: Place[Any], ctx: Context) -> None:
        caught = retried(place.node.iter, place) if isinstance(place.node.iter, ast.Call) else None
        if caught is not None:  # `for attempt in Retrying(...)` of tenacity.
            self._retry(place, place.node.body, caught, place.scope, ctx)
        else:
            self._loop(place, ctx)

    def visit_while(self, place: Place[Any], ctx: Context) -> None:
        self._loop(place, ctx)

    def _retry(self, at: Place[Any], body: list[ast.stmt], caught: set[str], scope: Scope, ctx: Context) -> None:
        ctx.site(at)
        if "?" in caught:
            ctx.unresolved(at, "What is tried again is decided by a function.")
        else:
            self._judge(at, body, caught, scope, ctx)

    def _loop(self, place: Place[Any], ctx: Context) -> None:
        found = loop(place)
        if found is None or not (found.outbound or unsafe_in(place.node.body, place.scope)):
            return
        ctx.site(place)
        caught: set[str] = set()
        for handler in found.handlers:
            if not isinstance(handler.body[-1], (ast.Raise, ast.Return, ast.Break)):
                caught |= last_names(handler.type) - LIBRARIES if handler.type else set(WIDE)
        tried = next(stmt.body for stmt in place.node.body if isinstance(stmt, ast.Try))
        body = [*getattr(place.function, "body", [])] if place.function else tried
        if caught and unsafe_in(body, place.scope):
            self._judge(place, tried, caught, place.scope, ctx, loops=True)

    def _judge(
        self, at: Place[Any], body: list[ast.stmt], caught: set[str], scope: Scope, ctx: Context, loops: bool = False
    ) -> None:
        unsafe = unsafe_in(body, scope)
        if unsafe is not None and not caught <= UNSENT:
            ctx.report(
                at, f"What is tried again {unsafe.what} without a key: an attempt that timed out may have worked."
            )
        elif caught & WIDE and not loops and reads_in(body, scope):
            ctx.report(at, "Every Exception is tried again: bugs, bad requests and refusals too. Name those that pass.")
