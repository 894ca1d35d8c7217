"""What a hash is for, as far as the names around it tell."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.syntax import unparse

WEAK: Final = frozenset({"md5", "sha1", "sha", "md4", "md2"})


FAST: Final = "sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split()


LIBRARIES: Final = {
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


SCHEMES: Final = frozenset(
    f"passlib.hash.{name}.{verb}"
    for name in "md5_crypt sha1_crypt des_crypt hex_md5 hex_sha1 ldap_md5 ldap_sha1 nthash lmhash plaintext".split()
    for verb in ("hash", "encrypt")
)
"""Schemes for passwords that are undone in no time."""


KDFS: Final = {"hashlib.pbkdf2_hmac": 3, "hashlib.scrypt": 9, "bcrypt.hashpw": 9}


_HANDLES: Final = regex(r"passw|passwd", re.I)
_PLAIN: Final = regex(r"\b(pw|pass|plain\w*|raw|clear\w*)\b", re.I)
_ASKS: Final = regex(r"\b\w*request\(|\brequests\.|\bhttpx\.|\bself\.load\(|\w*auth_query\(")
PASSWORD = regex(r"passw|passphrase|\bpwd|_pwd\b|passwd", re.I)


GUARDS = regex(
    r"token|secret|signature|signing|(^|_)sign|auth|session|nonce|csrf|hmac|credential|api_?key|activation", re.I
)


KEYED = regex(r"OAEP|MGF1|HMAC|HKDF|PBKDF2|TOTP|HOTP|ConcatKDF|X963")


_PLAINLY = regex(r"etag|cache|checksum|fingerprint|gravatar", re.IGNORECASE)
HARMLESS = regex(
    r"etag|cache|checksum|finger_?print|content|dedup|uniq|bucket|shard|colou?r|gravatar|avatar|slug|file|path|revision|"
    r"version|^ver$|chunk|blob|block|git|package|integrity|digest|guid|uuid|^uid|_uid$|unique|_id$|^id$|index|url|key_prefix|short|suffix|name|"
    r"identifier|hash|sum|legacy|(?<!api)_key$|query|lock|websocket|^ws_|accept|topic|match|instance|event|machine|node|host|"
    r"sort|plugin|^m$|^h$|^md5|^sha1?$|sha1|mysql|ntlm|hibp|pwned|change|template|image|commit|tag|label|hexid|urandom|public",
    re.IGNORECASE,
)


def algorithm(call: Call, ctx: Context) -> str | None:
    """The hash that a call makes, None when that is decided elsewhere."""
    if call.dotted in LIBRARIES:
        return LIBRARIES[call.dotted]
    if call.dotted != "hashlib.new":
        return call.last
    name = ctx.constant(call.argument(0, "name"), call)
    return name.lower().replace("-", "") if isinstance(name, str) else None


def arguments(call: Call) -> str:
    """What is hashed, as source text."""
    data = call.node.args[1:] if call.dotted == "hashlib.new" else call.node.args
    return " ".join(unparse(argument) for argument in data)


def is_of_password(call: Call) -> bool:
    """Whether what is hashed is a password, by its name or in a def that is named after one."""
    given = arguments(call)
    if PASSWORD.search(given):
        return "file" not in given
    return _PLAIN.search(given) is not None and _HANDLES.search(getattr(call.function, "name", "")) is not None


def is_asked_for(call: Call) -> bool:
    """Whether the same def sends something to another service, whose protocol may ask for this hash."""
    return call.function is not None and _ASKS.search(unparse(call.function)) is not None


def looks_guarding(words: list[str]) -> bool:
    """Whether the names around a hash say that it protects something, or say nothing at all."""
    if any(_PLAINLY.search(word) for word in words):
        return False
    return any(GUARDS.search(word) for word in words) or not any(HARMLESS.search(word) for word in words)


def holder(call: Call) -> str:
    """The call that the hash is passed to, as source text, empty for none."""
    above = call.parent()
    above = call.parent(above) if isinstance(above, ast.keyword) else above
    return unparse(above.func) if isinstance(above, ast.Call) else ""


def around(call: Call) -> list[str]:
    """The names that tell what a hash is for: what it is given to, what it is made of, the function it is made in."""
    stmt = call.stmt
    targets = getattr(stmt, "targets", [getattr(stmt, "target", None)])
    texts = [unparse(target) for target in targets if isinstance(target, ast.AST)]
    texts += [arguments(call), getattr(call.parent(), "arg", None) or "", holder(call), call.qualname]
    return [word for text in texts for word in re.findall(r"\w+", text)]
