import ast
import re
from typing import Final

from scanners.context import Context
from scanners.facts.deploysettings import deployed
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.requestsources import serving
from scanners.tree import Tree, TreeContext

_PREFERENCE: Final = re.compile(
    r"theme|lang|locale|consent|time_?zone|\btz\b|sidebar|color|colour|dismiss|banner|seen|pref|layout|currency"
    r"|messages?$"
    r"|view_?mode|dark|popup|tour|django_language|visited|last_",
    re.IGNORECASE,
)
_READ_BY_SCRIPTS: Final = re.compile(r"csrf|xsrf", re.IGNORECASE)
_LAX: Final = frozenset({"fastapi", "starlette"})  # Starlette 1.10: samesite="lax" unless told otherwise.


class CookieWithoutFlags(Rule):
    """
    A session cookie without Secure travels over plain HTTP, one without HttpOnly is read by any script on the page, and one
    without SameSite goes along with requests that other sites start.

    Looks at set_cookie in code that serves requests, and at the cookie settings of production in Django. Flags that come
    from configuration are good, deleting is not looked at, a cookie for scripts (CSRF) needs no HttpOnly, and one that only
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
                "app.py": "from flask import Flask, make_response\n\napp = Flask(__name__)\n\n\n@app.post('/login')\n"
                "def login():\n"
                "    response = make_response('ok')\n    response.set_cookie('session', make())\n"
                "    response.set_cookie('auth', make(), httponly=True, samesite='Lax')\n"
                "    response.set_cookie('sid', make(), secure=False, httponly=True, samesite='Lax')\n"
                "    return response\n"
            },
            at=[("app.py", 9), ("app.py", 10), ("app.py", 11)],
        ),
        Example(
            "preference, which weighs less",
            {
                "views.py": "from django.http import HttpResponse\n\n\ndef theme(request):\n"
                "    response = HttpResponse()\n"
                "    response.set_cookie('theme', 'dark')\n    return response\n"
            },
            at=[("views.py", 6)],
        ),
        Example(
            "production settings",
            {
                "shop/settings.py": "INSTALLED_APPS = ['shop']\n"
                "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware']\n"
                "SESSION_COOKIE_HTTPONLY = False\n"
                "CSRF_COOKIE_SECURE = True\n"
            },
            at=[("shop/settings.py", 2), ("shop/settings.py", 3)],
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
    calls = ("*.set_cookie", "*.set_signed_cookie", "*.set_secure_cookie")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if (
            call.function is None
            or not serving(ctx)
            or _deletes(call, ctx)
            or (len(call.node.args) == 1 and not call.node.keywords)
        ):
            return
        ctx.site(call)
        missing = [flag for flag in ("secure", "httponly", "samesite") if self._is_off(flag, call, ctx)]
        if not missing:
            return
        if call.unpacks:
            ctx.unresolved(call, "The flags may be among unpacked arguments.")
            return
        name = ctx.constant(call.argument(0, "key", "name"), call)
        known = name if isinstance(name, str) else ast.unparse(call.node.args[0]) if call.node.args else ""
        if _READ_BY_SCRIPTS.search(known) and "httponly" in missing:
            missing.remove("httponly")
        if missing:
            light = missing == ["samesite"] or _PREFERENCE.search(known) is not None
            text = f"The cookie {known[:40] or 'set here'} is sent without {', '.join(missing)}."
            ctx.report(call, text, severity=Severity.LOW if light else None)

    def _is_off(self, flag: str, call: Call, ctx: Context) -> bool:
        given = call.keyword(flag)
        if given is None:
            return not (flag == "samesite" and _LAX & set(serving(ctx).split()))
        value = ctx.constant(given, call)
        return value is False or value is None or (flag == "samesite" and value == "")

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
                sure = Confidence.HIGH if name in found.found else Confidence.MEDIUM
                ctx.report(
                    path,
                    line,
                    f"{name} is False in production: the cookie can be read on the way.",
                    anchor=name,
                    confidence=sure,
                )


def _deletes(call: Call, ctx: Context) -> bool:
    """Whether the cookie is taken away: it has no value, or it is over at once."""
    value = ctx.constant(call.argument(1, "value"), call)
    return value == "" or any(ctx.constant(call.keyword(word), call) == 0 for word in ("max_age", "expires"))
