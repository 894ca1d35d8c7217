"""The containers of a file that keep what callers ask for: where each grows, and whether anything takes entries out."""

import ast
from typing import Any, NamedTuple

from scanners.context import Context, per_file
from scanners.place import Place
from scanners.semantics.containers import spelled
from scanners.semantics.hot import hot_defs
from scanners.semantics.memory.caches import (
    CACHE_LIKE,
    growth,
    held_containers,
    is_doubtful,
    is_memo,
    is_trimmed,
)
from scanners.semantics.owncalls import own


class Grown(NamedTuple):
    """A container that grows: where it first does, whether its keys may be few, whether anything is taken out."""

    name: str
    place: Place[Any]
    doubtful: bool
    trimmed: bool


@per_file
def grown_containers(ctx: Context) -> tuple[Grown, ...]:
    """The containers of the module and of its classes that grow by keys of the caller."""
    held = dict(held_containers(ctx))
    if not held:
        return ()
    grown: dict[str, tuple[Place[Any], bool]] = {}
    trimmed: set[str] = set()
    firsts = {name.partition(".")[0] for name in held}
    for function, scope in ctx.module.functions.items():
        if firsts.isdisjoint(node.id for node in own(function, ast.Name)):
            continue
        text = {spelled(node) for node in own(function, ast.Name, ast.Attribute)}
        for name in [each for each in held if each in text]:
            nodes = list(own(function))
            certain = bool(CACHE_LIKE.search(name)) or function in hot_defs(ctx)
            cut = is_trimmed(name, nodes)
            if cut:
                trimmed.add(held[name])
            if certain or is_memo(name, nodes):
                change = growth(name, nodes, function, scope)
                if change is not None and not (cut and held[name] in grown):
                    grown.setdefault(held[name], (change, is_doubtful(name, change, nodes, certain)))
    return tuple(Grown(name, place, doubtful, name in trimmed) for name, (place, doubtful) in grown.items())
