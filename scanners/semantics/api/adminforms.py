"""Forms that only the admin of a Django project shows, to people who may write every field anyway."""

from collections import defaultdict
from typing import Any, Final

from scanners.canonical import anchor_of
from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Place
from scanners.regex import regex
from scanners.tree import Tree, TreeContext

_ADMIN: Final = regex(r"(^|/)\w*admin\w*(/|\.py$)")


def shown_in_admin_alone(tree: Tree) -> frozenset[str]:
    """The names of forms that modules of the admin use, and no other module does."""
    used: dict[str, set[bool]] = defaultdict(set)
    for fact in tree.facts("form-uses"):
        for name in fact["names"]:
            used[name].add(_ADMIN.search(fact.path) is not None)
    return frozenset(name for name, kinds in used.items() if kinds == {True})


def suspect(place: Place[Any], name: str, message: str, ctx: Context) -> None:
    """Record a class that lets all fields be written, until it is known who uses it."""
    anchor = f"{place.qualname}:{anchor_of(place.node)}"
    text = ctx.source_lines[place.line - 1].strip()
    ctx.fact("open-fields", place, name=name, message=message, anchor=anchor, text=text)


def judge(tree: Tree, ctx: TreeContext) -> None:
    """Report the suspects but the forms of the admin."""
    harmless = shown_in_admin_alone(tree)
    for fact in tree.facts("open-fields"):
        if fact["name"] in harmless:
            continue
        ctx.report(
            fact.path,
            fact.line,
            fact["message"],
            anchor=fact["anchor"],
            text=fact["text"],
            confidence=Confidence.MEDIUM,
        )
