"""Routes that check a password or a code, and whether something beside them slows down who guesses."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.regex import regex
from scanners.semantics.routes import Route, routes_of
from scanners.syntax import descendants, unparse

_NAMED: Final = regex(
    r"(^|[/_.-])(log_?in|log_?on|sign_?in|authenticate|access_?token|obtain_\w*token|token|jwt|reset_?password"
    r"|password_?reset"
    r"|forgot_?password|forgotten_?password|recover(_?password)?|otp|totp|verify_?(code|otp|pin|2fa|mfa|sms)|2fa|mfa"
    r"|two_?factor|magic_?link)([/_.-]|$)",
    re.IGNORECASE,
)
_BEFORE: Final = regex(
    r"^(?!.*(verif|check|confirm)).*(enrol|challenge|set_?up|(^|_)(start|status)(_|$))", re.IGNORECASE
)
"""Steps at which no secret is guessed yet."""

_CHECKS: Final = regex(
    r"passw|passwd|\botp\b|totp|\bpin\b|check_password|authenticate\(|verify_code|one_time|\bcode\b|reset_token|mfa"
    r"|send_mail|send_email",
    re.IGNORECASE,
)
_GUARDED: Final = regex(
    r"@[^\s@]*(jwt|login|token|auth\w*|session)_?required|@[^\s@]*requires?_(auth|login|jwt|token)"
    r"|(Login|Permission|Auth\w*)RequiredMixin"
)
_SECRETS: Final = regex(r"passw|\botp\b|totp|\bpin\b|check_password|verify_code|reset_token", re.IGNORECASE)
"""What somebody who is logged in already may still guess."""
_LIMITED: Final = regex(
    r"limit|throttl|lock_?out|locked|axes|attempt|failed_login|fail_count|brute|captcha|turnstile|cooldown|too_many"
    r"|backoff|\b429\b",
    re.IGNORECASE,
)
_ELSEWHERE: Final = regex(
    r"oauth(?!2Password)|oidc|openid|saml|(\b|_)sso(\b|_)|authorize_redirect|code_verifier|LoginView|PasswordResetView"
    r"|LoginManager"
    r"|social_auth|\bcas(_|\b)|kerberos|spnego",
    re.IGNORECASE,
)


def logins(ctx: Context) -> Iterator[tuple[Any, str]]:
    """The handlers of the file that check a secret; "limited", "elsewhere" (a provider does it) or "open"."""
    if not ctx.module.functions:
        return
    seen = set()  # One finding for a class, whose methods answer the same form.
    for node, route in routes_of(ctx).items():
        if not route.writes or not _is_login(node, route) or (route.cls is not None and not route.sure):
            continue
        text = _written(node, route, ctx)
        guesses = _CHECKS.search(text) and not (_GUARDED.search(text) and not _SECRETS.search(text))
        if guesses and (route.cls is None or route.cls not in seen):
            seen.add(route.cls)
            limited = _LIMITED.search(text) or _spends(node)
            yield node, "limited" if limited else "elsewhere" if _ELSEWHERE.search(text) else "open"


def _spends(node: Any) -> bool:
    """Whether a handler takes the code that was sent out of its store before it looks: each is tried once."""
    for body in (inner for part in descendants(node) if isinstance(inner := getattr(part, "body", None), list)):
        read: set[str] = set()
        for stmt in body:
            call = getattr(stmt, "value", None)
            named, key = "", ""
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
                named, key = call.func.attr, ast.dump(call.args[0])
            if isinstance(stmt, (ast.If, ast.Return)):
                read.clear()  # What goes before may already have told a wrong code.
            elif named == "getdel" or (named == "delete" and isinstance(stmt, ast.Expr) and key in read):
                return True
            elif named == "get" and isinstance(stmt, ast.Assign):
                read.add(key)
    return False


def _is_login(node: Any, route: Route) -> bool:
    named = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", route.cls.name) if route.cls is not None else node.name
    if _BEFORE.search(node.name):
        return False
    last = "/".join(part for part in route.path.split("/")[-2:] if "{" not in part and "<" not in part)
    return any(_NAMED.search(text) for text in (named, last) if text)


def _written(node: Any, route: Route, ctx: Context) -> str:
    """The source of the handler with its decorators, and what its class says beside its methods."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    text = "\n".join(ctx.source_lines[first - 1 : node.end_lineno])
    around = route.cls.body if route.cls is not None else []
    plain = [unparse(stmt) for stmt in around if not isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef))]
    bases = [unparse(part) for part in (*route.cls.bases, *route.cls.decorator_list)] if route.cls is not None else []
    return "\n".join([text, *plain, *bases])
