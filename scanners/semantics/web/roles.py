"""What a route is for, by its path and the names of its handler and class."""

import re
from typing import Final

from scanners.regex import regex

_BEGINS, _ENDS = r"(?:^|[/_.{<-])", r"(?:$|[/_.?}>-])"


def _pattern(anywhere: str, whole: str = "") -> re.Pattern[str]:
    """Words that count wherever they stand, and words that count only as a whole part of a path or a name."""
    parts = [anywhere, f"{_BEGINS}(?:{whole}){_ENDS}" if whole else ""]
    return regex("|".join(part for part in parts if part), re.IGNORECASE)


_PATTERNS: Final = (
    (
        "health",
        _pattern(r"health|heartbeat|liveness|readiness|alive", r"livez?|readyz?|ping|status|up|metrics|version"),
    ),
    ("webhook", _pattern(r"webhook|callback|hooks?\b|ipn\b|notify")),
    (
        "login",
        _pattern(
            r"log_?in|log_?out|sign_?in|sign_?up|sign_?out|register|token|auth(?!or)|password|forgot|confirm|verify|saml"
            r"|oidc|captcha|csrf",
            r"sessions?|reset|activate|activation|sso",
        ),
    ),
    (
        "static",
        _pattern(
            r"static|favicon|robots|sitemap|\.well-known|assets|swagger|openapi|redoc|^/?$|pre_?-?flight|privacy"
            r"|manifest|error|not_found|landing|welcome|^[^<{]*\.(html?|css|js|map|ico|svg|png|txt|webmanifest)$",
            r"media|docs?|index|home|about(?:[_-]us)?|root|terms|public|demo|feeds?|rss",
        ),
    ),
)


def role_by(*told: str) -> str:
    """Health, webhook, login, static or empty, by the first of paths and names that says so."""
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text) for text in told if text]
    return next((role for role, pattern in _PATTERNS if any(pattern.search(word) for word in words)), "")
