import re
from typing import Final

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.security import hashes

_MIXED: Final = regex(r"[+{]\s*\w*key\b|\bkey\s*\+|\b\w*(?<!cache)_key\b|\b\w*(secret|salt|token)\b", re.IGNORECASE)
_COST: Final = 10
_ITERATIONS: Final = 100_000

_UPDATES: Final = frozenset(f"hashlib.{name}().update" for name in ("md5", "sha1", *hashes.FAST))
_MORE: Final = ("hashlib.new", "bcrypt.gensalt", *hashes.LIBRARIES, *hashes.KDFS, *hashes.SCHEMES)


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
            "signing with md5; sha1 by name; other libraries",
            {
                "pay/sign.py": "import hashlib\n\n\ndef signature(body, key):\n    return hashlib.md5(body + key).hexdigest()\n",
                "tokens.py": "import hashlib\n\n\ndef token(user):\n    return hashlib.new('sha1', user.email.encode()).hexdigest()\n",
                "seal.py": "from Crypto.Hash import MD5\n\n\ndef seal(message):\n    return MD5.new(message).hexdigest()\n",
            },
            at=[("pay/sign.py", 5), ("seal.py", 5), ("tokens.py", 5)],
        ),
        Example(
            "fast hash of a password",
            {
                "auth.py": "from hashlib import sha256\n\n\ndef stored(password):\n    return sha256(password.encode()).hexdigest()\n",
                "users.py": "import hashlib\n\nimport bcrypt\nfrom passlib.hash import md5_crypt\n\n\ndef hash_password(pw):\n    made = hashlib.sha256()\n    made.update(pw.encode())\n    return made.hexdigest(), hashlib.sha1(pw.encode()).digest(), md5_crypt.hash(pw), bcrypt.gensalt(4)\n",
            },
            at=[("auth.py", 5), ("users.py", 9), ("users.py", 10), ("users.py", 10), ("users.py", 10)],
        ),
        Example(
            "few rounds and a constant salt",
            {
                "auth.py": "import hashlib\n\nSALT = b'pepper'\n\n\ndef stored(word, salt):\n    few = hashlib.pbkdf2_hmac('sha256', word, salt, 1000)\n    return few, hashlib.pbkdf2_hmac('sha256', word, SALT, 600_000)\n",
            },
            at=[("auth.py", 7), ("auth.py", 8)],
        ),
        Example(
            "an etag, which weighs less",
            {
                "views.py": "import hashlib\n\n\ndef etag(body):\n    return hashlib.md5(body).hexdigest()\n",
            },
            at=[("views.py", 5)],
        ),
    ]
    good = [
        Example(
            "strong; not for security",
            {
                "seal.py": "import hashlib\n\n\ndef seal(body):\n    return hashlib.sha256(body).hexdigest()\n",
                "views.py": "import hashlib\n\n\ndef etag(body):\n    return hashlib.md5(body, usedforsecurity=False).hexdigest()\n",
            },
        ),
        Example(
            "slow, salted; chosen at run time",
            {
                "auth.py": "import hashlib\nimport os\n\n\ndef stored(password):\n    salt = os.urandom(16)\n    return salt + hashlib.pbkdf2_hmac('sha256', password.encode(), salt, 600_000)\n",
                "sums.py": "import hashlib\n\n\ndef make(kind):\n    return hashlib.new(kind)\n",
            },
        ),
    ]
    calls = (*(f"hashlib.{name}" for name in ("md5", "sha1", *hashes.FAST)), *_UPDATES, *_MORE)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _UPDATES:
            if hashes.is_of_password(call):
                told = f"{call.dotted.split('.')[1][:-2]} is fast, so a stolen hash of a password is soon undone."
                ctx.report(call, told, severity=Severity.HIGH)
            return
        ctx.site(call)
        if call.dotted in hashes.KDFS or call.last == "gensalt":
            self._derivation(call, ctx)
            return
        if call.dotted in hashes.SCHEMES:
            ctx.report(call, "This scheme is fast, so a stolen hash is soon undone.", severity=Severity.HIGH)
            return
        name = hashes.algorithm(call, ctx)
        if name is None:
            ctx.unresolved(call, "Which hash is made is decided elsewhere.")
        elif hashes.is_of_password(call):
            told = f"{name} is fast, so a stolen hash of a password is soon undone."
            sure = Confidence.LOW if hashes.is_asked_for(call) else None
            ctx.report(call, told, severity=Severity.HIGH, confidence=sure)
        elif call.dotted in hashes.LIBRARIES and hashes.KEYED.search(hashes.holder(call)):
            return  # What mixes a key in does not rest on collisions.
        elif name in hashes.WEAK and ctx.constant(call.keyword("usedforsecurity"), call) is not False:
            self._weak(call, ctx, name)

    def _weak(self, call: Call, ctx: Context, name: str) -> None:
        words = hashes.around(call)
        if hashes.looks_guarding(words):
            ctx.report(call, f"{name} collides on purpose today; it proves nothing about who made the data.")
        else:
            message = (
                f"{name} here looks harmless; usedforsecurity=False says so and keeps it working where {name} is off."
            )
            ctx.report(
                call,
                message,
                severity=Severity.LOW,
                confidence=None if _MIXED.search(hashes.arguments(call)) else Confidence.LOW,
            )

    def _derivation(self, call: Call, ctx: Context) -> None:
        if call.last == "gensalt":
            cost = ctx.constant(call.argument(0, "rounds"), call)
            if isinstance(cost, int) and cost < _COST:
                ctx.report(call, f"A cost of {cost} is tried in no time; use 12.", severity=Severity.HIGH)
            return
        rounds = ctx.constant(call.argument(hashes.KDFS[call.dotted], "iterations"), call)
        salt = ctx.constant(call.argument(1 if call.dotted == "bcrypt.hashpw" else 2, "salt"), call)
        if isinstance(rounds, int) and rounds < _ITERATIONS:
            ctx.report(call, f"{rounds:,} rounds are tried in no time; use 600,000.", severity=Severity.HIGH)
        elif salt is not UNKNOWN and salt is not None:
            ctx.report(
                call, "The salt is the same for every password, so one table undoes them all.", severity=Severity.HIGH
            )
