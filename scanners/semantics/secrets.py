"""What looks like a secret: names that hold one, shapes of well-known tokens, and values that only stand in for one."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scanners.regex import regex

_WORDS: Final = regex(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_GATE: Final = regex(r"pass|pwd|secret|token|key|cred", re.IGNORECASE)
_SECRETS: Final = regex(r"\w*passw(or)?d|passwords|passphrase|passcode|pwd|secret|token|apikey|credentials?")
_KEY_KINDS: Final = regex(r"api|private|secret|access|signing|encryption|master|account|shared|auth|storage|hmac|jwt")
_PASS_OWNERS: Final = regex(
    r"db|database|user|mysql|postgres|pg|redis|smtp|e?mail|ftp|root|admin|ssh|proxy|https?|basic"
)
_OTHER_TOKENS: Final = regex(
    r"pad|eos|bos|unk|sep|mask|cls|start|end|stop|next|prev(ious)?|current|last|first|special|page|continuation|sync|cursor|"
    r"[cx]srf\w*|image|video|audio|cancel(lation)?|lexer|open|close|unknown|input|output|prompt|max|min|num|left|right|string|"
    r"operator|begin|separator|delimiter|punctuation|word|new|invalidation|query|separation|split|placeholder|design|css|header"
)
_TELLS_OF_IT: Final = regex(
    r"is|has|uses?|no|not|requires?d?|needs?|show|hide|with|without|allow|enabled?|disabled?|invalid|bad|wrong|missing|forgot|"
    r"changed?|update|set|get|check|validate|verify|generate|create|make|unusable|ask|hashed|encrypted|obfuscated|masked|"
    r"redacted|hash|skip|ignore|delete|remove|revoke|rotate|refreshing|public|empty|expired|unset|clear"
)

_SHAPES: Final = (
    ("aws access key", "AKIA", r"(?<![A-Za-z0-9+/])AKIA[A-Z2-7]{16}(?![A-Za-z0-9+/=])"),
    ("aws access key", "ASIA", r"(?<![A-Za-z0-9+/])ASIA[A-Z2-7]{16}(?![A-Za-z0-9+/=])"),
    *(("github token", f"gh{kind}_", rf"(?<!\w)gh{kind}_[A-Za-z0-9]{{36,}}") for kind in "pousr"),
    ("github token", "github_pat_", r"(?<!\w)github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    ("gitlab token", "glpat-", r"(?<!\w)glpat-[\w-]{20,}"),
    ("slack token", "xox", r"(?<!\w)xox[abeprs]-[0-9A-Za-z-]{20,}"),
    ("slack address", "hooks.slack.com", r"hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"),
    ("stripe key", "sk_live_", r"(?<!\w)sk_live_[0-9A-Za-z]{20,}"),
    ("stripe key", "rk_live_", r"(?<!\w)rk_live_[0-9A-Za-z]{20,}"),
    ("google api key", "AIza", r"(?<!\w)AIza[\w-]{35}(?![\w-])"),
    ("sendgrid key", "SG.", r"(?<!\w)SG\.[\w-]{20,24}\.[\w-]{39,50}"),
    ("npm token", "npm_", r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)"),
    ("pypi token", "pypi-AgE", r"(?<!\w)pypi-AgE[\w-]{50,}"),
    ("anthropic key", "sk-ant-", r"(?<!\w)sk-ant-[\w-]{24,}"),
    ("openai key", "sk-proj-", r"(?<!\w)sk-proj-[\w-]{40,}"),
    ("hugging face token", "hf_", r"(?<!\w)hf_[A-Za-z]{34}(?!\w)"),
    ("digitalocean token", "dop_v1_", r"(?<!\w)dop_v1_[a-f0-9]{64}(?!\w)"),
    ("azure storage key", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("databricks token", "dapi", r"(?<!\w)dapi[a-f0-9]{32}(?!\w)"),
    ("shopify token", "shpat_", r"(?<!\w)shpat_[a-fA-F0-9]{32}(?!\w)"),
    ("age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}(?!\w)"),
    ("vault token", "hvs.", r"(?<!\w)hvs\.[\w-]{24,}"),
    ("bearer token", "Bearer ", r"Bearer (?!eyJ)[A-Za-z0-9._~+/-]{20,}=*"),
    ("json web token", "eyJ", r"(?<!\w)eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
    (
        "private key",
        "-----BEGIN ",
        r"-----BEGIN (?:(?!ENCR)\w+ )?PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s|[\"'+\\])*[A-Za-z0-9+/=\s\\\"']{60,}",
    ),
)
"""Kind, text that every one of it starts with, and pattern: a plain search for the text is what keeps this cheap."""

_COMMON: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZbfghjkmpqvwxyz_-.=01"))
"""What most of a text is made of: without it, a fifth is left to search for what is left of the markers."""


def _thinned(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").translate(None, _COMMON)


_COMPILED: Final = tuple((kind, marker, _thinned(marker), regex(pattern)) for kind, marker, pattern in _SHAPES)
_DSN: Final = regex(r"://([^\s:/@'\"{}$<>%\[]*):([^\s@/'\"{}$<>*\[]{3,})@([\w.-]+)")

_STANDS_IN: Final = regex(
    r"change|replace|your|example|sample|dummy|placeholder|xxx|\*\*\*|todo|fixme|fake|redacted|insert|enter|fill|"
    r"<.*>|\$\{|\$\(|^\$|\{\{|\{\w*\}|%\(|%s|^env[:.]|^vault:|^arn:|^op://|^enc\[|^projects/|secretsmanager|^\.\.\.|^-+$|"
    r"^(test|none|null|nil|true|false|auto|default|required|optional|disabled?|enabled?|string|str|text|bytes|file|env|keyring|"
    r"prompt|unknown|anonymous|bearer|basic|jwt|oauth2?|n/?a|undefined|foo|bar|baz|foobar|abc|hidden|guest|plain|prefix|suffix|sha\d*|"
    r"access|refresh|id|user|name|value|key|hex|base64|word|number|any|all|self|body|header|cookie|query|always|never)$",
    re.IGNORECASE,
)
_ENV_NAME: Final = regex(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_JUMBLED: Final = regex(r"(?=.*[A-Z]{2}[a-z])(?:.*?[a-z][A-Z]){4}")
_DOTTED: Final = regex(r"[A-Za-z_]\w*([.:/-][A-Za-z_]\w*)+")


@dataclass(frozen=True, slots=True)
class Token:
    """Something in a text that has the shape of a well-known secret: what it is, itself, and where it starts."""

    kind: str
    value: str
    offset: int

    @property
    def parts(self) -> list[str]:
        """What to mask and to look for: the lines of a key without its frame, else the whole."""
        return [part for part in re.split(r"\s|\\n|[\"']", self.value) if len(part) >= 16] or [self.value]


@lru_cache(maxsize=16384)
def is_secret_name(name: str) -> bool:
    """Whether something of this name (a variable, attribute, key or parameter) holds a secret itself.

    The last word decides: `db_password` holds one; `password_field`, `token_url`, `change_password` and `max_tokens` do
    not.
    """
    if not _GATE.search(name):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or _TELLS_OF_IT.fullmatch(words[0]):
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in ("token", "secret") and _OTHER_TOKENS.fullmatch(before):
        return False
    if _TELLS_OF_IT.fullmatch(before) or (before, last) == ("reset", "password"):
        return False
    if _SECRETS.fullmatch(last):
        return True
    return (last in ("key", "keys") and _KEY_KINDS.fullmatch(before) is not None) or (
        last == "pass" and _PASS_OWNERS.fullmatch(before) is not None
    )


def is_placeholder(value: str) -> bool:
    """Whether a text stands in for a secret, names one or points to one: `changeme`, `${TOKEN}`, `DB_PASSWORD`."""
    text = value.strip()
    if len(text) < 3 or not any(char.isalnum() for char in text) or len(set(text)) < 3:
        return True
    if any(char.isspace() for char in text) or text[0] in "/~" or text.startswith(("./", "../")):
        return True
    if _STANDS_IN.search(text) or _ENV_NAME.fullmatch(text):
        return True
    if "://" in text:
        return dsn_password(text) == ""
    return is_secret_name(text) and not any(char.isdigit() for char in text)


def is_random(value: str) -> bool:
    """Whether a text looks drawn at random: long, of mixed characters, of high entropy, and no path of plain words."""
    if (
        len(value) < 16
        or _DOTTED.fullmatch(value)
        or not (any(char.isdigit() for char in value) or _JUMBLED.search(value[:1000]))
    ):
        return False
    return entropy(value) >= (3.0 if re.fullmatch(r"[0-9a-fA-F-]+", value) else 3.6) and "1234567" not in value


def entropy(text: str) -> float:
    """Bits a character that the frequencies of its characters carry."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def tokens(text: str) -> Iterator[Token]:
    """Everything in `text` that has the shape of a token or of a private key, made-up samples left out."""
    thin = _thinned(text)
    for kind, marker, rest, pattern in _COMPILED:
        start = text.find(marker) if rest in thin else -1
        while start >= 0:
            match = pattern.match(text, start)
            if match is not None and not _is_sample(match[0], kind):
                yield Token(kind, match[0], start)
            start = text.find(marker, start + len(marker))


def _is_sample(value: str, kind: str) -> bool:
    if kind == "bearer token" and not is_random(value.partition(" ")[2]):
        return True
    body = re.sub(r"-----[A-Z ]+-----", "", value) if kind == "private key" else value
    return re.search(r"EXAMPLE|xxxx|XXXX|0{8}|1234567|abcdefgh|\.\.\.|\*\*\*", body) is not None or len(set(body)) < 12


def dsns(text: str) -> Iterator[Token]:
    """Every address in `text` that holds a password which is not a placeholder or a default of the server."""
    if "://" not in text:
        return
    for match in _DSN.finditer(text):
        user, password, host = match[1], match[2], match[3]
        weak = password.lower() in (
            user.lower(),
            "password",
            "pass",
            "pwd",
            "secret",
            "guest",
            "postgres",
            "root",
            "passwd",
        )
        if not weak and not is_placeholder(password) and not re.search(r"example\.|\bhost(name)?$", host):
            yield Token("address with a password", password, match.start(2))


def dsn_password(text: str) -> str:
    """The password in an address, empty when there is none to speak of."""
    return next((token.value for token in dsns(text)), "")


def preview(value: str) -> str:
    """What may be shown of a secret."""
    return f"{value[:2]}***"
