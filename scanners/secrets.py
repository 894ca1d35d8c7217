"""What looks like a secret: names that hold one, shapes of well-known tokens, and values that only stand in for one."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_GATE: Final = re.compile(r"pass|pwd|secret|token|key|cred", re.IGNORECASE)
_SECRETS: Final = re.compile(r"\w*passw(or)?d|passwords|passphrase|passcode|pwd|secret|token|apikey|credentials?")
_KEY_KINDS: Final = re.compile(
    r"api|private|secret|access|signing|encryption|master|account|shared|auth|storage|hmac|jwt"
)
_PASS_OWNERS: Final = re.compile(
    r"db|database|user|mysql|postgres|pg|redis|smtp|e?mail|ftp|root|admin|ssh|proxy|https?|basic"
)
_OTHER_TOKENS: Final = re.compile(
    r"pad|eos|bos|unk|sep|mask|cls|start|end|stop|next|prev(ious)?|current|last|first|special|page|continuation|sync|cursor|"
    r"[cx]srf\w*|image|video|audio|cancel(lation)?|lexer|open|close|unknown|input|output|prompt|max|min|num|left|right|string|"
    r"operator|begin|separator|delimiter|punctuation|word|new|invalidation|query|separation|split|placeholder|design|css|header"
)
_TELLS_OF_IT: Final = re.compile(
    r"is|has|uses?|no|not|requires?d?|needs?|show|hide|with|without|allow|enabled?|disabled?|invalid|bad|wrong|missing|forgot|"
    r"changed?|update|set|get|check|validate|verify|generate|create|make|unusable|ask|hashed|encrypted|obfuscated|masked|"
    r"redacted|hash|skip|ignore|delete|remove|revoke|rotate|refreshing|public|empty|expired|unset|clear"
)

_PREFIXES: Final = (
    "AKIA ASIA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox hooks.slack.com sk_live_ rk_live_ AIza SG. npm_ "
    "pypi-AgE sk-ant- sk-proj- T3BlbkFJ hf_ dop_v1_ AccountKey= dapi shpat_ AGE-SECRET-KEY-1 hvs. eyJ :AA PRIVATE"
)
_MARKERS: Final = tuple(_PREFIXES.split())
_TOKENS: Final = re.compile(
    r"(?P<aws_access_key>(?<![A-Za-z0-9+/])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9+/=]))"
    r"|(?P<github_token>\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}))"
    r"|(?P<gitlab_token>\bglpat-[\w-]{20,})"
    r"|(?P<slack_token>\bxox[abeprs]-[0-9A-Za-z-]{20,}|hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,})"
    r"|(?P<stripe_key>\b[sr]k_live_[0-9A-Za-z]{20,})"
    r"|(?P<google_api_key>\bAIza[\w-]{35}(?![\w-]))"
    r"|(?P<sendgrid_key>\bSG\.[\w-]{20,24}\.[\w-]{39,50})"
    r"|(?P<npm_token>\bnpm_[A-Za-z0-9]{36}\b)"
    r"|(?P<pypi_token>\bpypi-AgE[\w-]{50,})"
    r"|(?P<anthropic_or_openai_key>\bsk-(?:ant-[\w-]{24,}|proj-[\w-]{40,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}))"
    r"|(?P<hugging_face_token>\bhf_[A-Za-z]{34}\b)"
    r"|(?P<digitalocean_token>\bdop_v1_[a-f0-9]{64}\b)"
    r"|(?P<azure_storage_key>AccountKey=[A-Za-z0-9+/]{86}==)"
    r"|(?P<databricks_token>\bdapi[a-f0-9]{32}\b)"
    r"|(?P<shopify_token>\bshpat_[a-fA-F0-9]{32}\b)"
    r"|(?P<age_key>\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b)"
    r"|(?P<vault_token>\bhvs\.[\w-]{24,})"
    r"|(?P<telegram_token>(?<!\w)\d{8,10}:AA[\w-]{33}(?![\w-]))"
    r"|(?P<json_web_token>\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,})"
    r"|(?P<private_key>-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s|[\"'+\\])*"
    r"[A-Za-z0-9+/=\s\\\"']{60,})"
)
_DSN: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,30}://([^\s:/@'\"{}$<>%\[]*):([^\s@/'\"{}$<>*\[]{3,})@([\w.-]+)", re.IGNORECASE
)

_STANDS_IN: Final = re.compile(
    r"change|replace|your|example|sample|dummy|placeholder|xxx|\*\*\*|todo|fixme|fake|redacted|insert|enter|fill|"
    r"<.*>|\$\{|\$\(|^\$|\{\{|\{\w*\}|%\(|%s|^env[:.]|^vault:|^arn:|^op://|^enc\[|^projects/|secretsmanager|^\.\.\.|^-+$|"
    r"^(test|none|null|nil|true|false|auto|default|required|optional|disabled?|enabled?|string|str|text|bytes|file|env|keyring|"
    r"prompt|unknown|anonymous|bearer|basic|jwt|oauth2?|n/?a|undefined|foo|bar|baz|foobar|abc|hidden|guest|plain|prefix|suffix|sha\d*|"
    r"access|refresh|id|user|name|value|key|hex|base64|word|number|any|all|self|body|header|cookie|query|always|never)$",
    re.IGNORECASE,
)
_ENV_NAME: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_JUMBLED: Final = re.compile(r"(?=.*[A-Z]{2}[a-z])(?:[^A-Z]*[a-z][A-Z]){4}")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*([.:/-][A-Za-z_]\w*)+")


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
        or not (any(char.isdigit() for char in value) or _JUMBLED.search(value))
    ):
        return False
    return entropy(value) >= (3.0 if re.fullmatch(r"[0-9a-fA-F-]+", value) else 3.6) and "1234567" not in value


def entropy(text: str) -> float:
    """Bits a character that the frequencies of its characters carry."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def tokens(text: str) -> Iterator[Token]:
    """Everything in `text` that has the shape of a token or of a private key, made-up samples left out."""
    if not any(marker in text for marker in _MARKERS):
        return
    for match in _TOKENS.finditer(text):
        value, kind = match[0], match.lastgroup or ""
        if not _is_sample(value, kind):
            yield Token(kind.replace("_", " "), value, match.start())


def _is_sample(value: str, kind: str) -> bool:
    body = re.sub(r"-----[A-Z ]+-----", "", value) if kind == "private_key" else value
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
