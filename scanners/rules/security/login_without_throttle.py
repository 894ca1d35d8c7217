from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.security.logins import logins
from scanners.tree import Tree, TreeContext


class LoginWithoutThrottle(Rule):
    """
    A login that answers as often as it is asked lets a list of leaked passwords, or all million codes of a one-time
    password, be tried in an afternoon.

    Looks at routes that check a password or a code: login, token, password reset, one-time passwords. A limiter, a
    lockout or a counter of attempts on the route or its class, a throttle class, a gateway's rule, and a code that is
    deleted before it is compared are good. Single
    sign-on is left to its provider; where a limiter is used elsewhere in the repository it is unresolved.
    """

    id = "login-without-throttle"
    area = "security"
    item = "S8"
    title = "Login that nothing slows down"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = (
        "Limit attempts for each account and each address (flask-limiter, "
        "slowapi, django-axes, a throttle class, the gateway)."
    )
    kinds = frozenset({"http-api"})
    bad = [
        Example(
            "Flask",
            {
                "auth.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n"
                "@app.route('/login', methods=['POST'])\n"
                "def login():\n    user = find(request.form['email'])\n"
                "    if not user.check_password(request.form['password']):\n"
                "        return 'no', 401\n    return 'ok'\n"
            },
            at=[("auth.py", 7)],
        ),
        Example(
            "FastAPI, one-time password",
            {
                "auth.py": "from fastapi import APIRouter, Depends\n"
                "from fastapi.security import OAuth2PasswordRequestForm\n\n"
                "router = APIRouter()\n\n\n@router.post('/token')\n"
                "async def token(form: OAuth2PasswordRequestForm = Depends()):\n"
                "    return issue(await check(form.username, form.password))\n\n\n@router.post('/verify-otp')\n"
                "def verify_otp(email: str, otp: str):\n    return confirm(email, otp)\n"
            },
            at=[("auth.py", 8), ("auth.py", 13)],
        ),
        Example(
            "Django",
            {
                "accounts/views.py": "from django.contrib.auth import authenticate\n"
                "from django.shortcuts import redirect, render\n\n\n"
                "def login_view(request):\n    if request.method == 'POST':\n"
                "        user = authenticate(username=request.POST['u'], password=request.POST['p'])\n"
                "        return redirect('home')\n"
                "    return render(request, 'login.html')\n"
            },
            at=[("accounts/views.py", 5)],
        ),
    ]
    good = [
        Example(
            "limited",
            {
                "auth.py": "from flask import Flask, request\nfrom flask_limiter import Limiter\n\n"
                "app = Flask(__name__)\n"
                "limiter = Limiter(app)\n\n\n@app.route('/login', methods=['POST'])\n@limiter.limit('5/minute')\n"
                "def login():\n    return check(request.form['email'], request.form['password'])\n"
            },
        ),
        Example(
            "throttle class and lockout",
            {
                "views.py": "from rest_framework.views import APIView\n\n\nclass LoginView(APIView):\n"
                "    throttle_classes = [LoginThrottle]\n\n    def post(self, request):\n"
                "        return check(request.data['password'])\n",
                "auth.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.post('/login')\n"
                "def login(body: Login):\n    if is_locked_out(body.email):\n        raise TooMany()\n"
                "    return check(body.password)\n",
            },
        ),
        Example(
            "a code that is spent by the first attempt",
            {
                "auth.py": "from flask import Flask, request\n\napp = Flask(__name__)\n\n\n@app.post('/verify-otp')\n"
                "def verify_otp():\n    key = f\"otp:{request.form['phone']}\"\n    sent = store.get(key)\n    store.delete(key)\n"
                "    return 'ok' if sent == request.form['otp'] else 'no'\n"
            },
        ),
        Example(
            "gateway",
            {
                "auth.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.post('/login')\n"
                "def login(body: Login):\n    return check(body.email, body.password)\n",
                "deploy/nginx.conf": "location /login { limit_req zone=login burst=5; }\n",
            },
        ),
        Example(
            "single sign-on, and showing the form",
            {
                "auth.py": "from flask import Flask, render_template\n\napp = Flask(__name__)\n\n\n"
                "@app.get('/login')\ndef login():\n"
                "    return render_template('login.html', ask='password')\n\n\n@app.post('/login/sso')\n"
                "def login_sso():\n    return oauth.google.authorize_redirect('/done')\n"
            },
        ),
    ]

    def visit_module(self, ctx: Context) -> None:
        for node, state in logins(ctx):
            text = ctx.source_lines[node.lineno - 1].strip()
            ctx.fact("login-route", node, name=node.name, state=state, text=text)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        limiters = tree.facts("web-limit")
        for fact in tree.facts("login-route"):
            ctx.site(fact.path, fact.line)
            if fact["state"] == "elsewhere":
                ctx.unresolved(
                    fact.path, fact.line, "Who checks the password is a provider or a view of the framework."
                )
            elif fact["state"] == "open" and any(limit.path.endswith((".conf", ".yml", ".yaml")) for limit in limiters):
                continue
            elif fact["state"] == "open" and limiters:
                ctx.unresolved(
                    fact.path, fact.line, "A limiter is in use; whether it covers this route is set elsewhere."
                )
            elif fact["state"] == "open":
                message = f"`{fact['name']}` checks a secret as often as it is asked: nothing limits the attempts."
                ctx.report(fact.path, fact.line, message, anchor=fact["name"], text=fact["text"])
