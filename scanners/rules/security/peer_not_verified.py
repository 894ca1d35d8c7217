import ast
import re
from typing import Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.text import TextFile

_METHODS: Final = "get post put patch delete head options request".split()
_VERIFY: Final = (
    [f"requests.{name}" for name in _METHODS]
    + [f"requests.Session.{name}" for name in _METHODS]
    + [f"httpx.{name}" for name in (*_METHODS, "stream", "Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport")]
    + ["boto3.client", "boto3.resource", "hvac.Client"]
)
_OPTIONS: Final = {
    **dict.fromkeys(_VERIFY, ("verify",)),
    "aiohttp.TCPConnector": ("ssl", "verify_ssl"),
    **{f"aiohttp.ClientSession.{name}": ("ssl", "verify_ssl") for name in (*_METHODS, "ws_connect")},
    "elasticsearch.Elasticsearch": ("verify_certs",),
    "urllib3.PoolManager": ("cert_reqs", "assert_hostname"),
    "urllib3.HTTPSConnectionPool": ("cert_reqs", "assert_hostname"),
    "redis.Redis": ("ssl_cert_reqs",),
    "redis.from_url": ("ssl_cert_reqs",),
    "pymongo.MongoClient": ("tlsAllowInvalidCertificates", "tlsInsecure"),
    "asyncssh.connect": ("known_hosts",),
    "ldap3.Tls": ("validate",),
    "kubernetes.client.Configuration": ("verify_ssl",),
}
_BAD: Final = {"tlsAllowInvalidCertificates": (True,), "tlsInsecure": (True,), "known_hosts": (None,), "ssl_cert_reqs": (None, "none")}
_DATABASES: Final = frozenset("psycopg.connect psycopg2.connect asyncpg.connect asyncpg.create_pool sqlalchemy.create_engine".split())
_NO_SSL: Final = re.compile(r"sslmode=disable")
_LOCAL: Final = re.compile(r"localhost|127\.0\.0\.1|\[?::1|0\.0\.0\.0|host=/|unix|\.local\b|\.internal\b")
_CHOICE: Final = re.compile(r"verif|insecure|ssl|tls|cert|check|secure|self_?signed|trust|dev|debug|test|policy|host_?key|auto_?add", re.I)
_LINES: Final = (
    (re.compile(r"\bcurl\b[^|;&]*\s(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(\s|$)"), "curl -k takes any certificate."),
    (re.compile(r"\bwget\b[^|;&]*--no-check-certificate"), "wget takes any certificate."),
    (re.compile(r"--trusted-host[ =]"), "pip takes packages from this host without checking who it is."),
    (re.compile(r"\b(PYTHONHTTPSVERIFY|NODE_TLS_REJECT_UNAUTHORIZED)[ =]\"?0"), "Certificates are not checked in this image."),
    (re.compile(r"\bGIT_SSL_NO_VERIFY[ =]\"?(1|true)|http\.sslVerify[ =]\"?false", re.I), "git takes any certificate."),
)
_FETCHES: Final = re.compile(r"\b(curl|wget|pip3? install|git clone|uv pip install)\b")


