"""Filters of LDAP, paths of XPath and scripts of MongoDB: queries in other languages that are made of text."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.semantics.harmless import is_settled
from scanners.semantics.pieces import Pieces, pieces
from scanners.semantics.requestdata import taint
from scanners.syntax import unparse

_SEARCHES: Final = ("search_s", "search_st", "search_ext", "search_ext_s")
CALLS: Final = (*(f"*.{name}" for name in _SEARCHES), "ldap3.Connection.search", "*.xpath")
SCRIPT: Final = "$where"
_ESCAPED: Final = regex(r"escape|filter_format|quote|valid|sanitiz|clean|\.replace\(")


def filter_of(call: Call) -> ast.expr | None:
    """The filter or path that a call searches by, None for a call that is no such search."""
    if call.last == "xpath":
        return call.argument(0, "_path", "query")
    if call.last in _SEARCHES:
        return call.argument(2, "filterstr")
    return call.argument(1, "search_filter") if call.dotted == "ldap3.Connection.search" else None


def loose_in(text: ast.expr, place: Place[Any], ctx: Context) -> str:
    """The value that becomes part of a filter, path or script, empty for none.

    A path over a document is as often written for its own file: there only a value of the request counts.
    """
    taken = pieces(text, place.scope, place.line, place.stmt.col_offset if place.stmt else 0)
    if not taken.built or not isinstance(taken.parts[0], str):
        return ""
    call = place if isinstance(place, Call) else None
    for hole in taken.holes:
        if _ESCAPED.search(unparse(hole)) or (call is not None and is_settled(hole, call)):
            continue
        if call is None or call.last != "xpath" or (_is_quoted(taken, hole) and taint(hole, call, ctx) is not None):
            return unparse(hole)[:60]
    return ""


def _is_quoted(taken: Pieces, hole: ast.expr) -> bool:
    return taken.around(hole)[0].endswith(("'", '"'))
