import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import EVERYWHERE, Example, Rule
from scanners.secrets import Token, dsns, is_placeholder, is_random, is_secret_name, preview, tokens

_ARGUMENTS: Final = {
    "jwt.encode": 1,
    "jwt.decode": 1,
    "jose.jwt.encode": 1,
    "jose.jwt.decode": 1,
    "hmac.new": 0,
    "cryptography.fernet.Fernet": 0,
    "smtplib.SMTP.login": 1,
    "smtplib.SMTP_SSL.login": 1,
    "requests.auth.HTTPBasicAuth": 1,
    "httpx.BasicAuth": 1,
    "aiohttp.BasicAuth": 1,
    "itsdangerous.URLSafeTimedSerializer": 0,
    "itsdangerous.URLSafeSerializer": 0,
    "itsdangerous.Signer": 0,
}
_STRICT: Final = re.compile(r"token|credentials?|(api|access|private|account|storage|shared|auth)_?keys?$", re.IGNORECASE)
_CHOICES: Final = re.compile(r"(Enum|Choices|Flag)$")
_CONNECTS: Final = re.compile(r"connect|login|client|session|engine|auth|redis|smtp|ftp|broker|pool|conn", re.IGNORECASE)
_ACCOUNTS: Final = re.compile(r"user|login|host|server|client|account|_id$|^id$|email|region|issuer|url|port|name", re.IGNORECASE)


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
            "variable, attribute, item",
            {
                "shop/db.py": "DB_PASSWORD = 'tr0ub4dor-and-3'\n\n\ndef configure(client, settings):\n"
                "    client.api_key = 'q8Zr2LmV0xPd7TnB'\n    settings['SECRET_KEY'] = 'mumble-7hg2-grumble'\n"
            },
            at=[("shop/db.py", 1), ("shop/db.py", 5), ("shop/db.py", 6)],
        ),
        Example(
            "key, default, keyword",
            {
                "shop/mail.py": "import mailer\n\nOPTIONS = {'host': 'mx', 'password': 'Sn0wball!'}\n\n\n"
                "def send(letter, smtp_password='Sn0wball!'):\n    mailer.login('shop', password='Sn0wball!')\n"
            },
            at=[("shop/mail.py", 3), ("shop/mail.py", 6), ("shop/mail.py", 7)],
        ),
        Example(
            "key argument",
            {"shop/auth.py": "import jwt\n\n\ndef issue(user):\n    return jwt.encode({'sub': user}, 'grumpy-cat-9', 'HS256')\n"},
            at=[("shop/auth.py", 5)],
        ),
        Example(
            "address with a password",
            {"shop/db.py": "ENGINE = 'postgresql://shop:fl0tsam@db.shop.io/shop'\n"},
            at=[("shop/db.py", 1)],
        ),
        Example(
            "shapes of tokens, also in a test",
            {
                "tests/test_push.py": "HEADERS = {'X-Auth': 'ghp_R7w2Kc9Zt4Qm1Xv8Bn3Lp6Hd5Js0Fg7Ty2Ua4'}\n",
                "pay.py": "client = connect('sk_live_9fK2mQx7Lr4Wd8Zt1Vb6Np3C')\n",
            },
            at=[("pay.py", 1), ("tests/test_push.py", 1)],
        ),
        Example(
            "private key",
            {"sign.py": "PEM = '''-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTU\n" * 3 + "'''\n"},
            at=[("sign.py", 1)],
        ),
    ]
    good = [
        Example(
            "from outside",
            {"db.py": "import os\n\nPASSWORD = os.environ['DB_PASSWORD']\ntoken = None\n\n\ndef login(password=''):\n    return password\n"},
        ),
        Example(
            "placeholders and names",
            {
                "conf.py": "PASSWORD = 'changeme'\nAPI_KEY = '<your key>'\nSECRET = '${VAULT_SECRET}'\nPASSWORD_FIELD = 'password'\n"
                "token_url = 'https://auth.shop.io/token'\nTOKEN = 'GITHUB_TOKEN'\nsecret_key = 'secret_key'\n"
            },
        ),
        Example(
            "labels and choices",
            {
                "forms.py": "from enum import Enum\n\n\nclass Grant(Enum):\n    PASSWORD = 'grant-pw1'\n    TOKEN = 'bearer'\n\n\n"
                "LABELS = {'password': 'Your password:', 'token': 'Token'}\nkind = {'credential': 'service_account'}\n"
            },
        ),
        Example("a test", {"tests/test_login.py": "def test_login(client):\n    client.login(username='ann', password='hunter2')\n"}),
        Example("defaults of a server", {"dev.py": "BROKER = 'amqp://guest:guest@localhost//'\nDB = 'mysql://root:root@db/x'\n"}),
    ]
    calls = tuple(_ARGUMENTS)

    def visit_assign(self, place: Place[ast.Assign], ctx: Context) -> None:
        for target in place.node.targets:
            self._bound(_name_of(target), place.node.value, place, ctx)

    def visit_ann_assign(self, place: Place[ast.AnnAssign], ctx: Context) -> None:
        if place.node.value is not None:
            self._bound(_name_of(place.node.target), place.node.value, place, ctx)

    def visit_dict(self, place: Place[ast.Dict], ctx: Context) -> None:
        for key, value in zip(place.node.keys, place.node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._bound(key.value, value, Place(value, place.block, place.stmt), ctx)

    def visit_keyword(self, place: Place[ast.keyword], ctx: Context) -> None:
        if place.node.arg is not None:
            self._bound(place.node.arg, place.node.value, place, ctx)

    def visit_function_def(self, place: Place[ast.FunctionDef], ctx: Context) -> None:
        args = place.node.args
        positional = [*args.posonlyargs, *args.args]
        pairs = [*zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True)]
        for arg, default in [*pairs, *zip(args.kwonlyargs, args.kw_defaults, strict=True)]:
            if default is not None:
                self._bound(arg.arg, default, Place(default, place.block, place.stmt), ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        value = call.argument(_ARGUMENTS[call.dotted], "key", "password", "secret_key")
        if value is not None and not any(word.value is value for word in call.node.keywords):
            self._bound("secret", value, Place(value, call.block, call.stmt), ctx)

    def visit_module(self, ctx: Context) -> None:
        found = [*tokens(ctx.source), *dsns(ctx.source)]
        if not found:
            return
        quoted = list(_texts(ctx.tree))
        for token in found:
            line = ctx.source.count("\n", 0, token.offset) + 1
            for part in token.parts:
                ctx.mask(part)
            if all(known["rule"] != self.id or known["line"] != line for known in ctx.findings):
                sure = _sureness(token, ctx, quoted)
                ctx.report(line, f"{token.kind.capitalize()}: {preview(token.value)}", confidence=sure, anchor=token.kind)

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
        sure = _judge(name, text, place, ctx)
        if sure is not None:
            ctx.mask(text)
            ctx.report(place, f"{name} is written in the code: {preview(text)}", confidence=sure, anchor=name)


def _judge(name: str, text: str, place: Place[Any], ctx: Context) -> Confidence | None:
    """How sure it is that `text` is a secret, None when it is not."""
    if is_placeholder(text) or (place.cls is not None and _is_choice(place.cls) and place.function is None):
        return None
    random = is_random(text)
    if ctx.path_class in ("test", "example", "migration"):
        return Confidence.LOW if random else None
    plain = text.replace("-", "").replace("_", "").replace(".", "").isalpha()
    mixed = len(text) >= 10 and any(char.isdigit() for char in text) and not plain and text.isascii() and "=" not in text[:-2]
    if _STRICT.search(name):
        return Confidence.MEDIUM if random or (mixed and not text.isdigit()) else None if plain else Confidence.LOW
    weak = plain or len(text) < 6
    if weak and not isinstance(place.node, ast.Assign | ast.AnnAssign):
        return Confidence.MEDIUM if isinstance(place.node, ast.keyword) and _CONNECTS.search(_callee(place)) else Confidence.LOW
    lone = isinstance(place.node, ast.Constant) and name.lower() == "secret" and not _is_account(place)
    return Confidence.LOW if lone or text.lower() == name.lower() else Confidence.MEDIUM


def _callee(place: Place[Any]) -> str:
    above = place.parent()
    return ast.unparse(above.func) if isinstance(above, ast.Call) else ""


def _is_account(place: Place[Any]) -> bool:
    """Whether a value stands in a dict beside what says whose it is: a user, a host, an id."""
    above = place.parent()
    keys = above.keys if isinstance(above, ast.Dict) else []
    return not keys or any(isinstance(key, ast.Constant) and _ACCOUNTS.search(str(key.value)) for key in keys)


def _name_of(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return target.slice.value if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str) else ""
    return getattr(target, "attr", getattr(target, "id", ""))


def _is_choice(cls: ast.ClassDef) -> bool:
    return any(_CHOICES.search(ast.unparse(base)) for base in cls.bases)


def _texts(tree: ast.AST | None) -> Iterator[tuple[str, bool]]:
    """Every text of a file, and whether it is a bare statement such as a docstring."""
    bare = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Expr):
            bare.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield (node.value if isinstance(node.value, str) else node.value.decode("latin-1")), node in bare


def _near(token: Token, ctx: Context) -> bool:
    """Whether an address is of the machine itself or of a private network."""
    end = token.offset + len(token.value)
    return re.match(r"@(localhost|127\.|192\.168\.|10\.|0\.0\.0\.0)", ctx.source[end : end + 12]) is not None


def _sureness(token: Token, ctx: Context, quoted: list[tuple[str, bool]]) -> Confidence:
    """High in code; low in comments, docstrings and, where the shape alone does not prove it, in tests."""
    longest = max(token.parts, key=len)
    holders = [bare or (token.kind.startswith("address") and " " in text) for text, bare in quoted if longest in text]
    if token.kind in ("address with a password", "json web token"):
        told = ctx.path_class in ("test", "example") or not holders or all(holders) or token.kind == "json web token"
        told = told or token.value.isalpha() and _near(token, ctx)
        return Confidence.LOW if told else Confidence.MEDIUM
    if ctx.path_class in ("test", "example"):
        return Confidence.LOW if token.kind in ("private key", "google api key") else Confidence.MEDIUM
    return Confidence.LOW if holders and all(holders) else Confidence.HIGH
