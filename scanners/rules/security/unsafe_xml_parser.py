import ast
from typing import Any

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.pieces import is_fixed_name
from scanners.place import Call
from scanners.rule import Example, Rule

_ETREE = "parse fromstring fromstringlist iterparse XML XMLID XMLParser XMLPullParser".split()
_STDLIB = frozenset(
    [f"xml.etree.{module}.{name}" for module in ("ElementTree", "cElementTree") for name in _ETREE]
    + [
        f"xml.dom.{module}.{name}"
        for module in ("minidom", "pulldom", "expatbuilder")
        for name in ("parse", "parseString")
    ]
    + "xml.sax.parse xml.sax.parseString xml.sax.make_parser xml.parsers.expat.ParserCreate".split()
)
_LXML = frozenset(f"lxml.{module}.{name}" for module in ("etree", "objectify") for name in _ETREE)
_DEFUSED = frozenset(
    name.replace("xml.", "defusedxml.", 1).replace(".etree", "").replace(".dom", "") for name in _STDLIB
)
_MAKERS = frozenset({"XMLParser", "XMLPullParser"})
_PACKAGED = frozenset(
    "__file__ files resource_filename resource_string resource_stream get_data read_text open_text".split()
)


class UnsafeXmlParser(Rule):
    """
    A small XML document can name entities that grow to gigabytes, or that read files and other hosts, when it is parsed.

    Looks at parse calls of the standard library, of lxml and of defusedxml. Parsing a constant or a file that is shipped
    with the code is good, as is defusedxml. lxml is reported when entities, DTDs or the network are switched on; what its
    defaults allow depends on its version, so they are unresolved. Building XML is not looked at.
    """

    id = "unsafe-xml-parser"
    area = "security"
    item = "S3"
    title = "XML parsed with a parser that resolves entities"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Parse with defusedxml, or with lxml.etree.XMLParser(resolve_entities=False, no_network=True)."
    bad = [
        Example(
            "ElementTree",
            {
                "feed.py": "import xml.etree.ElementTree as ET\n\n\ndef titles(body):\n"
                "    return [item.text for item in ET.fromstring(body).iter('title')]\n"
            },
            at=[("feed.py", 5)],
        ),
        Example(
            "minidom and sax",
            {
                "order.py": "from xml import sax\nfrom xml.dom import minidom\n\n\ndef read(upload, handler):\n"
                "    minidom.parseString(upload.read())\n    sax.parse(upload, handler)\n"
            },
            at=[("order.py", 6), ("order.py", 7)],
        ),
        Example(
            "expat",
            {"raw.py": "from xml.parsers import expat\n\n\ndef read(body):\n    expat.ParserCreate().Parse(body)\n"},
            at=[("raw.py", 5)],
        ),
        Example(
            "lxml with entities",
            {
                "invoice.py": "from lxml import etree\n\n\ndef read(body):\n"
                "    parser = etree.XMLParser(resolve_entities=True, no_network=False)\n    return etree.fromstring(body, parser)\n"
            },
            at=[("invoice.py", 5)],
        ),
    ]
    good = [
        Example(
            "defusedxml",
            {
                "feed.py": "from defusedxml import ElementTree\n\n\ndef read(body):\n    return ElementTree.fromstring(body)\n"
            },
        ),
        Example(
            "lxml without entities",
            {
                "invoice.py": "from lxml import etree\n\nSAFE = etree.XMLParser(resolve_entities=False)\n\n\ndef read(body):\n"
                "    return etree.fromstring(body, parser=SAFE)\n"
            },
        ),
        Example(
            "a file of the package",
            {
                "schema.py": "from pathlib import Path\nfrom xml.etree import ElementTree\n\nHERE = Path(__file__).parent\n"
                "schema = ElementTree.parse(HERE / 'schema.xml')\n"
            },
        ),
        Example(
            "building",
            {
                "export.py": "from xml.etree.ElementTree import Element, SubElement, tostring\n\n\ndef export(rows):\n"
                "    root = Element('rows')\n    for row in rows:\n        SubElement(root, 'row').text = row.name\n"
                "    return tostring(root)\n"
            },
        ),
    ]
    calls = (*_STDLIB, *_LXML, *_DEFUSED)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in _DEFUSED or _is_fixed(call, ctx):
            return
        if call.dotted in _LXML:
            self._lxml(call, ctx)
            return
        if call.last not in _MAKERS and _safe_parser(call):
            return
        ctx.report(call, f"{call.dotted} expands the entities of whatever document it is given.")

    def _lxml(self, call: Call, ctx: Context) -> None:
        loose = _loose(call.node, call, ctx)
        if loose:
            ctx.report(
                call,
                f"This parser has {loose}, so a document can read files or other hosts.",
                confidence=Confidence.HIGH,
            )
        elif call.last not in _MAKERS and not _safe_parser(call):
            ctx.unresolved(call, "What lxml resolves by default depends on its version.")


def _loose(made: ast.Call, call: Call, ctx: Context) -> str:
    for name, bad in (("resolve_entities", True), ("no_network", False), ("load_dtd", True), ("dtd_validation", True)):
        given: Any = call.keyword(name, of=made)
        if given is not None and ctx.constant(given, call) is bad:
            return f"{name}={bad}"
    return ""


def _safe_parser(call: Call) -> bool:
    """Whether the call is given a parser, which is judged where it is made."""
    parser = None if call.dotted.startswith("xml.sax") else call.argument(1, "parser")
    return parser is not None and not (isinstance(parser, ast.Constant) and parser.value is None)


def _is_fixed(call: Call, ctx: Context) -> bool:
    if call.last in _MAKERS or call.last in ("make_parser", "ParserCreate"):
        return False
    source = call.argument(0, "source", "text", "string", "filename_or_stream", "file")
    if source is None or ctx.constant(source, call) is not UNKNOWN or is_fixed_name(source):
        return source is not None
    words = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(source)}
    for name in [word for word in words if word]:
        for binding in ctx.module.names.get(name, []) + call.scope.bindings(name):
            if binding.kind == "assign":
                words |= {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(binding.value)}
    return not words.isdisjoint(_PACKAGED)
