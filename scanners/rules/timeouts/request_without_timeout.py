from scanners.context import Context
from scanners.finding import Severity
from scanners.place import Call
from scanners.rule import Example, Rule


class RequestWithoutTimeout(Rule):
    """
    `requests` waits for ever by default, so one slow peer can hold every worker.

    Looks at calls of `requests`.
    """

    id = "request-without-timeout"
    area = "timeouts"
    item = "T1"
    title = "Outgoing HTTP request without a timeout"
    severity = Severity.HIGH
    fix = "Pass timeout=(connect, read) to the call or set it on a session adapter."
    bad = [Example("bare call", {"pay.py": "import requests\nrequests.get(url)\n"}, at=[("pay.py", 2)])]
    good = [Example("explicit", {"pay.py": "import requests\nrequests.get(url, timeout=5)\n"})]
    calls = ("requests.get", "requests.post", "requests.Session.get", "requests.Session.post")

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.keyword("timeout") is None:
            ctx.report(call, f"{call.dotted} waits for ever.")
