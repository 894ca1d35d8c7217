import datetime as dt
import re
from typing import Final

from scanners.context import Context
from scanners.dependencies import endoflife
from scanners.finding import Confidence, Effort, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.docs.documents import front, pages, points_elsewhere, speaking_of
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext

_OLD: Final = dt.timedelta(days=180)
_ALERT: Final = regex(r"^(\s*+(?:-\s*+)?)[\"']?alert[\"']?:\s*+[\"']?([^\"'#]*[^\"'#\s])")
_RULES: Final = regex(r"^[^\S\n]*+(-[^\S\n]*+)?[\"']?(expr|record)[\"']?\s*:", re.MULTILINE)
_RUNBOOK: Final = regex(r"run_?book", re.IGNORECASE)
_SILENT = """groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up == 0
      - alert: QueueGrows
        expr: queue_length > 1000
        annotations:
          runbook_url: https://wiki.example.com/queue
"""


class RunbookMissing(Rule):
    """
    Whoever is woken by an alert has ten minutes to act; without a page that says what to look at and what is safe to do,
    they go into reading code.

    Looks for a page of the repository about operating it (a runbook, operations, on-call or troubleshooting page, a
    heading in any page, or a link to one elsewhere, also in a catalogue file), and at each Prometheus alert for a runbook in its annotations. A
    page that says when it was last reviewed is old after 180 days, counted to the commit, or to the making of this rule
    where its day is not known. Whether a page is any good is for people to say.
    """

    id = "runbook-missing"
    area = "docs"
    item = "O2"
    title = "No runbook for whoever is woken"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Write docs/runbook.md: how to see what is wrong, what is safe to do, whom to call; link it from every alert."
    kinds = frozenset({"http-api", "worker", "cron"})
    files = ("alert-rules", "manifest")
    bad = (
        Example("no page for operators", {"README.md": "# Shop\n\n## Run\n"}, at=[("README.md", 1)]),
        Example(
            "an old one",
            {"docs/runbook.md": "# Runbook\n\nLast reviewed: 2024-03-01\n", "README.md": "# Shop\n"},
            at=[("docs/runbook.md", 1)],
        ),
        Example(
            "an alert without one",
            {"monitoring/alerts.yml": _SILENT, "docs/runbook.md": "# Runbook\n"},
            at=[("monitoring/alerts.yml", 4)],
        ),
    )
    good = (
        Example("a page", {"docs/runbooks/database.md": "# The database is full\n"}),
        Example("a heading", {"README.md": "# Shop\n\n## Troubleshooting\n\nLook at the queue first.\n"}),
        Example("a link", {"README.md": "# Shop\n\n[Runbook](https://wiki.example.com/shop)\n"}),
        Example("reviewed lately", {"docs/runbook.md": "# Runbook\n\nReviewed on 12 November 2026 by Jo.\n"}),
        Example(
            "alerts with theirs",
            {
                "monitoring/alerts.yml": _SILENT.replace(
                    "        expr: up == 0\n",
                    "        expr: up == 0\n        annotations:\n          runbook: docs/runbook.md#down\n",
                ),
                "docs/runbook.md": "# Runbook\n",
            },
        ),
        Example(
            "settings of something else",
            {"config/alerts.yml": "alert: true\nchannel: ops\n", "docs/runbook.md": "# Runbook\n"},
        ),
    )

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if not _RULES.search(text.text):
            return
        starts = [(number, found) for number, line in enumerate(text.lines, 1) if (found := _ALERT.match(line))]
        for number, found in starts:
            ctx.site(number)
            if not any(_RUNBOOK.search(line) for line in _body(text.lines, number, len(found[1]))):
                ctx.report(number, f"The alert {found[2]} does not say what to do: it has no runbook_url.")

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        place = front(tree)
        linked = next(((fact.path, fact.line) for fact in tree.facts("handbook")), None)
        found = speaking_of(tree, "runbook", "runbook") or linked
        if found is None:
            if points_elsewhere(tree):
                ctx.unresolved(place, 1, "The README points to a site of documentation, which was not read.")
            elif place:
                message = "No page says what to do when the service fails: no runbook, and no link to one."
                sure = Confidence.LOW if tree.of_kind("archive") else None  # A released archive leaves pages out.
                ctx.report(place, 1, message, anchor="runbook", confidence=sure)
            return
        ctx.site(*found)
        today = tree.date or endoflife.checked()
        for page in pages(tree):
            day = dt.date.fromisoformat(page["date"]) if page["kind"] == "runbook" and page["date"] else None
            if day is not None and day <= today - _OLD:
                message = f"This page was last reviewed on {day}, {(today - day).days} days before."
                ctx.report(page.path, 1, message, anchor="age", severity=Severity.LOW)
            elif day is not None:
                ctx.site(page.path)


def _body(lines: list[str], start: int, indent: int) -> list[str]:
    """The lines of the alert that starts there: those that are no further out than its first key."""
    body = [lines[start - 1]]
    for line in lines[start:]:
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            break
        body.append(line)
    return body
