"""Reads of variables through own defs: `env("SHOP_HOST", "localhost")`, where `env` reads what it is told to."""

import ast
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Place
from scanners.semantics.config.defaults import shown_default
from scanners.semantics.config.ownreaders import Reader, calls_of, converts, demands, derived, passed, reader_of
from scanners.semantics.config.reading import feeds, is_guarded, refusal, used_as
from scanners.syntax import within

_DEPTH: Final = 4


class Through(NamedTuple):
    """A read through an own def: where it is called, for which name, with which default.

    `strict` says whether the def refuses a missing variable, `raises` whether it refuses anything at all.
    """

    place: Place[ast.Call]
    name: str
    default: ast.expr | None
    reader: Reader
    strict: bool
    raises: bool


def own_reads(
    form: str, key: ast.expr, default: ast.expr | None, place: Place[Any], ctx: Context, depth: int = 0
) -> Iterator[Through]:
    """The calls, of fixed names, of the def around a read of a computed name; `form` is how that def reads."""
    reader = reader_of(key, default, place)
    if reader is None:
        return
    strict = _is_strict(form, place)
    for known in (reader, *derived(reader, ctx)):
        _note_reader(known, strict, ctx)
        yield from _called(known, strict, form, ctx, depth)


def _called(reader: Reader, strict: bool, form: str, ctx: Context, depth: int) -> Iterator[Through]:
    for call in calls_of(reader, ctx):
        name, given = passed(reader, call.node)
        if name is None:
            continue
        text = fold(name, call.scope)
        if isinstance(text, str):
            asked = strict and demands(reader, call.node)
            yield Through(call, reader.spelling.of(text), given, reader, asked, _raises(reader))
        elif depth < _DEPTH:
            yield from own_reads("index" if strict else form, name, given, call, ctx, depth + 1)


def _note_reader(reader: Reader, strict: bool, ctx: Context) -> None:
    """Fact `env-reader`: a def or class of the file that others may import to read variables with."""
    known = ctx.facts.get("env-reader", ())
    if any(fact["name"] == reader.name and fact["spelling"] == list(reader.spelling) for fact in known):
        return
    ctx.fact(
        "env-reader",
        reader.owner,
        name=reader.name,
        spelling=list(reader.spelling),
        position=reader.position,
        default_word=reader.default_word,
        default_position=reader.default_position,
        default=shown_default(reader.spelling.before, reader.default, ctx.module),
        strict=strict,
        demand=reader.demand,
        type=converts(reader),
        method=reader.method and not isinstance(reader.owner, ast.ClassDef),
    )


def told_through(found: Through) -> dict[str, Any]:
    """The fields of a fact for a read through an own def."""
    kind, cast = used_as(found.place)
    default = shown_default(found.name, found.default, found.place.scope)
    return {
        "form": "own",
        "default": default,
        "required": found.strict and not default,
        "type": kind or converts(found.reader, found.place.node),
        "validator": ", ".join(
            word for word in (cast, f"{found.reader.name}() refuses" if found.strict else "") if word
        ),
        "feeds": feeds(found.place)[:2],
    }


def _is_strict(form: str, place: Place[Any]) -> bool:
    """Whether the read of a reader refuses a missing variable."""
    if refusal(place, place.function) == "missing":
        return True
    return form == "index" and not is_guarded(place, "")


def _raises(reader: Reader) -> bool:
    """Whether a reader refuses to go on without the variable."""
    return any(True for _ in within(reader.owner, ast.Raise)) and isinstance(
        reader.owner, (ast.FunctionDef, ast.AsyncFunctionDef)
    )
