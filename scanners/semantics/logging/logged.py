"""Which expressions end up as text in a line that is logged or printed, and which of them are secret."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence
from scanners.names import find
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.handlers import short
from scanners.semantics.secrets import is_secret_name
from scanners.syntax import descendants, unparse

_OTHERS: Final = regex(
    r"(^|_)(authorization|auth_?header|proxy_authorization|set_cookie|cookies?|card_?number|credit_?card|cvv|cvc|iban|ssn|"
    r"social_security(_number)?|private_?key|api_?key)$"
)
_WHOLE: Final = {"os.environ": "the whole environment", "django.conf.settings": "all settings"}
_REQUEST: Final = regex(r"(^|_)(request|req)$")
_LEXERS: Final = (
    *(
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
    ),
)
_LEXES: Final = regex(r"lex|pars|token_?i[sz]|scan|compil|grammar|syntax", re.IGNORECASE)
_ABOUT: Final = regex(
    r"\b(auth|authenticat\w+|authoriz\w+|log_?in|jwt|bearer|oauth2?|credentials?|passwords?)\b", re.IGNORECASE
)
_OTHER_TOKEN: Final = regex(r"(^|_)(from|since|to|batch|start|end|stream|position|sync|now|rdata|offset)_tokens?$")
_DOUBTFUL: Final = frozenset({"token", "tokens", "key", "card", "cookie", "cookies", "secret", "credentials", "pwd"})
_HIDES: Final = regex(
    r"mask|redact|obfus|obscur|hide|hash|digest|fingerprint|censor|sanit|scrub|shorten|truncat|anonym|^len$|^md5$|^sha\d+$",
    re.IGNORECASE,
)
_PLAIN: Final = frozenset(
    "str repr format dict list tuple dumps pformat format_map join strip model_dump copy decode".split()
)


def shown(values: list[ast.expr]) -> Iterator[ast.expr]:
    """The expressions whose text ends up in the line."""
    stack = list(reversed(values))
    while stack:
        value = stack.pop()
        if isinstance(value, ast.JoinedStr):
            stack.extend(part.value for part in value.values if isinstance(part, ast.FormattedValue))
        elif isinstance(value, ast.BinOp):
            stack.extend((value.right, value.left))
        elif isinstance(value, (ast.Tuple, ast.List)):
            stack.extend(value.elts)
        elif isinstance(value, ast.Dict):
            stack.extend(value.values)
        elif isinstance(value, (ast.Starred, ast.Await)):
            stack.append(value.value)
        elif isinstance(value, ast.IfExp):
            stack.extend((value.orelse, value.body))
        elif isinstance(value, ast.Call) and getattr(value.func, "attr", getattr(value.func, "id", "")) in _PLAIN:
            stack.extend(value.args)
            stack.extend(word.value for word in value.keywords)
            if isinstance(value.func, ast.Attribute) and not isinstance(value.func.value, ast.Constant):
                stack.append(value.func.value)
        else:
            yield value


def named_secret(call: Call, words: list[ast.keyword]) -> tuple[str, Confidence] | None:
    """What is logged under the name of a secret: `log.info(..., password=x)`, `extra={"password": x}`."""
    fields = [(word.arg or "", word.value) for word in words]
    for extra in (word.value for word in words if isinstance(word.value, ast.Dict)):
        keys = [key.value if isinstance(key, ast.Constant) else "" for key in extra.keys]
        fields += zip(map(str, keys), extra.values, strict=True)
    for name, value in fields:
        held = isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)) and not isinstance(
            getattr(value, "slice", None), ast.Slice
        )
        if held and name.lower() not in _DOUBTFUL and (is_secret_name(name) or _OTHERS.search(name.lower())):
            return f"`{short(value, 50)}`, logged as {name},", Confidence.MEDIUM
    return None


def secret_in(value: ast.expr, call: Call, ctx: Context) -> tuple[str, Confidence] | None:
    """What of a shown value is secret, and how sure that is."""
    whole = _whole(value, call)
    if whole is not None:
        return whole
    name = _name_of(value)
    lowered = name.lower().replace("-", "_")
    if not name or _OTHER_TOKEN.search(lowered) or not (is_secret_name(name) or _OTHERS.search(lowered)):
        return None
    if _is_number(value, call) or re.search(rf"\b(open|Path|exists|isfile)\({re.escape(unparse(value))}", ctx.source):
        return None
    if isinstance(value, ast.Name) and isinstance(ctx.constant(value, call), str) and not is_secret_name(name):
        return None
    if isinstance(value, ast.Name) and _is_masked(value.id, call):
        return None
    either = "_or_" in lowered or re.search(r"[a-z]Or[A-Z]", name) is not None
    return f"`{short(value, 50)}`", Confidence.LOW if either else _sure(lowered, call, ctx)


def _is_masked(name: str, call: Call) -> bool:
    """Whether all that a variable is given hides the secret: a mask, a hash, parts of it."""
    bindings, _ = find(name, call.scope) or ([], call.scope)
    return bool(bindings) and all(bound.kind == "assign" and _hides(bound.value) for bound in bindings)


def _hides(value: ast.AST) -> bool:
    if isinstance(value, ast.IfExp):
        return _hides(value.body) and _hides(value.orelse)
    if isinstance(value, ast.Subscript):
        return isinstance(value.slice, ast.Slice)
    if isinstance(value, ast.JoinedStr):
        fields = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
        return bool(fields) and all(map(_hides, fields))
    if isinstance(value, ast.BinOp):
        return _hides(value.left) and _hides(value.right)
    if isinstance(value, ast.Call):
        return _HIDES.search(getattr(value.func, "attr", getattr(value.func, "id", ""))) is not None
    return isinstance(value, ast.Constant)


def _is_number(value: ast.expr, call: Call) -> bool:
    """Whether the placeholder of an argument takes numbers only."""
    args = call.node.args
    if len(args) < 2 or value not in args or not isinstance(args[0], ast.Constant):
        return False
    kinds = re.findall(r"%[-+ #0\d.]*([a-zA-Z])", str(args[0].value))
    index = args.index(value) - 1
    return index < len(kinds) and kinds[index] in "dioxXeEfFgG"


def _whole(value: ast.expr, call: Call) -> tuple[str, Confidence] | None:
    dotted = call.name(value) if isinstance(value, (ast.Name, ast.Attribute)) else ""
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
        node.value for node in descendants(call.node) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if _LEXES.search(call.qualname) or ctx.imports(*_LEXERS):
        return Confidence.LOW
    hinted = any(name.rstrip("s") in text.lower() for text in texts) or ctx.source.finds(_ABOUT)
    return Confidence.MEDIUM if hinted else Confidence.LOW
