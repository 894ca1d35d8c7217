import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.requestsources import serving
from scanners.semantics.security import signatures
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
                "auth.py": "import jwt\n\n\ndef user(token, key):\n    old = jwt.decode(token, key, verify=False)\n    return jwt.decode(token, options={'verify_signature': False})\n",
                "read.py": "import jwt\n\nLOOSE = dict(verify_signature=False)\n\n\ndef read(token, key):\n    return jwt.decode(token, key, algorithms=['HS256'], **{'options': LOOSE})\n",
            },
            at=[("auth.py", 5), ("auth.py", 6), ("read.py", 7)],
        ),
        Example(
            "no algorithms, or none",
            {
                "auth.py": "import jwt\nfrom jose import jwt as jose\n\n\ndef first(token, key):\n    return jwt.decode(token, key)\n\n\ndef second(token, key):\n    return jose.decode(token, key, algorithms=['HS256', 'none'])\n",
            },
            at=[("auth.py", 6), ("auth.py", 10)],
        ),
        Example(
            "claims without a check; signed with nothing",
            {
                "auth.py": "from jose import jwt\n\n\ndef user(token):\n    return jwt.get_unverified_claims(token)['sub']\n",
                "auth2.py": "import jwt\n\n\ndef issue(user):\n    return jwt.encode({'sub': user}, '', algorithm='none')\n",
            },
            at=[("auth.py", 5), ("auth2.py", 5)],
        ),
        Example(
            "digest compared by ==",
            {
                "hooks.py": "import hashlib\nimport hmac\n\n\ndef accept(body, sent, key):\n    made = hmac.new(key, body, hashlib.sha256).hexdigest()\n    return made == sent\n",
            },
            at=[("hooks.py", 7)],
        ),
        Example(
            "webhook that verifies nothing",
            {
                "hooks.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/webhooks/payments')\ndef payment_webhook():\n    event = request.get_json()\n    return {'paid': event['id']}\n",
            },
            at=[("hooks.py", 7)],
        ),
        Example(
            "secrets compared by ==",
            {
                "hook.py": "import hmac\n\nfrom flask import Flask, abort, request\n\napp = Flask(__name__)\nAPI_TOKEN = load('API_TOKEN')\n\n\ndef sign(body):\n    return hmac.new(API_TOKEN, body, 'sha256').hexdigest()\n\n\n@app.post('/jobs')\ndef jobs():\n    if request.headers.get('Authorization') != f'Bearer {API_TOKEN}':\n        abort(401)\n    if request.headers['X-Signature'] != sign(request.data):\n        abort(403)\n    return ''\n",
            },
            at=[("hook.py", 15), ("hook.py", 17)],
        ),
    ]
    good = [
        Example(
            "verified; peek, then verify",
            {
                "auth.py": "import jwt\n\n\ndef user(token, key):\n    return jwt.decode(token, key, algorithms=['RS256'])['sub']\n",
                "auth2.py": "import jwt\n\n\ndef user(token, keys):\n    issuer = jwt.decode(token, options={'verify_signature': False})['iss']\n    return jwt.decode(token, keys[issuer], algorithms=['RS256'])\n",
            },
        ),
        Example(
            "compared in constant time",
            {
                "hooks.py": "import hmac\n\n\ndef accept(body, sent, key):\n    return hmac.compare_digest(hmac.new(key, body, 'sha256').hexdigest(), sent)\n",
            },
        ),
        Example(
            "webhook that verifies",
            {
                "hooks.py": "import stripe\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/webhooks/pay')\ndef pay_webhook():\n    stripe.Webhook.construct_event(request.data, request.headers['Sig'], app.config['K'])\n    return ''\n",
            },
        ),
        Example(
            "what is sent twice; a form",
            {
                "form.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/password')\ndef change(password):\n    if request.form['password'] != request.form['password2'] or request.form['token'] == '':\n        return 'Type it twice.'\n    return ''\n",
            },
        ),
    ]
    calls = (*signatures.DECODES, *signatures.PEEKS, *signatures.ENCODES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in signatures.ENCODES:
            if str(ctx.constant(call.argument(2, "algorithm"), call)).lower() == "none":
                ctx.report(
                    call, "The token is signed with nothing, so anyone can make one.", confidence=Confidence.HIGH
                )
            return
        fault = (
            "Nothing checks the signature of this token."
            if call.dotted in signatures.PEEKS
            else signatures.decode_fault(call, ctx)
        )
        if fault and not signatures.decoded_in_full(call, call.function or call.node):
            peeks = signatures.peeked(call) and ctx.tree is not None and signatures.decoded_in_full(call, ctx.tree)
            ctx.report(call, fault, confidence=Confidence.LOW if peeks else None)
        elif not fault and call.unpacks:
            ctx.unresolved(call, "What is verified is decided elsewhere.")

    def visit_compare(self, place: Place[ast.Compare], ctx: Context) -> None:
        sides = [place.node.left, *place.node.comparators]
        if len(sides) != 2 or not isinstance(place.node.ops[0], (ast.Eq, ast.NotEq)):
            return
        if any(signatures.is_digest(side, place) or signatures.makes_digest(side, place, ctx) for side in sides):
            ctx.site(place)
            message = "The time that == takes tells how much of the digest was right; use hmac.compare_digest."
            ctx.report(place, message, severity=Severity.LOW)
        elif serving(ctx) and signatures.is_secret_sent(sides, place, ctx):
            ctx.site(place)
            message = "The time that == takes tells how much of the secret was right; use hmac.compare_digest."
            ctx.report(place, message, severity=Severity.LOW, confidence=Confidence.MEDIUM)

    def visit_function_def(self, place: Place[ast.FunctionDef], ctx: Context) -> None:
        node = place.node
        if "webhook" not in node.name.lower() or not any(
            signatures.is_route(decorator) for decorator in node.decorator_list
        ):
            return
        ctx.site(place)
        if signatures.REQUEST.search(unparse(node)) and not ctx.source.finds(signatures.VERIFIES):
            ctx.report(place, f"Nothing in this file verifies who sends what {node.name} takes.")
