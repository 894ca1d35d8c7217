from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.docs.documents import front, points_elsewhere, speaking_of
from scanners.tree import Tree, TreeContext


class DecisionsUnrecorded(Rule):
    """
    A choice without its reason is undone by the next person, and a change that no list mentions is searched for in diffs
    while the release burns.

    Looks for two things in the repository: decision records or a page on its architecture, and a list of changes. A
    folder, a page, a heading or a link counts. Whether they are current is asked in the review.
    """

    id = "decisions-unrecorded"
    area = "docs"
    item = "O4"
    title = "Decisions or changes are not recorded"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Start docs/decisions/ with one page a decision, and a CHANGELOG.md with one line a change."
    bad = (
        Example("neither", {"README.md": "# Shop\n\n## Run\n"}, at=[("README.md", 1), ("README.md", 1)]),
        Example("changes only", {"README.md": "# Shop\n", "CHANGELOG.md": "## 1.0\n"}, at=[("README.md", 1)]),
        Example("decisions only", {"docs/adr/0001-queue.md": "# Use a queue\n", "app.py": ""}, at=[("app.py", 1)]),
    )
    good = (
        Example("both", {"docs/decisions/0001-queue.md": "# Use a queue\n", "CHANGELOG.md": "## 1.0\n"}),
        Example("a page and a list", {"docs/architecture.rst": "Architecture\n============\n", "HISTORY.rst": "1.0\n"}),
        Example(
            "headings",
            {"README.md": "# Shop\n\n## How it works\n\nOne queue.\n\n## Release notes\n\n1.1: faster.\n"},
        ),
        Example(
            "links",
            {
                "README.md": "# Shop\n\n[Architecture](https://wiki.example.com/a),"
                " [changes](https://git.example.com/shop/releases)\n"
            },
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        place = front(tree)
        if not place:
            ctx.not_applicable("There is no file.")
            return
        decisions = speaking_of(tree, "decisions", "decision", "architecture")
        changes = speaking_of(tree, "changelog", "changelog")
        if None in (decisions, changes) and points_elsewhere(tree):
            ctx.unresolved(place, 1, "The README points to a site of documentation, which was not read.")
            return
        sure = Confidence.LOW if tree.of_kind("archive") else None  # A released archive leaves pages out.
        if decisions is None:
            message = "No decision record and no page on the architecture says why the code is as it is."
            ctx.report(place, 1, message, anchor="decisions", confidence=sure)
        if changes is None:
            message = "No changelog says what changed from one release to the next."
            ctx.report(place, 1, message, anchor="changelog", confidence=sure)
        for found in (decisions, changes):
            if found is not None:
                ctx.site(*found)
