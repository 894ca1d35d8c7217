from typing import Final

from scanners.context import Context
from scanners.finding import Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.outbound import HTTP, in_process
from scanners.semantics.timeouts.sessions import checks_status, response_uses

_BODY: Final = frozenset(
    {
        "json",
        "text",
        "content",
        "iter_content",
        "iter_lines",
        "aiter_bytes",
        "aiter_lines",
        "aread",
        "read",
        "raw",
        "data",
    }
)
_CHECKS: Final = frozenset(
    {"raise_for_status", "status_code", "ok", "status", "is_success", "is_error", "reason", "reason_phrase"}
)
_CALLS: Final = tuple(
    name
    for name in HTTP
    if name.startswith(("requests", "httpx.", "aiohttp.", "urllib3."))
    and not name.endswith((".head", ".options", ".send"))
)


class ResponseStatusUnchecked(Rule):
    """
    An error page is a body too: read without a look at the status, it becomes wrong data or an error far from its cause.

    Looks at results of requests, httpx, aiohttp and urllib3 whose body is read in the same def. `raise_for_status()`, the
    status, `ok` and the truth of the response count as a look, as do hooks and sessions that check for all calls. urllib
    raises by itself. A response that is handed on or returned is left unresolved.
    """

    id = "response-status-unchecked"
    area = "timeouts"
    item = "T4"
    title = "Body of a response used without a look at its status"
    severity = Severity.MEDIUM
    fix = "Call `response.raise_for_status()` before the body is read, or act on `response.status_code`."
    bad = (
        Example(
            "the body at once, and by way of a variable",
            {
                "rates.py": """\
import requests
def rates(url):
    latest = requests.get(url, timeout=5).json()
    answer = requests.get(f"{url}/old", timeout=5)
    return latest, answer.text
"""
            },
            at=[("rates.py", 3), ("rates.py", 4)],
        ),
        Example(
            "asynchronous clients",
            {
                "search.py": """\
import aiohttp, httpx
async def search(url):
    async with httpx.AsyncClient() as client:
        found = (await client.get(url)).json()
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return found, await answer.json()
"""
            },
            at=[("search.py", 4), ("search.py", 5)],
        ),
    )
    good = (
        Example(
            "a look at the status, in any form",
            {
                "rates.py": """\
import requests
def rates(url):
    first = requests.get(url, timeout=5)
    first.raise_for_status()
    second = requests.get(url, timeout=5)
    if second.status_code != 200:
        return first.json()
    third = requests.get(url, timeout=5)
    if not third:
        return second.json()
    return third.json()
"""
            },
        ),
        Example(
            "checked for all calls, or by whoever gets the response",
            {
                "search.py": """\
import aiohttp, httpx, requests
class Checked(requests.Session):
    def request(self, *args, **options):
        answer = super().request(*args, timeout=5, **options)
        answer.raise_for_status()
        return answer
def page(url):
    answer = requests.get(url, timeout=5)
    return parse(answer)
async def search(url):
    Checked().get(url).json()
    client = httpx.Client(event_hooks={"response": [print]})
    client.get(url).json()
    async with aiohttp.ClientSession(raise_for_status=True) as session, session.get(url) as answer:
        return await answer.json()
"""
            },
        ),
    )
    calls = _CALLS

    def visit_call(self, call: Call, ctx: Context) -> None:
        used = set(response_uses(call, ctx))
        if in_process(call) or not used & (_BODY | {""}):
            return
        if used & _CHECKS or "test" in used or checks_status(call, ctx):
            ctx.site(call)
        elif used & _BODY and "" not in used and not (call.ref and call.ref.via == "param"):
            ctx.report(call, "The body is used whatever the status of the response.")
        elif used & _BODY:
            ctx.unresolved(call, "The response, or its session, is also in other hands.")
