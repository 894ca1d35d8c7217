from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.logcalls import LOG_CALLS, log_call
from scanners.semantics.logging.logged import named_secret, secret_in, shown
from scanners.semantics.terminals import is_started_by_hand

_NOT_SHOWN = frozenset({"exc_info", "stack_info", "stacklevel", "file", "end", "sep"})


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
            "a variable for what is left of one",
            {
                "key.py": "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef refuse(api_key, password):\n"
                '    log_api_key = f"{api_key[:4]}****" if len(api_key) > 8 else "*" * 8\n'
                '    safe_password = redact(password)\n    logger.error("no %s, %s", log_api_key, safe_password)\n'
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
        words = [word for word in call.node.keywords if word.arg not in _NOT_SHOWN]
        told = named_secret(call, words) if log else None
        for value in () if told else shown([*call.node.args, *(word.value for word in words)]):
            told = told or secret_in(value, call, ctx)
        if told:
            what, sure = told
            where = "a log line" if log else "the output"
            if log is None and is_started_by_hand(call, ctx):
                sure = Confidence.LOW  # Showing it to whoever asked may be what the command is for.
            ctx.report(call, f"{what} goes into {where}, where everyone who reads logs can use it.", confidence=sure)
