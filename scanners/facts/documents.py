"""What a repository says beside its code: pages, owners and objectives."""

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.semantics.docs import pages
from scanners.text import TextFile

_MOST: Final = 300
_LONGEST: Final = 300
"""Characters of an entry in which its first owner is looked for: the search tries many ways."""
_ENTRY: Final = regex(r"^\s*+(?P<pattern>[^\s#\[^](?:\\ |\S)*)\s+[^#]*?\S*@\w")
_SECTION: Final = regex(r"^\s*\^?\[[^\]]+\](?:\[\d+\])?\s+\S*@\w")
_LISTED: Final = regex(r"^\s*-\s*[\"']?@?[\w-]{2,}[\"']?\s*(#.*)?$|^\s*[\w.+-]+@[\w.-]+\s*$")
_OWNED: Final = regex(
    r"^\s*(?:- )?[\"']?(?:owner|owners|team|maintainer|ownerId|dd-team)[\"']?\s*:\s*[\"']?(?P<who>[^\s\"'#]*)"
)
_NOBODY: Final = frozenset({"", "unknown", "todo", "tbd", "nobody", "none", "null", "~", "n/a", "changeme", "[]", "{}"})
_HANDBOOK: Final = regex(
    r"^\s*(?:- )?[\"']?(?:title|name|url|type|href|runbook_?(?:url)?)[\"']?\s*:.*(?:run|play)[ _-]?book", re.IGNORECASE
)
_PERSON: Final = regex(r"^(?!\s*(?:#|=|-{3}|<!--)).*(\w\S* \w|@\w|^\s*[-*]\s*\w)")
_OBJECTIVE: Final = regex(
    r"^\s*(kind:\s*[\"']?(SLO|Objective|PrometheusServiceLevel|ServiceLevelObjective)\b|apiVersion:\s*[\"']?openslo/"
    r"|slos\s*:|objectives?\s*:|service_?level_?objectives?\s*:|target\s*:)",
    re.IGNORECASE,
)
_MANIFEST_OBJECTIVE: Final = regex(
    r"^\s*(kind:\s*[\"']?(SLO|PrometheusServiceLevel|ServiceLevelObjective)\b|apiVersion:\s*[\"']?(openslo|sloth\.))"
)
_WORDS: Final = regex(r"^\s*(maintainer|author)(_email)?\s*=\s*\S")
_LABEL: Final = regex(r"^\s*(LABEL\s.*\bmaintainers?\b|MAINTAINER\s)", re.IGNORECASE)


class Documents(Collector):
    """Facts: "document" (one a page), "owner" (who answers for the code), "objective" (a promise in a file of its own),
    "handbook" (a link of a catalogue to what to do when the service fails).

    A document has kind (readme, changelog, decision, architecture, runbook, objectives or empty), title, unwritten (it
    only says that it will be), headings below which something stands and links, covers {topic: line}, elsewhere (it
    sends its reader to a site of documentation) and date, the day on which it says that it was last reviewed. An owner
    has how: codeowners with its pattern, catalogue, maintainers, authors (who have written the code, and may not answer
    for it now), or nobody for a CODEOWNERS without an entry.
    """

    files = (
        *("docs", "codeowners", "catalogue", "maintainers", "authors", "objectives"),
        *("manifest", "pyproject", "setup-cfg", "dockerfile"),
    )
    calls = ("setuptools.setup", "distutils.core.setup")
    classes = CODE

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        _READERS[text.kind](text, ctx)

    def visit_call(self, call: Call, ctx: Context) -> None:
        for how, names in (
            ("maintainers", ("maintainer", "maintainer_email")),
            ("authors", ("author", "author_email")),
        ):
            value = call.keyword(*names)
            if value is not None and not (isinstance(value, ast.Constant) and not value.value):
                ctx.fact("owner", value, how=how)


def _page(text: TextFile, ctx: Context) -> None:
    titles, linked = pages.headings(text.lines), pages.links(text.text)
    bare, unwritten = pages.unwritten(text.lines, titles)
    heads = [head for head in titles if head not in bare]
    day = pages.stated(text.text)
    ctx.fact(
        "document",
        1,
        kind=text.role,
        title=titles[0][1][:200] if titles else "",
        unwritten=unwritten or not text.text.strip(),
        headings=[title[:200] for _, title in heads[:_MOST]],
        links=[target[:300] for _, _, target in linked[:_MOST]],
        covers=pages.covered(text.lines, heads, linked),
        elsewhere=pages.manual(text.lines, heads, linked),
        date=day.isoformat() if day else "",
    )


def _owners(text: TextFile, ctx: Context) -> None:
    entries = 0
    for number, line in enumerate(text.lines, 1):
        entry = _ENTRY.match(line[:_LONGEST]) if "@" in line else None
        if entry or _SECTION.match(line) or _LISTED.match(line):
            entries += 1
            if entries <= _MOST:
                ctx.fact("owner", number, how="codeowners", pattern=entry["pattern"] if entry else "*")
    if not entries:
        ctx.fact("owner", 1, how="nobody")


def _catalogue(text: TextFile, ctx: Context) -> None:
    said = list(enumerate(text.lines, 1))
    named = ((number, found["who"]) for number, line in said if (found := _OWNED.match(line)))
    owner = next((number for number, who in named if who.lower() not in _NOBODY), 0)
    handbook = next((number for number, line in said if _HANDBOOK.match(line)), 0)
    if owner:
        ctx.fact("owner", owner, how="catalogue")
    if handbook:
        ctx.fact("handbook", handbook)


def _list_of_people(text: TextFile, ctx: Context) -> None:
    found = next((number for number, line in enumerate(text.lines, 1) if _PERSON.match(line)), 0)
    if found:
        ctx.fact("owner", found, how=text.kind)


def _objectives(text: TextFile, ctx: Context) -> None:
    pattern = _OBJECTIVE if text.kind == "objectives" else _MANIFEST_OBJECTIVE
    for number, line in enumerate(text.lines, 1):
        if pattern.match(line):
            ctx.fact("objective", number)
            return


def _people(text: TextFile, ctx: Context) -> None:
    data: Any = text.toml
    project, poetry = data.get("project", {}), data.get("tool", {}).get("poetry", {})
    for how in ("maintainers", "authors"):
        if project.get(how) or poetry.get(how):
            ctx.fact("owner", text.line_of(how), how=how)


def _stated(text: TextFile, ctx: Context) -> None:
    for number, line in enumerate(text.lines, 1):
        if found := (_WORDS if text.kind == "setup-cfg" else _LABEL).match(line):
            ctx.fact("owner", number, how="authors" if found[1] == "author" else "maintainers")


_READERS: Final[Mapping[str, Callable[[TextFile, Context], None]]] = {
    "docs": _page,
    "codeowners": _owners,
    "catalogue": _catalogue,
    "maintainers": _list_of_people,
    "authors": _list_of_people,
    "objectives": _objectives,
    "manifest": _objectives,
    "pyproject": _people,
    "setup-cfg": _stated,
    "dockerfile": _stated,
}
