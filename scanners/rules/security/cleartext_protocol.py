import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.pieces import pieces
from scanners.semantics.security.remotes import CLIENTS, HOSTS, INSIDE, KEYWORDS, REMOTE, is_near, starts_tls


class CleartextProtocol(Rule):
    """
    What goes over the network in clear can be read and changed by everyone on the way: passwords, tokens, answers.

    Looks at the addresses that clients are given: http, ftp, telnet, redis, amqp and ws to a named remote host, gRPC without
    credentials, and a mail login before starttls. The machine itself, names without a dot and private zones such as .local
    and .internal are good. Addresses that are not fixed in the file are unresolved.
    """

    id = "cleartext-protocol"
    area = "security"
    item = "S6"
    title = "Remote service reached without encryption"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Use the encrypted form: https, sftp, ssh, rediss, amqps, wss, SMTP_SSL or starttls, grpc.secure_channel."
    bad = [
        Example(
            "http",
            {
                "rates.py": "import requests\n\nAPI = 'http://api.rates.io/v1'\n\n\ndef rate(code):\n    return requests.get(f'{API}/{code}', timeout=5).json()\n",
            },
            at=[("rates.py", 7)],
        ),
        Example(
            "broker and cache",
            {
                "queue_app.py": "import redis\nfrom celery import Celery\n\ncache = redis.from_url('redis://cache.eu-1.cloud.com:6379/0')\napp = Celery('shop', broker='amqp://mq.shop.com//')\n",
            },
            at=[("queue_app.py", 4), ("queue_app.py", 5)],
        ),
        Example(
            "ftp, gRPC, IMAP and LDAP",
            {
                "feeds.py": "import ftplib\n\nimport grpc\n\n\ndef fetch():\n    ftplib.FTP('files.partner.com')\n    return grpc.insecure_channel('prices.partner.com:443')\n",
                "mail.py": "import imaplib\n\nimport httpx\nimport ldap\n\nbox = imaplib.IMAP4('imap.rates.io')\nserver = ldap.initialize('ldap://ldap.rates.io')\nclient = httpx.Client(base_url='http://api.rates.io')\n",
            },
            at=[("feeds.py", 7), ("feeds.py", 8), ("mail.py", 6), ("mail.py", 7), ("mail.py", 8)],
        ),
        Example(
            "mail login before starttls",
            {
                "mail.py": "import smtplib\n\n\ndef send(user, word, letter):\n    server = smtplib.SMTP('mail.shop.com', 587, timeout=9)\n    server.login(user, word)\n    server.send_message(letter)\n",
            },
            at=[("mail.py", 6)],
        ),
    ]
    good = [
        Example(
            "https",
            {
                "rates.py": "import requests\n\nrequests.get('https://api.rates.io/v1', timeout=5)\n",
            },
        ),
        Example(
            "near",
            {
                "near.py": "import redis\nimport requests\n\nrequests.get('http://localhost:9200/_health', timeout=1)\nrequests.get('http://search:9200/', timeout=1)\nrequests.get('http://auth.prod.internal/', timeout=1)\nredis.from_url('redis://10.0.0.7:6379')\n",
            },
        ),
        Example(
            "a namespace",
            {
                "atom.py": "ATOM = 'http://www.w3.org/2005/Atom'\n\n\ndef tag(name):\n    return f'{{{ATOM}}}{name}'\n",
            },
        ),
        Example(
            "starttls first",
            {
                "mail.py": "import smtplib\n\n\ndef send(user, word):\n    server = smtplib.SMTP('mail.shop.com', 587, timeout=9)\n    server.starttls()\n    server.login(user, word)\n",
                "box.py": "import imaplib\n\nbox = imaplib.IMAP4('imap.rates.io')\nbox.starttls()\n",
            },
        ),
    ]
    calls = (*CLIENTS, *HOSTS, "smtplib.SMTP.login")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted == "smtplib.SMTP.login":
            ctx.site(call)
            if not starts_tls(call, ctx) and not is_near(call.origin, call):
                ctx.report(call, "The password goes to the mail server in clear; call starttls() first.")
            return
        if call.last in ("IMAP4", "POP3") and starts_tls(call, ctx):
            return
        position = HOSTS.get(call.dotted, CLIENTS.get(call.dotted, 0))
        addresses = [call.argument(position, *KEYWORDS), *(call.keyword(name) for name in ("broker", "backend"))]
        for address in [address for address in addresses if address is not None]:
            self._judge(call, ctx, address)

    def _judge(self, call: Call, ctx: Context, address: ast.expr) -> None:
        taken = pieces(address, call.scope, call.line, call.stmt.col_offset if call.stmt else 0)
        first = taken.parts[0] if taken.parts else ""
        if not isinstance(first, str):
            ctx.unresolved(call, "The address is decided elsewhere.")
            return
        ctx.site(call)
        found = REMOTE.match(first)
        if found is None or INSIDE.search(found["host"]):
            return
        if found["scheme"] or call.dotted in HOSTS:
            ctx.report(call, f"{found['host']} is reached in clear.")
