"""What looks like a secret: names that hold one, shapes of well-known tokens, and values that only stand in for one."""

import re
from functools import lru_cache
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_GATE: Final = re.compile(r"pass|pwd|secret|token|key|cred", re.IGNORECASE)
_SECRETS: Final = frozenset(
    [
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "passcode",
        "pwd",
        "secret",
        "token",
        "apikey",
        "credential",
        "credentials",
    ]
)
_KEY_KINDS: Final = frozenset(
    [
        "api",
        "private",
        "secret",
        "access",
        "signing",
        "encryption",
        "master",
        "account",
        "shared",
        "auth",
        "storage",
        "hmac",
        "jwt",
    ]
)
_PASS_OWNERS: Final = frozenset(
    [
        "db",
        "database",
        "user",
        "mysql",
        "postgres",
        "pg",
        "redis",
        "smtp",
        "mail",
        "email",
        "ftp",
        "root",
        "admin",
        "ssh",
        "proxy",
        "http",
        "basic",
    ]
)
_OTHER_TOKENS: Final = frozenset(
    [
        "pad",
        "eos",
        "bos",
        "unk",
        "sep",
        "mask",
        "cls",
        "start",
        "end",
        "stop",
        "next",
        "prev",
        "previous",
        "current",
        "last",
        "first",
        "special",
        "page",
        "continuation",
        "sync",
        "cursor",
        "csrf",
        "xsrf",
        "csrfmiddleware",
        "image",
        "video",
        "audio",
        "cancel",
        "cancellation",
        "lexer",
        "open",
        "close",
        "unknown",
        "input",
        "output",
        "prompt",
        "max",
        "min",
        "num",
        "left",
        "right",
        "string",
        "operator",
        "begin",
        "separator",
        "delimiter",
        "punctuation",
        "word",
        "new",
        "invalidation",
        "query",
    ]
)
_TELLS_OF_IT: Final = frozenset(
    [
        "is",
        "has",
        "use",
        "uses",
        "no",
        "not",
        "require",
        "requires",
        "required",
        "need",
        "needs",
        "show",
        "hide",
        "with",
        "without",
        "allow",
        "enable",
        "enabled",
        "disable",
        "invalid",
        "bad",
        "wrong",
        "missing",
        "forgot",
        "reset",
        "change",
        "changed",
        "update",
        "set",
        "get",
        "check",
        "validate",
        "verify",
        "generate",
        "create",
        "make",
        "unusable",
        "ask",
        "hashed",
        "encrypted",
        "obfuscated",
        "masked",
        "redacted",
        "hash",
        "skip",
        "ignore",
        "delete",
        "remove",
        "revoke",
        "rotate",
        "refreshing",
        "public",
        "empty",
    ]
)


@lru_cache(maxsize=16384)
def is_secret_name(name: str) -> bool:
    """Whether something of this name (a variable, attribute, key or parameter) holds a secret itself.

    The last word decides: `db_password` holds one, `password_field`, `token_url`, `reset_password` and `max_tokens` do not.
    """
    if not _GATE.search(name):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or (words[0] in _TELLS_OF_IT and words[0] != "reset"):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in ("token", "secret") and before in _OTHER_TOKENS:
        return False
    if before in _TELLS_OF_IT and (before, last) != ("reset", "token"):
        return False
    if last in _SECRETS or last.endswith(("password", "passwd")):
        return True
    return (last in ("key", "keys") and before in _KEY_KINDS) or (last == "pass" and before in _PASS_OWNERS)
