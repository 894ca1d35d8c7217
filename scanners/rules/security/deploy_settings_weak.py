from typing import Any, Final

from scanners.context import Context
from scanners.facts.deploysettings import Deployed, deployed
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.tree import Tree, TreeContext

_HEADER_LAYERS: Final = ("flask_talisman", "secure", "secweb", "Secweb", "flask_seasurf", "quart_security")
_HEADERS: Final = ("Strict-Transport-Security", "X-Content-Type-Options", "Content-Security-Policy")
_APPS: Final = ("flask.Flask", "quart.Quart", "fastapi.FastAPI", "starlette.applications.Starlette")


class DeploySettingsWeak(Rule):
    """
    The settings that a framework ships with are for a laptop: a browser is then never told to keep to HTTPS, any Host
    header is believed, and `12345678` is a fine password.

    Looks at the settings that production uses: its own modules over the shared ones, those for development and tests left
    out. A proxy that is declared by SECURE_PROXY_SSL_HEADER does redirects and HSTS, and what the environment decides is
    good. For Flask and Starlette a missing layer of security headers is a minor finding.
    """

    id = "deploy-settings-weak"
    area = "security"
    item = "S7"
    title = "Production setting that leaves a web defence off"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = (
        "Set it in the production settings: named hosts, SECURE_SSL_REDIRECT, SECURE_HSTS_SECONDS, password validators."
    )
    kinds = frozenset({"http-api"})
    bad = [
        Example(
            "any host, plain HTTP, any password",
            {
                "shop/settings.py": "INSTALLED_APPS = ['django.contrib.auth', 'shop']\nMIDDLEWARE = []\n"
                "ALLOWED_HOSTS = ['*']\n"
                "AUTH_PASSWORD_VALIDATORS = []\n"
            },
            at=[("shop/settings.py", 1), ("shop/settings.py", 1), ("shop/settings.py", 3), ("shop/settings.py", 4)],
        ),
        Example(
            "switched off in production",
            {
                "config/settings/base.py": "INSTALLED_APPS = ['shop']\nMIDDLEWARE = []\nALLOWED_HOSTS = []\n",
                "config/settings/production.py": "from config.settings.base import *\n\nALLOWED_HOSTS = ['shop.com']\n"
                "SECURE_SSL_REDIRECT = False\nSECURE_HSTS_SECONDS = 0\nSECURE_CONTENT_TYPE_NOSNIFF = False\n",
            },
            at=[
                ("config/settings/production.py", 4),
                ("config/settings/production.py", 5),
                ("config/settings/production.py", 6),
            ],
        ),
        Example(
            "Flask without headers",
            {"app.py": "from flask import Flask\n\napp = Flask(__name__)\n"},
            at=[("app.py", 3)],
        ),
    ]
    good = [
        Example(
            "all set",
            {
                "config/settings/base.py": "INSTALLED_APPS = ['django.contrib.auth']\nMIDDLEWARE = []\n"
                "AUTH_PASSWORD_VALIDATORS "
                "= [{'NAME': 'django.contrib.auth.password_validation.MinimumLengthValidator'}]\n",
                "config/settings/production.py": "import os\n\nALLOWED_HOSTS = os.environ['HOSTS'].split(',')\n"
                "SECURE_SSL_REDIRECT = True\nSECURE_HSTS_SECONDS = 31536000\n",
            },
        ),
        Example(
            "behind a proxy",
            {
                "shop/settings.py": "INSTALLED_APPS = ['shop']\nMIDDLEWARE = []\nALLOWED_HOSTS = ['shop.com']\n"
                "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n"
            },
        ),
        Example(
            "development only",
            {"shop/settings/dev.py": "INSTALLED_APPS = ['shop']\nMIDDLEWARE = []\nALLOWED_HOSTS = ['*']\n"},
        ),
        Example(
            "headers",
            {
                "app.py": "from flask import Flask\nfrom flask_talisman import Talisman\n\napp = Flask(__name__)\n"
                "Talisman(app)\n"
            },
        ),
    ]
    calls = _APPS

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.fact("web-application", call, name=call.last)

    def visit_module(self, ctx: Context) -> None:
        if any(header in ctx.source for header in _HEADERS) or ctx.imports(*_HEADER_LAYERS):
            ctx.fact("web-headers", 1)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        found = deployed(tree)
        if found is not None:
            for name, wrong in _faults(found).items():
                path, line = found.place(name)
                ctx.site(path, line)
                if wrong:
                    # What no module sets may be done by the server in front.
                    sure = self.confidence if name in found.found else Confidence.LOW
                    ctx.report(path, line, wrong, anchor=name, confidence=sure)
        applications = [fact for fact in tree.facts("web-application") if fact.path_class.name == "service"]
        for fact in applications[:1]:
            ctx.site(fact.path, fact.line)
            if not tree.facts("web-headers"):
                ctx.report(
                    fact.path,
                    fact.line,
                    f"Nothing gives the answers of this {fact['name']} application "
                    f"security headers (HSTS, nosniff, CSP).",
                    severity=Severity.LOW,
                    confidence=Confidence.LOW,
                )


def _faults(found: Deployed) -> dict[str, str]:
    """What is wrong with each setting that is looked at, empty for nothing."""
    proxied = "SECURE_PROXY_SSL_HEADER" in found.found
    hosts, apps = found.value("ALLOWED_HOSTS"), found.value("INSTALLED_APPS")
    told = {"ALLOWED_HOSTS": ""} if hosts is not None else {}
    if isinstance(hosts, list) and "*" in hosts:
        told["ALLOWED_HOSTS"] = "ALLOWED_HOSTS is `*`: any Host header is believed, in links of mails too."
    for name, off, text in (
        ("SECURE_SSL_REDIRECT", False, "SECURE_SSL_REDIRECT is off: pages are served over plain HTTP."),
        ("SECURE_HSTS_SECONDS", 0, "SECURE_HSTS_SECONDS is 0: browsers are never told to keep to HTTPS."),
    ):
        told[name] = text if not proxied and _is_off(found.value(name, off)) else ""
    if found.value("SECURE_CONTENT_TYPE_NOSNIFF", True) is False:
        told["SECURE_CONTENT_TYPE_NOSNIFF"] = "SECURE_CONTENT_TYPE_NOSNIFF is off: browsers guess types of uploads."
    if isinstance(apps, list) and "django.contrib.auth" in apps:
        validators = found.value("AUTH_PASSWORD_VALIDATORS", [])
        told["AUTH_PASSWORD_VALIDATORS"] = "" if validators else "No password validators: any password is accepted."
    return told


def _is_off(value: Any) -> bool:
    return value is not None and value != "?" and not value