class PeerNotVerified(Rule):
    """
    Without a check of its certificate, whoever sits on the way can answer for the other side and read every secret.

    Looks at HTTP, database and SSH clients, at ssl contexts and at the lines of images that fetch something. A switch that
    comes from configuration, calls of the machine itself and server-side contexts are good.
    """

    id = "peer-not-verified"
    area = "security"
    item = "S6"
    title = "Identity of the other side is not checked"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Leave verification on; trust a private authority by passing its bundle, and known hosts to SSH."
    files = ("dockerfile",)
    bad = [
        Example(
            "verify=False",
            {
                "crm.py": "import httpx\nimport requests\n\n\ndef load(url):\n    session = requests.Session()\n    session.verify = False\n"
                "    requests.get(url, verify=False, timeout=5)\n    return httpx.Client(verify=False)\n"
            },
            at=[("crm.py", 7), ("crm.py", 8), ("crm.py", 9)],
        ),
        Example(
            "contexts",
            {
                "peer.py": "import ssl\n\n\ndef context():\n    loose = ssl._create_unverified_context()\n"
                "    made = ssl.create_default_context()\n    made.check_hostname = False\n    made.verify_mode = ssl.CERT_NONE\n"
                "    return loose, made\n"
            },
            at=[("peer.py", 5), ("peer.py", 7), ("peer.py", 8)],
        ),
        Example(
            "other clients",
            {
                "clients.py": "import aiohttp\nimport psycopg\nimport urllib3\n\n\ndef connect():\n"
                "    pool = urllib3.PoolManager(cert_reqs='CERT_NONE')\n"
                "    psycopg.connect('host=db.example.com sslmode=disable')\n    return pool, aiohttp.TCPConnector(ssl=False)\n"
            },
            at=[("clients.py", 7), ("clients.py", 8), ("clients.py", 9)],
        ),
        Example(
            "SSH",
            {
                "deploy.py": "import paramiko\n\n\ndef open_shell(host):\n    client = paramiko.SSHClient()\n"
                "    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n    client.connect(host)\n"
            },
            at=[("deploy.py", 6)],
        ),
        Example(
            "image",
            {
                "Dockerfile": "FROM python:3.13\nENV PYTHONHTTPSVERIFY=0\nRUN curl -sk https://get.example.com/tool | tar x\n"
                "RUN pip install --trusted-host pypi.example.com app\n"
            },
            at=[("Dockerfile", 2), ("Dockerfile", 3), ("Dockerfile", 4)],
        ),
    ]
    good = [
        Example(
            "from configuration",
            {
                "crm.py": "import ssl\n\nimport requests\n\n\ndef load(url, settings, verify=True):\n    requests.get(url, verify=settings.CA_BUNDLE)\n"
                "    requests.get(url, verify=verify)\n    made = ssl.create_default_context()\n    if not settings.verify_tls:\n"
                "        made.check_hostname = False\n        made.verify_mode = ssl.CERT_NONE\n    return made\n"
            },
        ),
        Example(
            "localhost",
            {"health.py": "import requests\n\nrequests.get('https://localhost:8443/healthz', verify=False, timeout=1)\n"},
        ),
        Example(
            "server side",
            {
                "serve.py": "import ssl\n\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n"
                "context.verify_mode = ssl.CERT_NONE\n"
            },
        ),
        Example(
            "known hosts",
            {
                "deploy.py": "import paramiko\n\nclient = paramiko.SSHClient()\nclient.load_system_host_keys()\n"
                "client.set_missing_host_key_policy(paramiko.RejectPolicy())\n"
            },
        ),
        Example("image", {"Dockerfile": "FROM python:3.13\nRUN curl -fsSL https://get.example.com/tool -o /usr/bin/tool\n"}),
    ]
    calls = (*_OPTIONS, *_DATABASES, "ssl._create_unverified_context", "*.set_missing_host_key_policy")

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.last == "set_missing_host_key_policy":
            policy = ast.unparse(call.node.args[0]) if call.node.args else ""
            if "AutoAdd" in policy or "WarningPolicy" in policy:
                _say(call, ctx, "Any host key is taken, also that of whoever sits in between.")
        elif call.last == "_create_unverified_context" or call.dotted == "ssl._create_unverified_context":
            _say(call, ctx, "This context takes any certificate.")
        elif call.dotted in _DATABASES:
            address = ctx.constant(call.argument(0, "dsn", "conninfo", "url"), call)
            mode = ctx.constant(call.keyword("sslmode"), call)
            off = isinstance(address, str) and _NO_SSL.search(address) and not _LOCAL.search(address)
            host = ctx.constant(call.keyword("host"), call)
            if off or (mode == "disable" and not (isinstance(host, str) and _LOCAL.search(host))):
                _say(call, ctx, "The connection is neither encrypted nor is the server checked.")
        else:
            self._options(call, ctx)

    def _options(self, call: Call, ctx: Context) -> None:
        for name in _OPTIONS[call.dotted]:
            given = call.keyword(name)
            value = ctx.constant(given, call)
            if given is None:
                continue
            none = ast.unparse(given).endswith("CERT_NONE") or value == "CERT_NONE"
            off = value in _BAD.get(name, (False,)) and value is not UNKNOWN
            if (off or none) and not _is_local(call, ctx):
                _say(call, ctx, f"{name}={ast.unparse(given)} takes any certificate.")
            return

    def visit_assign(self, place: Place[ast.Assign], ctx: Context) -> None:
        target, value = place.node.targets[0], place.node.value
        if not isinstance(target, ast.Attribute) or target.attr not in ("verify", "check_hostname", "verify_mode", "_create_default_https_context"):
            return
        holder = place.resolve(target.value)
        made = holder.dotted if holder else ""
        if target.attr == "verify" and not made.endswith("Session") and "session" not in ast.unparse(target.value).lower():
            return
        if holder and holder.origin and re.search(r"CLIENT_AUTH|TLS_SERVER", ast.unparse(holder.origin)):
            return
        ctx.site(place)
        off = isinstance(value, ast.Constant) and value.value is False
        if off or ast.unparse(value).endswith(("CERT_NONE", "_create_unverified_context")):
            _say(place, ctx, f"{ast.unparse(target)} = {ast.unparse(value)} takes any certificate.", known=bool(made))

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for number, line in enumerate(text.lines, 1):
            message = next((message for pattern, message in _LINES if pattern.search(line)), "")
            if _FETCHES.search(line) or message:
                ctx.site(number)
            if message and not line.lstrip().startswith("#") and not _LOCAL.search(line):
                ctx.report(number, message)


def _say(place: Place[ast.expr] | Place[ast.Assign] | Call, ctx: Context, message: str, *, known: bool = True) -> None:
    """Report, unless a condition that is named like such a choice decides it: then it comes from configuration."""
    for block in place.blocks():
        if block.kind in ("if", "else") and _CHOICE.search(ast.unparse(block.node.test)):
            return
        if block.kind == "function":
            break
    ctx.report(place, message, confidence=None if known else Confidence.MEDIUM)


def _is_local(call: Call, ctx: Context) -> bool:
    return any(_LOCAL.search(value) for argument in call.node.args if isinstance(value := ctx.constant(argument, call), str))
