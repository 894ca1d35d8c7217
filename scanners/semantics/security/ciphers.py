"""Ciphers, keys and protocol versions that are broken."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex

MODES: Final = "cryptography.hazmat.primitives.ciphers.modes"


CIPHERS: Final = {
    f"{base}.{name}": name
    for base in ("cryptography.hazmat.primitives.ciphers.algorithms", "cryptography.hazmat.decrepit.ciphers.algorithms")
    for name in ("TripleDES", "ARC4", "Blowfish", "IDEA", "CAST5", "SEED", "RC2")
} | {
    f"{base}.Cipher.{name}.new": name
    for base in ("Crypto", "Cryptodome")
    for name in ("DES", "DES3", "ARC2", "ARC4", "Blowfish", "CAST", "XOR")
}


SIZES: Final = {
    "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key": (1, "key_size", 2048),
    "cryptography.hazmat.primitives.asymmetric.dsa.generate_private_key": (0, "key_size", 2048),
    "Crypto.PublicKey.RSA.generate": (0, "bits", 2048),
    "Cryptodome.PublicKey.RSA.generate": (0, "bits", 2048),
    "Crypto.PublicKey.DSA.generate": (0, "bits", 2048),
    "rsa.newkeys": (0, "nbits", 2048),
    "paramiko.RSAKey.generate": (0, "bits", 2048),
}


AES: Final = frozenset({"Crypto.Cipher.AES.new", "Cryptodome.Cipher.AES.new"})


_OLD_TLS: Final = frozenset("PROTOCOL_SSLv2 PROTOCOL_SSLv3 PROTOCOL_TLSv1 PROTOCOL_TLSv1_1".split())


OLD_VERSIONS: Final = frozenset("SSLv3 TLSv1 TLSv1_1".split())


READS: Final = regex(r"decrypt|legacy|(^|_)(old|import|migrate|upgrade|read|load|parse)(_|$)", re.I)


def cipher_fault(call: Call, ctx: Context) -> str:
    """What is broken about what a call makes, empty for nothing."""
    if call.dotted in CIPHERS:
        return f"{CIPHERS[call.dotted]} is broken."
    if call.dotted in SIZES:
        position, name, least = SIZES[call.dotted]
        bits = ctx.constant(call.argument(position, name), call)
        return (
            f"A key of {bits} bits is too short; use {least} or more." if isinstance(bits, int) and bits < least else ""
        )
    if call.dotted in AES:
        mode = getattr(call.argument(1, "mode"), "attr", "")
        vector = call.argument(2, "iv", "nonce")
        return _mode_fault(mode.removeprefix("MODE_"), vector, call, ctx)
    if call.dotted.startswith(MODES):
        return _mode_fault(call.last, call.argument(0, "initialization_vector", "nonce"), call, ctx)
    protocol = call.argument(0, "protocol") if call.last == "SSLContext" else call.keyword("ssl_version")
    name = getattr(protocol, "attr", "")
    return f"{name.removeprefix('PROTOCOL_')} is broken." if name in _OLD_TLS else ""


def _mode_fault(mode: str, vector: ast.expr | None, call: Call, ctx: Context) -> str:
    if mode == "ECB":
        return "ECB shows which blocks are equal."
    fixed = ctx.constant(vector, call) if vector is not None else None
    if isinstance(fixed, (str, bytes)) and fixed:
        return f"{mode} with a constant vector encrypts equal texts to equal bytes."
    return ""
