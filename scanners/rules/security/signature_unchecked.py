import ast
import re
from typing import Final

from scanners.constants import fold
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule

_DECODES: Final = frozenset({"jwt.decode", "jwt.PyJWT.decode", "jwt.decode_complete", "jose.jwt.decode", "jose.jws.verify"})
_PEEKS: Final = frozenset({"jose.jwt.get_unverified_claims", "jose.jws.get_unverified_claims"})
_ENCODES: Final = frozenset({"jwt.encode", "jwt.PyJWT.encode", "jose.jwt.encode"})
_HMACS: Final = frozenset({"hmac.new", "hmac.digest", "hmac.HMAC"})
_ROUTES: Final = frozenset("route get post put websocket api_view csrf_exempt require_POST require_http_methods".split())
_VERIFIES: Final = re.compile(r"signature|hmac|verif|secret|compare_digest|construct_event|svix|token|auth|unsign", re.I)
_REQUEST: Final = re.compile(r"\brequest\.(json|body|data|get_json|form|POST)\b|\bawait request\b|payload|\bbody\b", re.I)


class SignatureUnchecked(Rule):
    """
    A token whose signature nobody checks says whatever its sender wrote: any user, any role.

    Looks at JWT decoding with PyJWT and python-jose: verification off, no algorithms, or "none" among them. A look at a
    token before the same function decodes it in full is good. Also looks at digests of hmac compared by `==`, whose timing
    tells how much was right, and at webhook handlers in files where nothing verifies.
    """

    id = "signature-unchecked"
    area = "security"
    item = "S5"
    title = "Signature that is not checked"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Decode with a key and a fixed list of algorithms; compare digests with hmac.compare_digest."
    bad = [
        Example(
            "verification off",
            {
                "auth.py": "import jwt\n\n\ndef user(token, key):\n    old = jwt.decode(token, key, verify=False)\n"
                "    return jwt.decode(token, options={'verify_signature': False})\n"
            },
            at=[("auth.py", 5), ("auth.py", 6)],
        ),
        Example(
            "no algorithms, or none",
            {
                "auth.py": "import jwt\nfrom jose import jwt as jose\n\n\ndef first(token, key):\n    return jwt.decode(token, key)\n\n\n"
                "def second(token, key):\n    return jose.decode(token, key, algorithms=['HS256', 'none'])\n"
            },
            at=[("auth.py", 6), ("auth.py", 10)],
        ),
        Example(
            "claims without a check",
            {"auth.py": "from jose import jwt\n\n\ndef user(token):\n    return jwt.get_unverified_claims(token)['sub']\n"},
            at=[("auth.py", 5)],
        ),
        Example(
            "signed with nothing",
            {"auth.py": "import jwt\n\n\ndef issue(user):\n    return jwt.encode({'sub': user}, '', algorithm='none')\n"},
            at=[("auth.py", 5)],
        ),
        Example(
            "digest compared by ==",
            {
                "hooks.py": "import hashlib\nimport hmac\n\n\ndef accept(body, sent, key):\n"
                "    made = hmac.new(key, body, hashlib.sha256).hexdigest()\n    return made == sent\n"
            },
            at=[("hooks.py", 7)],
        ),
        Example(
            "webhook that verifies nothing",
            {
                "hooks.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/webhooks/payments')\n"
                "def payment_webhook():\n    event = request.get_json()\n    return {'paid': event['id']}\n"
            },
            at=[("hooks.py", 7)],
        ),
    ]
    good = [
        Example(
            "verified",
            {"auth.py": "import jwt\n\n\ndef user(token, key):\n    return jwt.decode(token, key, algorithms=['RS256'])['sub']\n"},
        ),
        Example(
            "peek, then verify",
            {
                "auth.py": "import jwt\n\n\ndef user(token, keys):\n"
                "    issuer = jwt.decode(token, options={'verify_signature': False})['iss']\n"
                "    return jwt.decode(token, keys[issuer], algorithms=['RS256'])\n"
            },
        ),
        Example(
            "compared in constant time",
            {
                "hooks.py": "import hmac\n\n\ndef accept(body, sent, key):\n"
                "    return hmac.compare_digest(hmac.new(key, body, 'sha256').hexdigest(), sent)\n"
            },
        ),
        Example(
            "webhook that verifies",
            {
                "hooks.py": "import stripe\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/webhooks/pay')\n"
                "def pay_webhook():\n    stripe.Webhook.construct_event(request.data, request.headers['Sig'], app.config['K'])\n"
                "    return ''\n"
            },
        ),
    ]
    calls = (*_DECODES, *_PEEKS, *_ENCODES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in _ENCODES:
            if str(ctx.constant(call.argument(2, "algorithm"), call)).lower() == "none":
                ctx.report(call, "The token is signed with nothing, so anyone can make one.", confidence=Confidence.HIGH)
            return
        fault = "Nothing checks the signature of this token." if call.dotted in _PEEKS else _fault(call, ctx)
        if fault and not _decoded_in_full(call):
            ctx.report(call, fault)
        elif not fault and call.unpacks:
            ctx.unresolved(call, "What is verified is decided elsewhere.")

    def visit_compare(self, place: Place[ast.Compare], ctx: Context) -> None:
        sides = [place.node.left, *place.node.comparators]
        if len(sides) != 2 or not isinstance(place.node.ops[0], ast.Eq | ast.NotEq):
            return
        if any(_is_digest(side, place) for side in sides):
            ctx.site(place)
            message = "The time that == takes tells how much of the digest was right; use hmac.compare_digest."
            ctx.report(place, message, severity=Severity.LOW)

    def visit_function_def(self, place: Place[ast.FunctionDef], ctx: Context) -> None:
        node = place.node
        if "webhook" not in node.name.lower() or not any(_is_route(decorator) for decorator in node.decorator_list):
            return
        ctx.site(place)
        if _REQUEST.search(ast.unparse(node)) and not _VERIFIES.search(ctx.source):
            ctx.report(place, f"Nothing in this file verifies who sends what {node.name} takes.")


def _fault(call: Call, ctx: Context) -> str:
    options = call.argument(3, "options")
    if ctx.constant(call.keyword("verify"), call) is False or _switches_off(options, call):
        return "The signature of this token is not verified."
    algorithms = call.argument(2, "algorithms")
    if algorithms is None and not call.unpacks and not call.dotted.startswith("jose."):
        return "The token itself decides by which algorithm it is verified."
    allowed = ctx.constant(algorithms, call)
    if isinstance(allowed, tuple) and any(str(name).lower() == "none" for name in allowed):
        return 'Tokens of the algorithm "none" are signed by nobody.'
    return ""


def _switches_off(options: ast.expr | None, call: Call) -> bool:
    if isinstance(options, ast.Name):
        found = call.scope.bindings(options.id)
        options = found[0].value if len(found) == 1 and found[0].kind == "assign" else None
    if not isinstance(options, ast.Dict):
        return False
    pairs = zip(options.keys, options.values, strict=True)
    return any(
        isinstance(key, ast.Constant) and key.value == "verify_signature" and fold(value, call.scope) is False
        for key, value in pairs
    )


def _decoded_in_full(call: Call) -> bool:
    """Whether the same function also decodes with algorithms, and does not switch verification off there."""
    for node in ast.walk(call.function or call.node):
        if isinstance(node, ast.Call) and node is not call.node and getattr(node.func, "attr", "") in ("decode", "verify"):
            named = {word.arg for word in node.keywords}
            if (named & {"algorithms", "key"} or len(node.args) > 2) and not named & {"options", "verify"}:
                return True
    return False


def _is_digest(side: ast.expr, place: Place[ast.Compare]) -> bool:
    """Whether an expression is the digest of an HMAC, by itself or through a name of the same function."""
    if isinstance(side, ast.Name):
        values = [binding.value for binding in place.scope.bindings(side.id) if binding.kind == "assign"]
        return any(isinstance(value, ast.Call) and _is_digest(value, place) for value in values)
    for node in ast.walk(side) if isinstance(side, ast.Call | ast.BinOp | ast.JoinedStr) else ():
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("hexdigest", "digest", "new"):
            inner = node.func.value if isinstance(node.func, ast.Attribute) else node
            named = place.name(node.func)
            if named in _HMACS or place.name(inner).removesuffix("()") in _HMACS:
                return True
    return False


def _is_route(decorator: ast.expr) -> bool:
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return getattr(made, "attr", getattr(made, "id", "")) in _ROUTES


