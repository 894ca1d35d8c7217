from scanners.context import Context
from scanners.facts.deploysettings import deployed
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Bound, Call
from scanners.rule import Example, Rule
from scanners.semantics.requestsources import serving
from scanners.semantics.security import cookies
from scanners.tree import Tree, TreeContext


class CookieWithoutFlags(Rule):
    """
    A session cookie without Secure travels over plain HTTP, one without HttpOnly is read by any script on the page, and one
    without SameSite goes along with requests that other sites start.

    Looks at set_cookie in code that serves requests, at the cookie settings of Django in production and of Flask, and at
    Starlette's sessions. Flags that come from configuration are good, deleting is not looked at, a cookie for scripts (CSRF, or a fixed text) needs no HttpOnly, and one that only
    keeps a preference weighs less, as does a missing SameSite, which browsers take for Lax.
    """

    id = "cookie-without-flags"
    area = "security"
    item = "S7"
    title = "Cookie without Secure, HttpOnly or SameSite"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = 'Pass secure=True, httponly=True, samesite="Lax"; in Django set SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE.'
    bad = [
        Example(
            "session",
            {
                "app.py": "from flask import Flask, make_response\n\napp = Flask(__name__)\n\n\n@app.post('/login')\ndef login():\n"
                "    response = make_response('ok')\n    response.set_cookie('session', make())\n    response.set_cookie('auth', make(), httponly=True, samesite='Lax')\n"
                "    response.set_cookie('sid', make(), secure=False, httponly=True, samesite='Lax')\n    return response\n"
            },
            at=[("app.py", 9), ("app.py", 10), ("app.py", 11)],
        ),
        Example(
            "preference, which weighs less",
            {
                "views.py": "from django.http import HttpResponse\n\n\ndef theme(request):\n    response = HttpResponse()\n"
                "    response.set_cookie('theme', 'dark')\n    return response\n"
            },
            at=[("views.py", 6)],
        ),
        Example(
            "production settings",
            {
                "shop/settings.py": "INSTALLED_APPS = ['shop']\nMIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n"
                "SESSION_COOKIE_HTTPONLY = False\n"
                "CSRF_COOKIE_SECURE = True\n"
            },
            at=[("shop/settings.py", 2), ("shop/settings.py", 3)],
        ),
        Example(
            "sessions of Starlette and of Flask",
            {
                "api.py": "from fastapi import FastAPI\nfrom starlette.middleware.sessions import SessionMiddleware\n\napp = FastAPI()\napp.add_middleware(SessionMiddleware, secret_key=key())\n",
                "app.py": "from flask import Flask\n\napp = Flask(__name__)\napp.config['SESSION_COOKIE_SECURE'] = False\n",
            },
            at=[("api.py", 5), ("app.py", 4)],
        ),
    ]
    good = [
        Example(
            "all flags, and deleting",
            {
                "app.py": "from fastapi import FastAPI, Response\n\napp = FastAPI()\n\n\n@app.post('/login')\n"
                "def login(response: Response, settings):\n"
                "    response.set_cookie('session', make(), secure=settings.secure, httponly=True)\n"
                "    response.set_cookie('csrf_token', make(), secure=True, samesite='strict')\n"
                "    response.set_cookie('signed_in', 'true', secure=settings.secure, samesite='lax')\n"
                "    response.set_cookie('old', '', max_age=0)\n    response.delete_cookie('older')\n"
            },
        ),
        Example(
            "settings",
            {
                "shop/settings.py": "import os\n\nINSTALLED_APPS = ['shop']\n"
                "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n"
                "SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get('HTTPS') != '0'\n"
            },
        ),
        Example("a browser's jar", {"client.py": "def keep(jar, value):\n    jar.set_cookie('session', value)\n"}),
    ]
    calls = ("*.set_cookie", "*.set_signed_cookie", "*.set_secure_cookie", *cookies.SESSIONS, *cookies.ADDS)
    binds = staticmethod(cookies.FLASK.__contains__)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if "set_" in call.last:
            if call.function is not None and serving(ctx) and len(call.node.args) + len(call.node.keywords) > 1:
                self._set(call, ctx)
        elif cookies.is_session_layer(call):
            ctx.site(call)
            given = call.keyword("https_only")  # Starlette 1.10: False unless told otherwise.
            if call.unpacks:
                ctx.unresolved(call, "The flags may be among unpacked arguments.")
            elif given is None or ctx.constant(given, call) is False:
                ctx.report(call, "The session's cookie also travels over plain HTTP: pass https_only=True.")

    def _set(self, call: Call, ctx: Context) -> None:
        if cookies.deletes(call, ctx):
            return
        ctx.site(call)
        missing, name = cookies.missing_flags(call, ctx), cookies.named(call, ctx)
        if missing and call.unpacks:
            ctx.unresolved(call, "The flags may be among unpacked arguments.")
        elif missing:
            text = f"The cookie {name[:40] or 'set here'} is sent without {', '.join(missing)}."
            ctx.report(call, text, severity=Severity.LOW if cookies.weighs_less(call, missing, ctx) else None)

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        if cookies.configures_flask(bound, ctx):
            ctx.site(bound)
            if ctx.constant(bound.value, bound) is False:
                ctx.report(
                    bound,
                    f"{bound.key} is off: the cookie of each session is sent without the flag.",
                    confidence=Confidence.MEDIUM,
                )

    kinds = frozenset({"http-api"})

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        found = deployed(tree)
        middleware = found.value("MIDDLEWARE") if found is not None else None
        if (
            found is None
            or not isinstance(middleware, list)
            or not any("SessionMiddleware" in each for each in middleware)
        ):
            return
        for name, default in (
            ("SESSION_COOKIE_SECURE", False),
            ("CSRF_COOKIE_SECURE", False),
            ("SESSION_COOKIE_HTTPONLY", True),
        ):
            path, line = found.place(name) if name in found.found else found.place("MIDDLEWARE")
            ctx.site(path, line)
            if found.value(name, default) is False and not (
                name.startswith("CSRF") and not any("Csrf" in m for m in middleware)
            ):
                sure = Confidence.HIGH if name in found.found else Confidence.LOW  # The site's own settings may.
                ctx.report(
                    path,
                    line,
                    f"{name} is False in production: the cookie can be read on the way.",
                    anchor=name,
                    confidence=sure,
                )
