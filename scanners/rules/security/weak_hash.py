import ast
import re
from typing import Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule

_WEAK: Final = frozenset({"md5", "sha1", "sha", "md4", "md2"})
_FAST: Final = "sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split()
_LIBRARIES: Final = {
    "Crypto.Hash.MD5.new": "md5",
    "Crypto.Hash.MD4.new": "md4",
    "Crypto.Hash.MD2.new": "md2",
    "Crypto.Hash.SHA.new": "sha1",
    "Crypto.Hash.SHA1.new": "sha1",
    "Cryptodome.Hash.MD5.new": "md5",
    "Cryptodome.Hash.SHA1.new": "sha1",
    "cryptography.hazmat.primitives.hashes.MD5": "md5",
    "cryptography.hazmat.primitives.hashes.SHA1": "sha1",
}
_KDFS: Final = {"hashlib.pbkdf2_hmac": 3, "hashlib.scrypt": 9, "bcrypt.hashpw": 9}
_ITERATIONS: Final = 100_000
_PASSWORD = re.compile(r"passw|passphrase|\bpwd|_pwd\b|passwd", re.I)
_GUARDS = re.compile(
    r"token|secret|signature|signing|(^|_)sign|auth|session|nonce|csrf|hmac|credential|api_?key|activation", re.I
)
_KEYED = re.compile(r"OAEP|MGF1|HMAC|HKDF|PBKDF2|TOTP|HOTP|ConcatKDF|X963")
_HARMLESS = re.compile(
    r"etag|cache|checksum|finger_?print|content|dedup|uniq|bucket|shard|colou?r|gravatar|avatar|slug|file|path|revision|"
    r"version|^ver$|chunk|blob|block|git|package|integrity|digest|guid|uuid|_id$|^id$|index|url|key_prefix|short|suffix|name|"
    r"identifier|hash|sum|legacy|(?<!api)_key$|query|lock|websocket|^ws_|accept|topic|match|instance|event|machine|node|host|"
    r"sort|plugin|^m$|^h$|^md5|^sha1?$|sha1|mysql|ntlm|hibp|pwned|change|template|image|commit|tag|label|hexid|urandom|public",
    re.IGNORECASE,
)


