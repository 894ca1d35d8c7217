import ast

from scanners.context import Context
from scanners.finding import Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.secrets import is_secret_name

_FUNCTIONS = "random randint randrange choice choices sample getrandbits randbytes uniform shuffle".split()
_SECRET = regex(
    r"(^|_)(otp|totp|salt|nonce|pin(_?code)?|session_?id|session_?key|csrf|secret|csrf_?token|passwd|password|iv)$|"
    r"(^|_)(verification|reset|auth|login|activation|security|invite|recovery|confirm\w*|access|magic)_?(code|link|key|id)$"
)
_MAKES = regex(r"^_*(generate|gen|make|create|new|random|get|build|issue|mint)_*(random_*)?")


class PredictableRandom(Rule):
    """
    The `random` module repeats itself: after a few outputs the next token or reset code can be computed.

    Looks at calls of random, numpy.random and uuid.uuid1 whose result becomes something named like a token, password, key,
    salt, nonce, one-time code or session id, directly or as what a function of such a name returns. Jitter, sampling and
    shuffling are left alone.
    """

    id = "predictable-random"
    area = "security"
    item = "S5"
    title = "Secret made with a predictable generator"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Use the secrets module: secrets.token_urlsafe(), secrets.choice(), secrets.randbelow()."
    bad = [
        Example(
            "token",
            {
                "accounts/reset.py": "import random\nimport string\n\n\ndef start(user):\n    user.reset_token = ''.join(random.choice(string.ascii_letters) for _ in range(32))\n    user.save()\n",
            },
            at=[("accounts/reset.py", 6)],
        ),
        Example(
            "one-time code that a function returns",
            {
                "accounts/otp.py": "from random import randint\n\n\ndef generate_otp():\n    return f'{randint(0, 999999):06}'\n",
                "letters.py": "import random\n\n\ndef make_password(letters):\n    made = []\n    for _ in range(12):\n        made.append(random.choice(letters))\n    return ''.join(made)\n",
            },
            at=[("accounts/otp.py", 5), ("letters.py", 7)],
        ),
        Example(
            "keyword",
            {
                "sessions.py": "import uuid\n\n\ndef open_session(store):\n    store.create(session_id=str(uuid.uuid1()))\n",
            },
            at=[("sessions.py", 5)],
        ),
        Example(
            "numpy",
            {
                "crypt.py": "import numpy as np\n\n\ndef encrypt(box, data):\n    nonce = np.random.bytes(12)\n    return box(nonce, data)\n",
            },
            at=[("crypt.py", 5)],
        ),
    ]
    good = [
        Example(
            "secrets; the system's generator",
            {
                "reset.py": "import secrets\n\n\ndef start(user):\n    user.reset_token = secrets.token_urlsafe()\n",
                "reset2.py": "import random\n\nrng = random.SystemRandom()\n\n\ndef start(user):\n    user.token = rng.getrandbits(128)\n",
            },
        ),
        Example(
            "jitter; sampling",
            {
                "retry.py": "import random\n\n\ndef delay(attempt):\n    return 2**attempt + random.random()\n",
                "ab.py": "import random\n\n\ndef pick(tokens):\n    token_sample = random.sample(tokens, 10)\n    return token_sample\n",
            },
        ),
    ]
    calls = (
        *(f"random.{name}" for name in _FUNCTIONS),
        *(f"random.Random.{name}" for name in _FUNCTIONS),
        *(f"numpy.random.{name}" for name in ("rand", "randint", "random", "choice", "bytes", "random_sample")),
        "uuid.uuid1",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        name = next((name for name in _targets(call) if _is_secret(name)), "")
        if name:
            ctx.report(call, f"{name} comes from {call.dotted}, whose output can be predicted.")


def _is_secret(name: str) -> bool:
    return is_secret_name(name) or _SECRET.search(name.lower()) is not None


def _targets(call: Call) -> list[str]:
    """The names that the value is given to, innermost first."""
    names: list[str] = []
    node: ast.AST = call.node
    while (above := call.parent(node)) is not None:
        if isinstance(above, ast.keyword):
            return [above.arg or ""]
        if isinstance(above, ast.Dict):
            keys = [key for key, value in zip(above.keys, above.values, strict=True) if value is node]
            return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
        if isinstance(above, ast.Call) and not _passes_on(above) and node is not above.func:
            return [_made_by(call)] if getattr(above.func, "attr", "") in ("append", "extend") else []
        if isinstance(above, ast.comprehension):
            return []
        if isinstance(above, (ast.Compare, ast.Subscript, ast.Slice)) or (
            isinstance(above, ast.IfExp) and node is above.test
        ):
            return []
        node = above
    stmt = call.stmt
    if isinstance(stmt, ast.Assign):
        names = [_name(target) for target in stmt.targets]
    elif isinstance(stmt, (ast.AnnAssign, ast.AugAssign)):
        names = [_name(stmt.target)]
    elif isinstance(stmt, ast.Return):
        names = [_made_by(call)]
    return names


def _made_by(call: Call) -> str:
    """What the def around makes, by its name: `token` for `generate_token`."""
    return _MAKES.sub("", getattr(call.function, "name", ""))


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return str(target.slice.value) if isinstance(target.slice, ast.Constant) else ""
    return getattr(target, "attr", getattr(target, "id", ""))


def _passes_on(call: ast.Call) -> bool:
    """Whether a call gives back what goes in, in another form: join, str, hex, a hash."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    return (
        name
        in (
            "join str hex bytes int bytearray format encode decode hexdigest digest md5 sha1 sha256 list tuple chr map "
            "b64encode urlsafe_b64encode to_bytes zfill replace lower upper"
        ).split()
    )
