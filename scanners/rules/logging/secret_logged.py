import ast
import re
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.handlers import short
from scanners.logcalls import LOG_CALLS, log_call
from scanners.logged import shown
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.secrets import is_secret_name

_OTHERS: Final = re.compile(
    r"(^|_)(authorization|auth_?header|proxy_authorization|set_cookie|cookies?|card_?number|credit_?card|cvv|cvc|iban|ssn|"
    r"social_security(_number)?|private_?key|api_?key)$"
)
_WHOLE: Final = {"os.environ": "the whole environment", "django.conf.settings": "all settings"}
_REQUEST: Final = re.compile(r"(^|_)(request|req)$")
_LEXERS: Final = (
    "tokenize",
    "ply",
    "lark",
    "sqlparse",
    "tiktoken",
    "transformers",
    "nltk",
    "spacy",
    "pygments",
    "pyparsing",
    "torch",
)
_LEXES: Final = re.compile(r"lex|pars|token_?i[sz]|scan|compil|grammar|syntax", re.IGNORECASE)
_ABOUT: Final = re.compile(
    r"\b(auth|authenticat\w+|authoriz\w+|log_?in|jwt|bearer|oauth2?|credentials?|passwords?)\b", re.IGNORECASE
)
_OTHER_TOKEN: Final = re.compile(r"(^|_)(from|since|to|batch|start|end|stream|position|sync|now|rdata|offset)_tokens?$")
_DOUBTFUL: Final = frozenset({"token", "tokens", "key", "card", "cookie", "cookies", "secret", "credentials", "pwd"})