class WeakHash(Rule):
    """
    MD5 and SHA-1 collide on purpose today, and any fast hash of a password is undone by trying words.

    Looks at where hashes are made: hashlib, PyCryptodome, cryptography. `usedforsecurity=False` is good. A hash that is
    named like a cache key, checksum or etag weighs less. For passwords every plain fast hash counts, as do key derivation
    with few rounds and a constant salt.
    """

    id = "weak-hash"
    area = "security"
    item = "S5"
    title = "Hash that is too weak for its use"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Use SHA-256 or BLAKE2; for passwords argon2, scrypt or bcrypt; say usedforsecurity=False where it protects nothing."
    bad = [
        Example(
            "signing with md5",
            {
                "pay/sign.py": "import hashlib\n\n\ndef signature(body, key):\n    return hashlib.md5(body + key).hexdigest()\n"
            },
            at=[("pay/sign.py", 5)],
        ),
        Example(
            "sha1 by name",
            {
                "tokens.py": "import hashlib\n\n\ndef token(user):\n    return hashlib.new('sha1', user.email.encode()).hexdigest()\n"
            },
            at=[("tokens.py", 5)],
        ),
        Example(
            "fast hash of a password",
            {
                "auth.py": "from hashlib import sha256\n\n\ndef stored(password):\n    return sha256(password.encode()).hexdigest()\n"
            },
            at=[("auth.py", 5)],
        ),
        Example(
            "few rounds and a constant salt",
            {
                "auth.py": "import hashlib\n\nSALT = b'pepper'\n\n\ndef stored(word, salt):\n"
                "    few = hashlib.pbkdf2_hmac('sha256', word, salt, 1000)\n"
                "    return few, hashlib.pbkdf2_hmac('sha256', word, SALT, 600_000)\n"
            },
            at=[("auth.py", 7), ("auth.py", 8)],
        ),
        Example(
            "other libraries",
            {
                "seal.py": "from Crypto.Hash import MD5\n\n\ndef seal(message):\n    return MD5.new(message).hexdigest()\n"
            },
            at=[("seal.py", 5)],
        ),
        Example(
            "an etag, which weighs less",
            {"views.py": "import hashlib\n\n\ndef etag(body):\n    return hashlib.md5(body).hexdigest()\n"},
            at=[("views.py", 5)],
        ),
    ]
    good = [
        Example(
            "strong", {"seal.py": "import hashlib\n\n\ndef seal(body):\n    return hashlib.sha256(body).hexdigest()\n"}
        ),
        Example(
            "not for security",
            {
                "views.py": "import hashlib\n\n\ndef etag(body):\n    return hashlib.md5(body, usedforsecurity=False).hexdigest()\n"
            },
        ),
        Example(
            "slow, salted",
            {
                "auth.py": "import hashlib\nimport os\n\n\ndef stored(password):\n    salt = os.urandom(16)\n"
                "    return salt + hashlib.pbkdf2_hmac('sha256', password.encode(), salt, 600_000)\n"
            },
        ),
        Example(
            "chosen at run time", {"sums.py": "import hashlib\n\n\ndef make(kind):\n    return hashlib.new(kind)\n"}
        ),
    ]
    calls = (*(f"hashlib.{name}" for name in ("md5", "sha1", *_FAST)), "hashlib.new", *_LIBRARIES, *_KDFS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in _KDFS:
            self._derivation(call, ctx)
            return
        name = _algorithm(call, ctx)
        if name is None:
            ctx.unresolved(call, "Which hash is made is decided elsewhere.")
        elif _PASSWORD.search(_arguments(call)) and "file" not in _arguments(call):
            ctx.report(call, f"{name} is fast, so a stolen hash of a password is soon undone.", severity=Severity.HIGH)
        elif call.dotted in _LIBRARIES and _KEYED.search(_holder(call)):
            return  # What mixes a key in does not rest on collisions.
        elif name in _WEAK and ctx.constant(call.keyword("usedforsecurity"), call) is not False:
            self._weak(call, ctx, name)

    def _weak(self, call: Call, ctx: Context, name: str) -> None:
        words = _around(call)
        if any(_GUARDS.search(word) for word in words) or not any(_HARMLESS.search(word) for word in words):
            ctx.report(call, f"{name} collides on purpose today; it proves nothing about who made the data.")
        else:
            message = (
                f"{name} here looks harmless; usedforsecurity=False says so and keeps it working where {name} is off."
            )
            ctx.report(call, message, severity=Severity.LOW)

    def _derivation(self, call: Call, ctx: Context) -> None:
        rounds = ctx.constant(call.argument(_KDFS[call.dotted], "iterations"), call)
        salt = ctx.constant(call.argument(1 if call.dotted == "bcrypt.hashpw" else 2, "salt"), call)
        if isinstance(rounds, int) and rounds < _ITERATIONS:
            ctx.report(call, f"{rounds:,} rounds are tried in no time; use 600,000.", severity=Severity.HIGH)
        elif salt is not UNKNOWN and salt is not None:
            ctx.report(
                call, "The salt is the same for every password, so one table undoes them all.", severity=Severity.HIGH
            )


def _algorithm(call: Call, ctx: Context) -> str | None:
    if call.dotted in _LIBRARIES:
        return _LIBRARIES[call.dotted]
    if call.dotted != "hashlib.new":
        return call.last
    name = ctx.constant(call.argument(0, "name"), call)
    return name.lower().replace("-", "") if isinstance(name, str) else None


def _arguments(call: Call) -> str:
    data = call.node.args[1:] if call.dotted == "hashlib.new" else call.node.args
    return " ".join(ast.unparse(argument) for argument in data)


def _holder(call: Call) -> str:
    above = call.parent()
    above = call.parent(above) if isinstance(above, ast.keyword) else above
    return ast.unparse(above.func) if isinstance(above, ast.Call) else ""


def _around(call: Call) -> list[str]:
    """The names that tell what a hash is for: what it is given to, what it is made of, the function it is made in."""
    stmt = call.stmt
    targets = getattr(stmt, "targets", [getattr(stmt, "target", None)])
    texts = [ast.unparse(target) for target in targets if isinstance(target, ast.AST)]
    texts += [_arguments(call), getattr(call.parent(), "arg", None) or "", _holder(call), call.qualname]
    return [word for text in texts for word in re.findall(r"\w+", text)]
