import ast

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Bound, Call
from scanners.rule import Example, Rule
from scanners.semantics.security import handed, peers
from scanners.syntax import unparse
from scanners.text import TextFile

_OTHERS = ("ssl._create_unverified_context", "*.set_missing_host_key_policy", "*.setopt", "*.set_option")


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
            "verify=False, also unpacked, handed on or to a session out of sight",
            {
                "crm.py": "import httpx\nimport requests\n\n\ndef load(url):\n    session = requests.Session()\n    session.verify = False\n    requests.get(url, verify=False, timeout=5)\n    return httpx.Client(verify=False)\n",
                "shop.py": "from functools import partial\n\nimport requests\n\nOPTIONS = {'verify': False, 'timeout': 5}\nfetch = partial(requests.get, verify=False)\n\n\nclass Shop:\n    def orders(self, url):\n        requests.post(url, **OPTIONS)\n        return self.session.get(url, verify=False)\n\n\ndef vendor(connect, url):\n    return connect(url, verify_ssl=False)\n",
            },
            at=[
                ("crm.py", 7),
                ("crm.py", 8),
                ("crm.py", 9),
                ("shop.py", 6),
                ("shop.py", 11),
                ("shop.py", 12),
                ("shop.py", 16),
            ],
        ),
        Example(
            "contexts",
            {
                "peer.py": "import ssl\n\n\ndef context():\n    loose = ssl._create_unverified_context()\n    made = ssl.create_default_context()\n    made.check_hostname = False\n    made.verify_mode = ssl.CERT_NONE\n    return loose, made\n",
            },
            at=[("peer.py", 5), ("peer.py", 7), ("peer.py", 8)],
        ),
        Example(
            "other clients",
            {
                "clients.py": "import aiohttp\nimport psycopg\nimport urllib3\n\n\ndef connect():\n    pool = urllib3.PoolManager(cert_reqs='CERT_NONE')\n    psycopg.connect('host=db.example.com sslmode=disable')\n    return pool, aiohttp.TCPConnector(ssl=False)\n",
                "options.py": "import ldap\nimport pycurl\nfrom opensearchpy import OpenSearch\n\n\ndef connect(hosts):\n    handle = pycurl.Curl()\n    handle.setopt(pycurl.SSL_VERIFYPEER, 0)\n    ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)\n    return OpenSearch(hosts, verify_certs=False)\n",
            },
            at=[
                ("clients.py", 7),
                ("clients.py", 8),
                ("clients.py", 9),
                ("options.py", 8),
                ("options.py", 9),
                ("options.py", 10),
            ],
        ),
        Example(
            "SSH; image",
            {
                "deploy.py": "import paramiko\n\n\ndef open_shell(host):\n    client = paramiko.SSHClient()\n    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())\n    client.connect(host)\n",
                "Dockerfile": "FROM python:3.13\nENV PYTHONHTTPSVERIFY=0\nRUN curl -sk https://get.example.com/tool | tar x\nRUN pip install --trusted-host pypi.example.com app\n",
            },
            at=[("Dockerfile", 2), ("Dockerfile", 3), ("Dockerfile", 4), ("deploy.py", 6)],
        ),
    ]
    good = [
        Example(
            "from configuration",
            {
                "crm.py": "import ssl\n\nimport requests\n\n\ndef load(url, settings, verify=True):\n    requests.get(url, verify=settings.CA_BUNDLE)\n    requests.get(url, verify=verify)\n    made = ssl.create_default_context()\n    if not settings.verify_tls:\n        made.check_hostname = False\n        made.verify_mode = ssl.CERT_NONE\n    return made\n",
            },
        ),
        Example(
            "localhost; known hosts; server side; image",
            {
                "health.py": "import requests\n\nrequests.get('https://localhost:8443/healthz', verify=False, timeout=1)\n",
                "deploy.py": "import paramiko\n\nclient = paramiko.SSHClient()\nclient.load_system_host_keys()\nclient.set_missing_host_key_policy(paramiko.RejectPolicy())\n",
                "serve.py": "import ssl\n\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\ncontext.verify_mode = ssl.CERT_NONE\n",
                "Dockerfile": "FROM python:3.13\nRUN curl -fsSL https://get.example.com/tool -o /usr/bin/tool\n",
            },
        ),
    ]
    binds = staticmethod(frozenset((*peers.SWITCHES, *peers.KEYWORDS)).__contains__)
    calls = (*peers.OPTIONS, *peers.DATABASES, *_OTHERS, *handed.CALLS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if handed.hands_on(call):
            if (inner := handed.called_by(call, frozenset(peers.OPTIONS))) is not None:
                ctx.site(inner)
                self._options(inner, ctx)
            return
        if call.last in ("setopt", "set_option"):
            if peers.ends_check(call, ctx):
                peers.say(call, ctx, "This option takes any certificate.")
            return
        ctx.site(call)
        if call.last == "set_missing_host_key_policy":
            policy = peers.policy_of(call)
            if "AutoAdd" in policy or "WarningPolicy" in policy:
                peers.say(call, ctx, "Any host key is taken, also that of whoever sits in between.")
        elif call.last == "_create_unverified_context" or call.dotted == "ssl._create_unverified_context":
            peers.say(call, ctx, "This context takes any certificate.")
        elif call.dotted in peers.DATABASES:
            if peers.unencrypted(call, ctx):
                peers.say(call, ctx, "The connection is neither encrypted nor is the server checked.")
        else:
            self._options(call, ctx)

    def _options(self, call: Call, ctx: Context) -> None:
        for name in peers.OPTIONS[call.dotted]:
            if (given := handed.passed(call, name)) is None:
                continue
            value, written = ctx.constant(given, call), unparse(given)
            off = value in peers.BAD.get(name, (False,)) and value is not UNKNOWN
            if (off or value == "CERT_NONE" or written.endswith("CERT_NONE")) and not peers.is_local(call, ctx):
                peers.say(call, ctx, f"{name}={written} {peers.taken(name)}")
                return

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        said = peers.switched_off(bound) if isinstance(bound.node, ast.Assign) else None
        if said is not None:
            ctx.site(bound)
            if said[0]:
                peers.say(bound, ctx, said[0], known=said[1])
        elif peers.passed_off(bound):
            peers.say(bound, ctx, f"{bound.key}=False takes any certificate.", known=False)

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        for number, line in enumerate(text.lines, 1):
            message = next((said for pattern, said in peers.LINES if pattern.search(line)), "")
            if peers.FETCHES.search(line) or message:
                ctx.site(number)
            if message and not line.lstrip().startswith("#") and not peers.LOCAL.search(line):
                ctx.report(number, message)
