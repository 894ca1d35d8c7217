"""What is verified of a token or digest."""

import ast
import re
from typing import Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Block, Call, Place
from scanners.regex import regex
from scanners.semantics.owncalls import own
from scanners.semantics.requestdata import taint
from scanners.semantics.secrets import is_secret_name
from scanners.semantics.security.handed import of_dict, passed
from scanners.syntax import descendants, unparse

_HMACS: Final = frozenset({"hmac.new", "hmac.digest", "hmac.HMAC"})


_ROUTES: Final = frozenset(
    "route get post put websocket api_view csrf_exempt require_POST require_http_methods".split()
)


_PEEKED: Final = regex(r"unverified|unvalidated|peek|header|issuer|kid|without_verif|untrusted|insecure", re.IGNORECASE)


def decode_fault(call: Call, ctx: Context) -> str:
    """What is not verified by a call that decodes a token, empty when all is."""
    options = call.argument(3) or passed(call, "options")
    if ctx.constant(passed(call, "verify"), call) is False or _switches_off(options, call):
        return "The signature of this token is not verified."
    algorithms = call.argument(2, "algorithms")
    key = call.argument(1, "key")
    if algorithms is None and key is not None and re.search(r"jwk|signing_key", unparse(key), re.IGNORECASE):
        return ""  # A key from a key set names its algorithm.
    if algorithms is None and not call.unpacks and not call.dotted.startswith("jose."):
        return "The token itself decides by which algorithm it is verified."
    if algorithms is not None and _of_the_token(algorithms, call):
        return "The header of the token, which nobody has verified, decides by which algorithm it is verified."
    allowed = ctx.constant(algorithms, call)
    if isinstance(allowed, tuple) and any(str(name).lower() == "none" for name in allowed):
        return 'Tokens of the algorithm "none" are signed by nobody.'
    return ""


def _of_the_token(algorithms: ast.expr, call: Call) -> bool:
    names = [node.id for node in descendants(algorithms) if isinstance(node, ast.Name)]
    held = [binding.value for name in names for binding in call.scope.bindings(name) if binding.kind == "assign"]
    return any("get_unverified_header" in unparse(expr) for expr in (algorithms, *held))


def _switches_off(options: ast.expr | None, call: Call) -> bool:
    given = of_dict(options, call, "verify_signature") if options is not None else None
    return given is not None and fold(given, call.scope) is False


def decoded_in_full(call: Call, around: ast.AST) -> bool:
    """Whether the code `around` a call also decodes with a key, and does not switch verification off there."""
    for node in descendants(around):
        if (
            isinstance(node, ast.Call)
            and node is not call.node
            and getattr(node.func, "attr", "") in ("decode", "verify")
        ):
            given = {word.arg: word.value for word in node.keywords}
            off = "verify" in given or _switches_off(given.get("options"), call)
            if (given.keys() & {"algorithms", "key"} or len(node.args) > 1) and not off:
                return True
    return False


def peeked(call: Call) -> bool:
    """Whether names say that a token is only looked at here, to find out how to verify it."""
    targets = getattr(call.stmt, "targets", [])
    return _PEEKED.search(" ".join([call.qualname, *map(unparse, targets)])) is not None


def is_digest(side: ast.expr, place: Place[ast.Compare]) -> bool:
    """Whether an expression is the digest of an HMAC, by itself or through a name of the same function."""
    if isinstance(side, (ast.BinOp, ast.JoinedStr)) and any(
        isinstance(node, ast.Name) and is_digest(node, place) for node in descendants(side)
    ):
        return True
    if isinstance(side, ast.Name):
        values = [binding.value for binding in place.scope.bindings(side.id) if binding.kind == "assign"]
        return any(isinstance(value, ast.Call) and is_digest(value, place) for value in values)
    for node in descendants(side) if isinstance(side, (ast.Call, ast.BinOp, ast.JoinedStr)) else ():
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("hexdigest", "digest", "new"):
            inner = node.func.value if isinstance(node.func, ast.Attribute) else node
            named = place.name(node.func)
            if named in _HMACS or place.name(inner).removesuffix("()") in _HMACS:
                return True
    return False


def makes_digest(side: ast.expr, place: Place[ast.Compare], ctx: Context) -> bool:
    """Whether a call of the file's own def gives the digest of an HMAC."""
    if "hmac" not in ctx.source or not isinstance(side, ast.Call):
        return False
    made = ctx.definition(place.resolve(side.func))
    if not isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    scope = ctx.module.functions[made]
    inside = Place(place.node, Block("function", made, None, scope), None)
    return any(node.value is not None and is_digest(node.value, inside) for node in own(made, ast.Return))


def is_secret_sent(sides: list[ast.expr], place: Place[ast.Compare], ctx: Context) -> bool:
    """Whether what the request sends is compared with a secret that the service keeps."""
    for kept, sent in (sides, sides[::-1]):
        if _named_secret(kept) and taint(sent, place, ctx) is not None and taint(kept, place, ctx) is None:
            return True
    return False


def _named_secret(side: ast.expr) -> bool:
    """Whether a side is something kept whose name says that it is a secret: a name, an attribute, a key."""
    if isinstance(side, ast.JoinedStr):  # f"Bearer {TOKEN}"
        return any(isinstance(part, ast.FormattedValue) and _named_secret(part.value) for part in side.values)
    if isinstance(side, ast.Subscript):
        return isinstance(side.slice, ast.Constant) and is_secret_name(str(side.slice.value))
    return is_secret_name(getattr(side, "attr", getattr(side, "id", "")))


def is_route(decorator: ast.expr) -> bool:
    """Whether a decorator makes a function a route."""
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(made, "attr", getattr(made, "id", "")) in _ROUTES


DECODES: Final = frozenset(
    {"jwt.decode", "jwt.PyJWT.decode", "jwt.decode_complete", "jose.jwt.decode", "jose.jws.verify"}
)


PEEKS: Final = frozenset({"jose.jwt.get_unverified_claims", "jose.jws.get_unverified_claims"})


ENCODES: Final = frozenset({"jwt.encode", "jwt.PyJWT.encode", "jose.jwt.encode"})


VERIFIES: Final = regex(r"signature|hmac|verif|secret|compare_digest|construct_event|svix|token|auth|unsign", re.I)


REQUEST: Final = regex(r"\brequest\.(json|body|data|get_json|form|POST)\b|\bawait request\b|payload|\bbody\b", re.I)
