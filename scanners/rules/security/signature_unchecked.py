import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.security.signatures import (
    DECODES,
    ENCODES,
    PEEKS,
    REQUEST,
    VERIFIES,
    decode_fault,
    decoded_in_full,
    is_digest,
    is_route,
    peeked,
)
from scanners.syntax import unparse


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
            {
                "auth.py": "from jose import jwt\n\n\ndef user(token):\n    return jwt.get_unverified_claims(token)['sub']\n"
            },
            at=[("auth.py", 5)],
        ),
        Example(
            "signed with nothing",
            {
                "auth.py": "import jwt\n\n\ndef issue(user):\n    return jwt.encode({'sub': user}, '', algorithm='none')\n"
            },
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
            {
                "auth.py": "import jwt\n\n\ndef user(token, key):\n    return jwt.decode(token, key, algorithms=['RS256'])['sub']\n"
            },
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
    calls = (*DECODES, *PEEKS, *ENCODES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in ENCODES:
            if str(ctx.constant(call.argument(2, "algorithm"), call)).lower() == "none":
                ctx.report(
                    call, "The token is signed with nothing, so anyone can make one.", confidence=Confidence.HIGH
                )
            return
        fault = "Nothing checks the signature of this token." if call.dotted in PEEKS else decode_fault(call, ctx)
        if fault and not decoded_in_full(call, call.function or call.node):
            peeks = peeked(call) and ctx.tree is not None and decoded_in_full(call, ctx.tree)
            ctx.report(call, fault, confidence=Confidence.LOW if peeks else None)
        elif not fault and call.unpacks:
            ctx.unresolved(call, "What is verified is decided elsewhere.")

    def visit_compare(self, place: Place[ast.Compare], ctx: Context) -> None:
        sides = [place.node.left, *place.node.comparators]
        if len(sides) != 2 or not isinstance(place.node.ops[0], (ast.Eq, ast.NotEq)):
            return
        if any(is_digest(side, place) for side in sides):
            ctx.site(place)
            message = "The time that == takes tells how much of the digest was right; use hmac.compare_digest."
            ctx.report(place, message, severity=Severity.LOW)

    def visit_function_def(self, place: Place[ast.FunctionDef], ctx: Context) -> None:
        node = place.node
        if "webhook" not in node.name.lower() or not any(is_route(decorator) for decorator in node.decorator_list):
            return
        ctx.site(place)
        if REQUEST.search(unparse(node)) and not VERIFIES.search(ctx.source):
            ctx.report(place, f"Nothing in this file verifies who sends what {node.name} takes.")
