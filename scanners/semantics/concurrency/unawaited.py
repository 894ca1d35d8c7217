"""Calls that drop a coroutine of another file: noted where they stand, and joined when all files are known."""

import ast
from collections.abc import Iterator
from typing import Any

from scanners.context import Context
from scanners.facts.callgraph import called_target
from scanners.place import Place
from scanners.semantics.concurrency.reach import Key, Names
from scanners.semantics.coroutines import own_coroutines
from scanners.tree import Fact, Tree


def note_own(ctx: Context) -> set[str]:
    """Record the coroutines of a file as fact `coroutines`. Returns all names that it defines, for `note_call`."""
    ctx.fact("coroutines", 1, names=own_coroutines(ctx))
    functions = {f".{scope.qualname}" for scope in ctx.module.functions.values()}
    return functions | {f".{name}" for name in ctx.module.classes}


def note_call(place: Place[ast.Call], known: set[str], ctx: Context) -> None:
    """Record a call whose result is not awaited as fact `unawaited`, when its def may stand in another file."""
    func: Any = place.node.func
    if ctx.definition(place.resolve(func)) is None:
        target = called_target(func, place.scope, known)
        if target:
            ctx.fact("unawaited", place, target=target, text=ctx.source_lines[place.line - 1].strip())


def dropped(tree: Tree) -> Iterator[tuple[Fact, Key]]:
    """The noted calls that turn out to make a coroutine, each with the def that they mean."""
    found = {(fact.path, name) for fact in tree.facts("coroutines") for name in fact["names"]}
    noted = tree.facts("unawaited") if found else []
    names = Names(tree, found) if noted else None
    for fact in noted:
        meant = names.meant(fact["target"], fact.path) if names is not None else None
        if meant is not None:
            yield fact, meant
