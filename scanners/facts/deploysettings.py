"""Django's deployment settings: what each settings module says of hosts, cookies, headers and passwords."""

import ast
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.rule import CODE, Collector
from scanners.tree import Fact, Tree

NAMES: Final = frozenset(
    "ALLOWED_HOSTS SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SECURE_CONTENT_TYPE_NOSNIFF SECURE_PROXY_SSL_HEADER "
    "AUTH_PASSWORD_VALIDATORS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_HTTPONLY "
    "INSTALLED_APPS MIDDLEWARE "
    "USE_X_FORWARDED_HOST".split()
)


class DeploySettings(Collector):
    """Fact `deploy-settings`: what a settings module of Django sets, each with its line and its value if fixed."""

    classes = CODE

    def visit_module(self, ctx: Context) -> None:
        """Record what the module sets, if it is a settings module."""
        names = ctx.module.names
        if not (NAMES & names.keys()) or not (ctx.role.startswith("settings") or "INSTALLED_APPS" in names):
            return
        told = {name: _told(names[name], ctx) for name in sorted(NAMES & names.keys())}
        ctx.fact("deploy-settings", 1, role=ctx.role, names={name: value for name, value in told.items() if value})


def _told(bindings: list[Any], ctx: Context) -> list[Any]:
    """Line and value of the last assignment; "?" stands for a value that is not fixed or that is set more than once."""
    given = [found for found in bindings if found.kind in ("assign", "augmented")]
    if not given:
        return []
    values = [fold(found.value, ctx.module) if isinstance(found.value, ast.AST) else UNKNOWN for found in given]
    plain = [_plain(value) for value in values]
    same = all(value == plain[0] for value in plain)
    return [given[-1].line, plain[-1] if same else "?"]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return "?" if value is UNKNOWN else value


# Django 5.2: redirect, HSTS and secure cookies are off, nosniff and HttpOnly on, and there are no password validators.


class Deployed:
    """The settings of production: those of its own modules over those that all modules share."""

    def __init__(self, facts: list[Fact]) -> None:
        own = [fact for fact in facts if fact["role"] == "settings-production"]
        shared = [fact for fact in facts if fact["role"] in ("settings", "", "init")]
        self.modules = own + shared
        self.found: dict[str, tuple[str, int, Any]] = {}
        for fact in reversed(self.modules):
            for name, (line, value) in fact["names"].items():
                self.found[name] = (fact.path, line, value)

    @property
    def is_django(self) -> bool:
        """Whether these are the settings of a whole site."""
        return "INSTALLED_APPS" in self.found and ("MIDDLEWARE" in self.found or "ALLOWED_HOSTS" in self.found)

    def value(self, name: str, default: Any = None) -> Any:
        """What a setting is; `default` where no module sets it, "?" where that is not fixed."""
        return self.found[name][2] if name in self.found else default

    def place(self, name: str) -> tuple[str, int]:
        """Where a setting is written, or where the applications are for one that is not."""
        path, line, _ = self.found.get(name) or self.found["INSTALLED_APPS"]
        return path, line


def deployed(tree: Tree) -> Deployed | None:
    """The settings of production, or None where the repository has no settings of a Django site."""
    found = Deployed(tree.facts("deploy-settings"))
    return found if found.is_django else None
