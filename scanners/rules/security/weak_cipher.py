import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call
from scanners.rule import Example, Rule
from scanners.semantics.security.ciphers import AES, CIPHERS, CURVES, MODES, OLD_VERSIONS, READS, SIZES, cipher_fault


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
                "vault.py": "from Crypto.Cipher import ARC4, DES\n\n\ndef seal(key, data):\n    return DES.new(key, DES.MODE_CBC, data[:8]), ARC4.new(key)\n",
            },
            at=[("vault.py", 5), ("vault.py", 5)],
        ),
        Example(
            "ECB",
            {
                "vault.py": "from Crypto.Cipher import AES\nfrom cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n\n\ndef seal(key):\n    return AES.new(key, AES.MODE_ECB), Cipher(algorithms.AES(key), modes.ECB())\n",
            },
            at=[("vault.py", 6), ("vault.py", 6)],
        ),
        Example(
            "constant vector",
            {
                "vault.py": "from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes\n\nIV = b'0123456789abcdef'\n\n\ndef seal(key):\n    return Cipher(algorithms.AES(key), modes.CBC(IV))\n",
                "seal.py": "from Crypto.Cipher import AES\n\nVECTOR = b'0' * 16\n\n\ndef seal(key):\n    return AES.new(key, AES.MODE_CBC, VECTOR), AES.new(key, AES.MODE_CBC, bytes(16))\n",
            },
            at=[("seal.py", 7), ("seal.py", 7), ("vault.py", 7)],
        ),
        Example(
            "short key",
            {
                "keys.py": "from cryptography.hazmat.primitives.asymmetric import rsa\n\n\ndef make():\n    return rsa.generate_private_key(public_exponent=65537, key_size=1024)\n",
            },
            at=[("keys.py", 5)],
        ),
        Example(
            "old TLS, ciphers and curves",
            {
                "peer.py": "import ssl\n\n\ndef context():\n    made = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n    made.minimum_version = ssl.TLSVersion.TLSv1_1\n    return made\n",
                "old.py": "from cryptography.hazmat.primitives.asymmetric import ec\n\n\ndef old(context):\n    context.set_ciphers('ALL:@SECLEVEL=0')\n    context.set_ciphers('RC4-SHA')\n    return ec.generate_private_key(ec.SECP192R1())\n",
            },
            at=[("old.py", 5), ("old.py", 6), ("old.py", 7), ("peer.py", 5), ("peer.py", 6)],
        ),
    ]
    good = [
        Example(
            "sealed with a fresh nonce",
            {
                "vault.py": "import os\n\nfrom Crypto.Cipher import AES\n\n\ndef seal(key, data):\n    return AES.new(key, AES.MODE_GCM, nonce=os.urandom(12)).encrypt_and_digest(data)\n",
            },
        ),
        Example(
            "long key",
            {
                "keys.py": "from cryptography.hazmat.primitives.asymmetric import rsa\n\nkey = rsa.generate_private_key(65537, 3072)\n",
            },
        ),
        Example(
            "new TLS",
            {
                "peer.py": "import ssl\n\nmade = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\nmade.minimum_version = ssl.TLSVersion.TLSv1_2\n",
                "ciphers.py": "def new(context):\n    context.set_ciphers('HIGH:!aNULL:!MD5:!RC4')\n    context.set_ciphers('ECDHE+AESGCM')\n",
            },
        ),
    ]
    binds = staticmethod("minimum_version".__eq__)
    calls = (
        *CIPHERS,
        *SIZES,
        *AES,
        *(f"{MODES}.{name}" for name in ("ECB", "CBC", "CTR", "GCM")),
        "ssl.SSLContext",
        "ssl.wrap_socket",
        *CURVES,
        "*.set_ciphers",
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        fault = cipher_fault(call, ctx)
        if fault:
            sure = Confidence.LOW if READS.search(call.qualname) else self.confidence
            ctx.report(call, fault, confidence=sure)

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        target, value = getattr(bound.node, "targets", [None])[0], bound.value
        if isinstance(target, ast.Attribute) and isinstance(value, ast.Attribute):
            ctx.site(bound)
            if value.attr in OLD_VERSIONS:
                ctx.report(bound, f"{value.attr} is broken; peers can be made to fall back to it.")
