"""Calls of imported defs that may read variables: `env_bool("SHOP_DEBUG", False)`, where another file defines it."""

import ast
import re
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Place
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.config.defaults import shown_default
from scanners.semantics.config.ownreaders import placed
from scanners.semantics.config.reading import feeds, used_as
from scanners.syntax import descendants

_READS: Final = regex(
    r"env(?!elope)|(get|read|load|require|fetch)_?(config|setting|secret|var|bool|int|str|flag)", re.IGNORECASE
)
_LIBRARIES: Final = frozenset(
    "os environ environs decouple dynaconf starlette pydantic_settings click typer dotenv django_environ jinja2 gym "
    "gymnasium werkzeug alembic sphinx".split()
)
_NAME: Final = regex(r"^[A-Za-z_]\w*$")
_MOST: Final = 4


class ImportedReads(Collector):
    """Fact `env-call`: what is called, the first text that it is given with its position, and all else as shown.

    Whether it reads a variable is known once the file is seen that defines it (fact `env-reader`).
    """

    classes = CODE

    def visit_module(self, ctx: Context) -> None:
        """Record the calls."""
        likely = {name for name, bound in ctx.module.names.items() if any(_is_likely(found) for found in bound)}
        if not likely:
            return
        calls = [node for node in descendants(ctx.tree or ast.Module([], []), ast.Call) if _first(node.func) in likely]
        for place in placed(calls, ctx) if calls else ():
            _note(place, ctx)


def _is_likely(found: Any) -> bool:
    if found.kind != "import" or found.value.partition(".")[0] in _LIBRARIES:
        return False
    return _READS.search(found.value.rpartition(".")[2]) is not None


def _first(func: ast.expr) -> str:
    """The name that a call starts from: `env` of `env(...)` and of `env.text(...)`."""
    if isinstance(func, ast.Attribute):
        func = func.value
    return getattr(func, "id", "")


def _note(place: Place[ast.Call], ctx: Context) -> None:
    call = place.node
    ref = place.resolve(call.func)
    texts = [fold(arg, place.scope) for arg in call.args[:_MOST]]
    words = {word.arg: word.value for word in call.keywords if word.arg}
    position = next((at for at, text in enumerate(texts) if isinstance(text, str)), -1)
    word = next((word for word in ("name", "key", "var", "variable") if word in words), "")
    name = texts[position] if position >= 0 else fold(words[word], place.scope) if word else ""
    if ref is None or not isinstance(name, str) or not _NAME.match(name):
        return
    kind, strict = used_as(place)
    ctx.fact(
        "env-call",
        place,
        called=ref.dotted,
        name=name,
        text=ctx.source_lines[place.line - 1].strip()[:160],
        position=position,
        word=word,
        given=[shown_default(name, arg, place.scope) for arg in call.args[:_MOST]],
        words={key: shown_default(name, value, place.scope) for key, value in words.items()},
        type=kind,
        validator=strict,
        feeds=feeds(place)[:2],
    )