class SecretLogged(Rule):
    """
    Logs are copied, kept and read by many more people than the database ever is; a secret in one line is a secret no
    more.

    Looks at what log calls and print are given: variables, attributes and keys named like a password, secret, token,
    API key, authorization, cookie, private key, card number or social security number, and whole request headers,
    environments and settings, also inside f-strings, format() and str(). Names that end in _id, _name, _url, _type or
    _count, comparisons, and anything that went through another function (a mask, a hash, len, bool) or a slice are left
    alone. `token` in code that reads tokens of a language, and headers of unknown origin are reported with low
    confidence.
    """

    id = "secret-logged"
    area = "logging"
    item = "L4"
    title = "Secret written to a log"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Leave it out, or log what identifies it: the id of the user or key, never its value."
    calls = ("print", "pprint.pprint", *LOG_CALLS)
    bad = (
        Example(
            "a password, a token, a key of a mapping",
            {
                "login.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
                'def login(user, password, data):\n    logger.debug("login %s %s", user, password)\n'
                '    logger.info(f"token {user.access_token}")\n    print("card", data["card_number"])\n'
                '    logger.info("in", extra={"key": data.get("api_key")})\n'
            },
            at=[("login.py", 7), ("login.py", 8), ("login.py", 9), ("login.py", 10)],
        ),
        Example(
            "whole headers, environment and settings",
            {
                "hook.py": "import logging\nimport os\n\nfrom django.conf import settings\n\n"
                "logger = logging.getLogger(__name__)\n\n\ndef hook(request):\n"
                '    logger.info("got %s", request.headers)\n    logger.info("env %s", dict(os.environ))\n'
                '    logger.debug("settings: {}".format(settings))\n'
                '    logger.info("auth " + request.headers["Authorization"])\n'
            },
            at=[("hook.py", 10), ("hook.py", 11), ("hook.py", 12), ("hook.py", 13)],
        ),
        Example(
            "structlog",
            {
                "pay.py": "import structlog\n\nlog = structlog.get_logger()\n\n\ndef pay(card, ssn):\n"
                '    log.info("paying", ssn=ssn)\n'
            },
            at=[("pay.py", 7)],
        ),
    )
    good = (
        Example(
            "what is about a secret",
            {
                "login.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
                'def login(user, token, password_id, token_url):\n    logger.info("password of %s is wrong", user)\n'
                '    logger.info("%s %s", password_id, token_url)\n'
                '    logger.info("token ok: %s, %d long", bool(token), len(token))\n'
                '    logger.info("token %s...", token[:4])\n    logger.info("same: %s", token == user.token)\n'
                '    logger.info("token %s", mask(token))\n'
            },
        ),
        Example(
            "names that only speak of one",
            {
                "form.py": 'import logging\n\nlogger = logging.getLogger(__name__)\nPASSWORD_FIELD = "password"\n\n\n'
                'def check(form, secret_name):\n    logger.info("checking %s", PASSWORD_FIELD)\n'
                '    logger.info("secret %s", secret_name)\n    logger.info("cookies: %d", form.cookie_count)\n'
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        log = log_call(call)
        if log is None and call.dotted not in ("print", "pprint.pprint"):
            return
        ctx.site(call)
        words = [
            word.value
            for word in call.node.keywords
            if word.arg not in ("exc_info", "stack_info", "file", "end", "sep")
        ]
        for value in shown([*call.node.args, *words]):
            told = _secret(value, call, ctx)
            if told:
                what, sure = told
                where = "a log line" if log else "the output"
                ctx.report(
                    call, f"{what} goes into {where}, where everyone who reads logs can use it.", confidence=sure
                )
                return


def _secret(value: ast.expr, call: Call, ctx: Context) -> tuple[str, Confidence] | None:
    """What of a shown value is secret, and how sure that is."""
    whole = _whole(value, call)
    if whole is not None:
        return whole
    name = _name_of(value)
    lowered = name.lower().replace("-", "_")
    if not name or _OTHER_TOKEN.search(lowered) or not (is_secret_name(name) or _OTHERS.search(lowered)):
        return None
    if _is_number(value, call) or re.search(
        rf"\b(open|Path|exists|isfile)\({re.escape(ast.unparse(value))}", ctx.source
    ):
        return None
    if isinstance(value, ast.Name) and isinstance(ctx.constant(value, call), str) and not is_secret_name(name):
        return None
    return f"`{short(value, 50)}`", _sure(lowered, call, ctx)


def _is_number(value: ast.expr, call: Call) -> bool:
    """Whether the placeholder of an argument takes numbers only."""
    args = call.node.args
    if len(args) < 2 or value not in args or not isinstance(args[0], ast.Constant):
        return False
    kinds = re.findall(r"%[-+ #0\d.]*([a-zA-Z])", str(args[0].value))
    index = args.index(value) - 1
    return index < len(kinds) and kinds[index] in "dioxXeEfFgG"


def _whole(value: ast.expr, call: Call) -> tuple[str, Confidence] | None:
    dotted = call.name(value) if isinstance(value, ast.Name | ast.Attribute) else ""
    if dotted in _WHOLE:
        return f"{_WHOLE[dotted].capitalize()} (`{short(value)}`)", Confidence.HIGH
    if isinstance(value, ast.Attribute) and value.attr in ("headers", "META", "environ", "COOKIES"):
        owner = getattr(value.value, "attr", getattr(value.value, "id", ""))
        if _REQUEST.search(owner):
            return f"All of `{short(value)}`, credentials included,", Confidence.MEDIUM
    if isinstance(value, ast.Name) and value.id in ("headers", "request_headers"):
        return f"All of `{value.id}`, credentials included,", Confidence.LOW
    return None


def _name_of(value: ast.expr) -> str:
    """The last word of a variable, an attribute, or of a key that is looked up."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute):
        return value.attr
    key: ast.expr | None = None
    if isinstance(value, ast.Subscript):
        key = value.slice
    elif isinstance(value, ast.Call) and getattr(value.func, "attr", "") in ("get", "pop", "getenv") and value.args:
        key = value.args[0]
    elif isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "get_secret_value":
        return "secret"
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _sure(name: str, call: Call, ctx: Context) -> Confidence:
    """A word with other meanings needs a second hint: what the message says, or what the module is about."""
    if name not in _DOUBTFUL:
        shown_to_user = call.last == "print" and getattr(call.function, "name", "main") in ("main", "cli")
        return Confidence.LOW if shown_to_user else Confidence.MEDIUM
    texts = [
        node.value for node in ast.walk(call.node) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if _LEXES.search(call.qualname) or ctx.imports(*_LEXERS):
        return Confidence.LOW
    hinted = any(name.rstrip("s") in text.lower() for text in texts) or _ABOUT.search(ctx.source)
    return Confidence.MEDIUM if hinted else Confidence.LOW
