import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call, Place
from scanners.rule import EVERYWHERE, Example, Rule
from scanners.semantics.secrets import dsns, is_secret_name, preview, tokens
from scanners.semantics.security.literals import ARGUMENTS, CONNECTS, DSN, PAIRS, compared, judge, sureness, texts

_MADE_UP: Final = (
    "gh" + "p_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4",
    "sk" + "_live_9fK2mQx7Lr4Wd8Zt1Vb6Np3C",
    "fl0tsam" + "@db.shop.io",
)
_FRAME: Final = "-----BEGIN " + "PRIVATE KEY-----"


class HardcodedSecret(Rule):
    """
    Whoever can read the code, a backup or the history of it has the secret, and nobody can change it without a release.

    Looks at what is bound to names like password, token, secret or api_key: variables, attributes, keys, defaults, keywords
    and the key argument of well-known calls; at addresses that hold a password; and at the shapes of well-known tokens and
    private keys anywhere in a file. Placeholders, names of fields and variables, addresses, labels and choices are good; in
    tests, so are plain words.
    """

    id = "hardcoded-secret"
    area = "security"
    item = "S1"
    title = "Secret in the code"
    severity = Severity.CRITICAL
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Read it from the environment or a secret store, and replace the secret: what was committed is known."
    classes = EVERYWHERE
    bad = [
        Example(
            "variable, attribute, item, key, default, keyword",
            {
                "shop/db.py": "DB_PASSWORD = 'tr0ub4dor-and-3'\n\n\ndef configure(client, settings):\n    client.api_key = 'q8Zr2LmV0xPd7TnB'\n    settings['SECRET_KEY'] = 'mumble-7hg2-grumble'\n",
                "shop/mail.py": "import mailer\n\nOPTIONS = {'host': 'mx', 'password': 'Sn0wball!'}\n\n\ndef send(letter, smtp_password='Sn0wball!'):\n    mailer.login('shop', password='Sn0wball!')\n",
            },
            at=[
                ("shop/db.py", 1),
                ("shop/db.py", 5),
                ("shop/db.py", 6),
                ("shop/mail.py", 3),
                ("shop/mail.py", 6),
                ("shop/mail.py", 7),
            ],
        ),
        Example(
            "shapes of tokens, also in a test; private key",
            {
                "tests/test_push.py": f"HEADERS = {{'X-Auth': '{_MADE_UP[0]}'}}\n",
                "pay.py": f"client = connect('{_MADE_UP[1]}')\n",
                "sign.py": f"PEM = '''{_FRAME}\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n" * 3 + "'''\n",
            },
            at=[("pay.py", 1), ("sign.py", 1), ("tests/test_push.py", 1)],
        ),
        Example(
            "key argument, address with a password, a pair, a comparison",
            {
                "auth.py": "import jwt\n\n\ndef issue(user):\n    return jwt.encode({'sub': user}, 'grumpy-cat-9', 'HS256')\n",
                "db.py": f"ENGINE = 'postgresql://shop:{_MADE_UP[2]}/shop'\n",
                "crm.py": "import psycopg2\nimport requests\n\n\ndef load(url, password):\n    requests.get(url, auth=('shop', 'Sn0wball!7'), timeout=5)\n    if password == 'tr0ub4dor-and-3':\n        return None\n    return psycopg2.connect('host=db.shop.io user=shop password=Sn0wball!7')\n",
            },
            at=[("auth.py", 5), ("crm.py", 6), ("crm.py", 7), ("crm.py", 9), ("db.py", 1)],
        ),
    ]
    good = [
        Example(
            "from outside; a test",
            {
                "db.py": "import os\n\nPASSWORD = os.environ['DB_PASSWORD']\ntoken = None\n\n\ndef login(password=''):\n    return password\n",
                "tests/test_login.py": "def test_login(client):\n    client.login(username='ann', password='hunter2')\n",
            },
        ),
        Example(
            "placeholders, names, defaults, labels and choices",
            {
                "conf.py": "PASSWORD = 'changeme'\nAPI_KEY = '<your key>'\nSECRET = '${VAULT_SECRET}'\nPASSWORD_FIELD = 'password'\ntoken_url = 'https://auth.shop.io/token'\nTOKEN = 'GITHUB_TOKEN'\nsecret_key = 'secret_key'\nBROKER = 'amqp://guest:guest@localhost//'\nDB = 'mysql://root:root@db/x'\n",
                "forms.py": "from enum import Enum\n\n\nclass Grant(Enum):\n    PASSWORD = 'grant-pw1'\n\n\nLABELS = {'password': 'Your password:', 'token': 'Token'}\nkind = {'credential': 'service_account'}\n",
                "compare.py": "def kind(token, password, url, get):\n    get(url, auth=('token', password))\n    return token == 'refresh' or password == ''\n",
            },
        ),
    ]
    calls = (*ARGUMENTS, *CONNECTS)
    binds = staticmethod(lambda name: name in PAIRS or is_secret_name(name))

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if bound.key not in PAIRS:
            self._bound(bound.key, bound.value, bound, ctx)
        elif isinstance(bound.node, ast.keyword) and isinstance(bound.value, ast.Tuple) and len(bound.value.elts) == 2:
            self._bound("password", bound.value.elts[1], bound, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in CONNECTS:
            address = call.argument(0, "dsn", "conninfo")
            text = ctx.constant(address, call)
            found = DSN.search(text) if isinstance(text, str) else None
            if found is not None and address is not None:
                self._bound("password", ast.copy_location(ast.Constant(found[1]), address), call, ctx)
            return
        value = call.argument(ARGUMENTS[call.dotted], "key", "password", "secret_key")
        if value is not None and not any(word.value is value for word in call.node.keywords):
            name = "hmac key" if call.dotted == "hmac.new" else "secret"
            self._bound(name, value, Place(value, call.block, call.stmt), ctx)

    def visit_compare(self, place: Place[ast.Compare], ctx: Context) -> None:
        name, text = compared(place.node)
        if text is not None and is_secret_name(name) and judge(name, str(text.value), place, ctx) is Confidence.MEDIUM:
            self._bound(name, text, place, ctx)

    def visit_module(self, ctx: Context) -> None:
        found = [*tokens(ctx.source), *dsns(ctx.source)]
        if not found:
            return
        quoted = list(texts(ctx.tree))
        for token in found:
            line = ctx.source.count("\n", 0, token.offset) + 1
            for part in token.parts:
                ctx.mask(part)
            if all(known["rule"] != self.id or known["line"] != line for known in ctx.findings):
                sure = sureness(token, ctx, quoted)
                ctx.report(
                    line, f"{token.kind.capitalize()}: {preview(token.value)}", confidence=sure, anchor=token.kind
                )

    def _bound(self, name: str, value: ast.expr, place: Place[Any], ctx: Context) -> None:
        if not is_secret_name(name) or (isinstance(value, ast.Constant) and not value.value):
            return
        if not isinstance(value, ast.Constant):
            ctx.site(place)
            return
        text = value.value.decode("latin-1") if isinstance(value.value, bytes) else value.value
        if not isinstance(text, str):
            return
        ctx.site(place)
        sure = judge(name, text, place, ctx)
        if sure is not None:
            ctx.mask(text)
            ctx.report(place, f"{name} is written in the code: {preview(text)}", confidence=sure, anchor=name)
