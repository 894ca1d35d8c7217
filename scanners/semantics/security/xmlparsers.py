"""What a call that parses XML is given, and what its parser resolves."""

import ast
from typing import Any

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.semantics.harmless import is_fixed_name
from scanners.syntax import descendants

_ETREE = "parse fromstring fromstringlist iterparse XML XMLID XMLParser XMLPullParser".split()


STDLIB = frozenset(
    [f"xml.etree.{module}.{name}" for module in ("ElementTree", "cElementTree") for name in _ETREE]
    + [
        f"xml.dom.{module}.{name}"
        for module in ("minidom", "pulldom", "expatbuilder")
        for name in ("parse", "parseString")
    ]
    + ["xml.etree.ElementTree.ElementTree.parse"]
    + "xml.sax.parse xml.sax.parseString xml.sax.make_parser xml.parsers.expat.ParserCreate".split()
)


LXML = frozenset(f"lxml.{module}.{name}" for module in ("etree", "objectify") for name in _ETREE)


DEFUSED = frozenset(name.replace("xml.", "defusedxml.", 1).replace(".etree", "").replace(".dom", "") for name in STDLIB)


MAKERS = frozenset({"XMLParser", "XMLPullParser"})


_PACKAGED = frozenset(
    "__file__ files resource_filename resource_string resource_stream get_data read_text open_text".split()
)


_REFUSES = regex(r"^(StartDoctypeDecl|EntityDecl|UnparsedEntityDecl|ExternalEntityRef)Handler$|^forbid_")


def loose(made: ast.Call, call: Call, ctx: Context) -> str:
    """The option that lets a parser of lxml resolve more than it should, empty for none."""
    for name, bad in (("resolve_entities", True), ("no_network", False), ("load_dtd", True), ("dtd_validation", True)):
        given: Any = call.keyword(name, of=made)
        if given is not None and ctx.constant(given, call) is bad:
            return f"{name}={bad}"
    return ""


def safe_parser(call: Call) -> bool:
    """Whether the call is given a parser, which is judged where it is made."""
    parser = None if call.dotted.startswith("xml.sax") else call.argument(1, "parser")
    return parser is not None and not (isinstance(parser, ast.Constant) and parser.value is None)


def is_fixed(call: Call, ctx: Context) -> bool:
    """Whether what is parsed is a constant or a file that is shipped with the code."""
    if call.last in MAKERS or call.last in ("make_parser", "ParserCreate"):
        around = call.function or call.node
        return any(_REFUSES.search(getattr(node, "attr", "")) for node in descendants(around))
    source = call.argument(0, "source", "text", "string", "filename_or_stream", "file")
    if source is None or ctx.constant(source, call) is not UNKNOWN or is_fixed_name(source):
        return source is not None
    words = {getattr(node, "id", getattr(node, "attr", "")) for node in descendants(source)}
    for name in [word for word in words if word]:
        for binding in ctx.module.names.get(name, []) + call.scope.bindings(name):
            if binding.kind == "assign":
                words |= {getattr(node, "id", getattr(node, "attr", "")) for node in descendants(binding.value)}
    return not words.isdisjoint(_PACKAGED)
