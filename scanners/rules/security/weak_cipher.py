import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule

_MODES: Final = "cryptography.hazmat.primitives.ciphers.modes"
_CIPHERS: Final = {
    f"{base}.{name}": name
    for base in ("cryptography.hazmat.primitives.ciphers.algorithms", "cryptography.hazmat.decrepit.ciphers.algorithms")
    for name in ("TripleDES", "ARC4", "Blowfish", "IDEA", "CAST5", "SEED", "RC2")
} | {
    f"{base}.Cipher.{name}.new": name
    for base in ("Crypto", "Cryptodome")
    for name in ("DES", "DES3", "ARC2", "ARC4", "Blowfish", "CAST", "XOR")
}
_SIZES: Final = {
    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key": (1, "key_size", 2048),
    "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key": (0, "key_size", 2048),
    "Crypto.PublicKey.RSA.generate": (0, "bits", 2048),
    "Cryptodome.PublicKey.RSA.generate": (0, "bits", 2048),
    "Crypto.PublicKey.DSA.generate": (0, "bits", 2048),
    "rsa.newkeys": (0, "nbits", 2048),
    "paramiko.RSAKey.generate": (0, "bits", 2048),
}
_AES: Final = frozenset({"Crypto.Cipher.AES.new", "Cryptodome.Cipher.AES.new"})
_OLD_TLS: Final = frozenset("PROTOCOL_SSLv2 PROTOCOL_SSLv3 PROTOCOL_TLSv1 PROTOCOL_TLSv1_1".split())
_OLD_VERSIONS: Final = frozenset("SSLv3 TLSv1 TLSv1_1".split())
_READS: Final = re.compile(r"decrypt|legacy|(^|_)(old|import|migrate|upgrade|read|load|parse)(_|$)", re.I)


class WeakCipher(Rule):
    """
    Old ciphers, short keys and ECB leave data readable to whoever keeps a copy of it; old TLS does so on the wire.

    Looks at ciphers, modes and keys made with cryptography, PyCryptodome and rsa, and at TLS versions of ssl. A constant
    initialisation vector counts. Functions that only read an old format are a guess. CBC without a MAC is not looked for:
    the MAC may be made elsewhere.
    """

    id = "weak-cipher"
    area = "security"
    item = "S5"
    title = "Cipher, key or TLS version that is broken"
    severity = Severity.HIGH
    effort = Effort.HOURS
    fix = "Use AES-GCM or ChaCha20-Poly1305 with a fresh nonce, RSA of 3072 bits or Ed25519, TLS 1.2 or later."
    bad = [
        Example(
            "old ciphers",
            {
                "vault.py": "from Crypto.Cipher import ARC4, DES\n\n\ndef seal(key, data):\n"
                "    return DES.new(key, DES.MODE_CBC, data[:8]), ARC4.new(key)\n"
            },
            at=[("vault.py", 5), ("vault.py", 5)],
        ),
        Example(
            "ECB",
            {
                "vault.py": "from Crypto.Cipher import AES\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n\n\n"
                "def seal(key):\n    return AES.new(key, AES.MODE_ECB), Cipher(algorithms.AES(key), modes.ECB())\n"
            },
            at=[("vault.py", 6), ("vault.py", 6)],
        ),
        Example(
            "constant vector",
            {
                "vault.py": "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n\nIV = b'0123456789abcdef'\n\n\n"
                "def seal(key):\n    return Cipher(algorithms.AES(key), modes.CBC(IV))\n"
            },
            at=[("vault.py", 7)],
        ),
        Example(
            "short key",
            {
                "keys.py": "from cryptography.hazmat.primitives.asymmetric import rsa\n\n\ndef make():\n"
                "    return rsa.generate_private_key(public_exponent=65537, key_size=1024)\n"
            },
            at=[("keys.py", 5)],
        ),
        Example(
            "old TLS",
            {
                "peer.py": "import ssl\n\n\ndef context():\n    made = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n"
                "    made.minimum_version = ssl.TLSVersion.TLSv1_1\n    return made\n"
            },
            at=[("peer.py", 5), ("peer.py", 6)],
        ),
    ]
    good = [
        Example(
            "sealed with a fresh nonce",
            {
                "vault.py": "import os\n\nfrom Crypto.Cipher import AES\n\n\ndef seal(key, data):\n"
                "    return AES.new(key, AES.MODE_GCM, nonce=os.urandom(12)).encrypt_and_digest(data)\n"
            },
        ),
        Example(
            "long key",
            {
                "keys.py": "from cryptography.hazmat.primitives.asymmetric import rsa\n\nkey = rsa.generate_private_key(65537, 3072)\n"
            },
        ),
        Example(
            "new TLS",
            {
                "peer.py": "import ssl\n\nmade = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
                "made.minimum_version = ssl.TLSVersion.TLSv1_2\n"
            },
        ),
    ]
    calls = (
        *_CIPHERS,
        *_SIZES,
        *_AES,
        *(f"{_MODES}.{name}" for name in ("ECB", "CBC", "CTR", "GCM")),
        "ssl.SSLContext",
        "ssl.wrap_socket",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        fault = _fault(call, ctx)
        if fault:
            sure = Confidence.LOW if _READS.search(call.qualname) else self.confidence
            ctx.report(call, fault, confidence=sure)

    def visit_assign(self, place: Place[ast.Assign], ctx: Context) -> None:
        target, value = place.node.targets[0], place.node.value
        if isinstance(target, ast.Attribute) and target.attr == "minimum_version" and isinstance(value, ast.Attribute):
            ctx.site(place)
            if value.attr in _OLD_VERSIONS:
                ctx.report(place, f"{value.attr} is broken; peers can be made to fall back to it.")


def _fault(call: Call, ctx: Context) -> str:
    if call.dotted in _CIPHERS:
        return f"{_CIPHERS[call.dotted]} is broken."
    if call.dotted in _SIZES:
        position, name, least = _SIZES[call.dotted]
        bits = ctx.constant(call.argument(position, name), call)
        return (
            f"A key of {bits} bits is too short; use {least} or more." if isinstance(bits, int) and bits < least else ""
        )
    if call.dotted in _AES:
        mode = getattr(call.argument(1, "mode"), "attr", "")
        vector = call.argument(2, "iv", "nonce")
        return _mode_fault(mode.removeprefix("MODE_"), vector, call, ctx)
    if call.dotted.startswith(_MODES):
        return _mode_fault(call.last, call.argument(0, "initialization_vector", "nonce"), call, ctx)
    protocol = call.argument(0, "protocol") if call.last == "SSLContext" else call.keyword("ssl_version")
    name = getattr(protocol, "attr", "")
    return f"{name.removeprefix('PROTOCOL_')} is broken." if name in _OLD_TLS else ""


def _mode_fault(mode: str, vector: ast.expr | None, call: Call, ctx: Context) -> str:
    if mode == "ECB":
        return "ECB shows which blocks are equal."
    fixed = ctx.constant(vector, call) if vector is not None else None
    if isinstance(fixed, str | bytes) and fixed:
        return f"{mode} with a constant vector encrypts equal texts to equal bytes."
    return ""
