"""Ciphers, keys and protocol versions that are broken."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.names import find
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


CURVES: Final = {
    f"cryptography.hazmat.primitives.asymmetric.ec.{name}": int(name[4:7])
    for name in "SECP192R1 SECT163K1 SECT163R2".split()
}


_BROKEN: Final = regex(
    r"(^|[:+ ,])[\w-]*(RC4|\bDES\b|3DES|MD5|[ae]?NULL|EXP(ORT)?\b)|@SECLEVEL=0|(^|:)ALL\b(?!.*!)", re.I
)


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
    if call.dotted in CURVES:
        return f"A curve of {CURVES[call.dotted]} bits is too short; use 256."
    if call.last == "set_ciphers":
        given = ctx.constant(call.argument(0), call)
        broken = _BROKEN.search(given) if isinstance(given, str) else None
        return f"{broken[0].lstrip(':+')} lets peers choose a cipher that is broken." if broken else ""
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
    if vector is not None and _is_constant(vector, call, ctx):
        return f"{mode} with a constant vector encrypts equal texts to equal bytes."
    return ""


def _is_constant(vector: ast.expr, call: Call, ctx: Context, hops: int = 2) -> bool:
    """Whether a vector is the same each time: a literal, one repeated (`b"0" * 16`), `bytes(16)`, or a name of such."""
    found = find(vector.id, call.scope) if isinstance(vector, ast.Name) else None
    if found is not None:
        once = hops > 0 and len(found[0]) == 1 and found[0][0].kind == "assign"
        return once and _is_constant(found[0][0].value, call, ctx, hops - 1)
    if isinstance(vector, ast.BinOp) and isinstance(vector.op, ast.Mult):
        return hops > 0 and _is_constant(vector.left, call, ctx, hops - 1)
    if isinstance(vector, ast.Call):
        return (
            call.name(vector.func) in ("bytes", "bytearray")
            and bool(vector.args)
            and isinstance(ctx.constant(vector.args[0], call), int)
        )
    fixed = ctx.constant(vector, call)
    return isinstance(fixed, (str, bytes)) and bool(fixed)
