from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.security.xmlparsers import DEFUSED, LXML, MAKERS, STDLIB, is_fixed, loose, safe_parser


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
                "feed.py": "import xml.etree.ElementTree as ET\n\n\ndef titles(body):\n    return [item.text for item in ET.fromstring(body).iter('title')]\n",
                "tree.py": "import xml.etree.ElementTree as ET\n\n\ndef load(path):\n    tree = ET.ElementTree()\n    return tree.parse(path)\n",
            },
            at=[("feed.py", 5), ("tree.py", 6)],
        ),
        Example(
            "minidom and sax",
            {
                "order.py": "from xml import sax\nfrom xml.dom import minidom\n\n\ndef read(upload, handler):\n    minidom.parseString(upload.read())\n    sax.parse(upload, handler)\n",
            },
            at=[("order.py", 6), ("order.py", 7)],
        ),
        Example(
            "expat",
            {
                "raw.py": "from xml.parsers import expat\n\n\ndef read(body):\n    expat.ParserCreate().Parse(body)\n",
            },
            at=[("raw.py", 5)],
        ),
        Example(
            "lxml with entities",
            {
                "invoice.py": "from lxml import etree\n\n\ndef read(body):\n    parser = etree.XMLParser(resolve_entities=True, no_network=False)\n    return etree.fromstring(body, parser)\n",
            },
            at=[("invoice.py", 5)],
        ),
    ]
    good = [
        Example(
            "defusedxml",
            {
                "feed.py": "from defusedxml import ElementTree\n\n\ndef read(body):\n    return ElementTree.fromstring(body)\n",
            },
        ),
        Example(
            "lxml without entities",
            {
                "invoice.py": "from lxml import etree\n\nSAFE = etree.XMLParser(resolve_entities=False)\n\n\ndef read(body):\n    return etree.fromstring(body, parser=SAFE)\n",
            },
        ),
        Example(
            "a file of the package",
            {
                "schema.py": "from pathlib import Path\nfrom xml.etree import ElementTree\n\nHERE = Path(__file__).parent\nschema = ElementTree.parse(HERE / 'schema.xml')\n",
            },
        ),
        Example(
            "building",
            {
                "export.py": "from xml.etree.ElementTree import Element, SubElement, tostring\n\n\ndef export(rows):\n    root = Element('rows')\n    for row in rows:\n        SubElement(root, 'row').text = row.name\n    return tostring(root)\n",
            },
        ),
    ]
    calls = (*STDLIB, *LXML, *DEFUSED)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        if call.dotted in DEFUSED or is_fixed(call, ctx):
            return
        if call.dotted in LXML:
            self._lxml(call, ctx)
            return
        if call.last not in MAKERS and safe_parser(call):
            return
        given = call.argument(0)
        sent = taint(given, call, ctx) if given is not None else None
        message = f"{call.dotted} expands the entities of whatever document it is given."
        ctx.report(call, message, severity=Severity.HIGH if sent else None)

    def _lxml(self, call: Call, ctx: Context) -> None:
        option = loose(call.node, call, ctx)
        if option:
            ctx.report(
                call,
                f"This parser has {option}, so a document can read files or other hosts.",
                confidence=Confidence.HIGH,
            )
        elif call.last not in MAKERS and not safe_parser(call):
            ctx.unresolved(call, "What lxml resolves by default depends on its version.")
