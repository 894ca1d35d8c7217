from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.docs.documents import front, speaking_of
from scanners.tree import Tree, TreeContext


class SloMissing(Rule):
    """
    Without an objective nobody can say whether the service works well enough: every dip is an emergency, or none is.

    Looks once at the repository for service level objectives: an OpenSLO or Sloth file, a file or folder of that name, a
    heading that speaks of them, or a link. What is promised, and whether anybody agreed to it, is asked in the review.
    """

    id = "slo-missing"
    area = "docs"
    item = "O4"
    title = "No service level objective"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Write down one objective for availability and one for latency, as slo.yaml or as a section of the README."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = (
        Example("nothing promised", {"README.md": "# Shop\n\n## Run\n"}, at=[("README.md", 1)]),
        Example("no page at all", {"app.py": "import flask\n"}, at=[("app.py", 1)]),
    )
    good = (
        Example("OpenSLO", {"slo.yaml": "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: checkout\n"}),
        Example(
            "Sloth",
            {"deploy/slo/checkout.yaml": "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\n"},
        ),
        Example("a heading", {"README.md": "# Shop\n\n## Service level objectives\n\n99.9 % a month.\n"}),
        Example("a page", {"docs/slo.md": "# What we promise\n"}),
        Example("a link", {"README.md": "# Shop\n\n[SLO dashboard](https://grafana.example.com/d/shop)\n"}),
        Example("a library", {"README.md": "# x\n"}, kind="library"),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        place = front(tree)
        stated = [fact for fact in tree.facts("objective") if fact.path_class.name == "service"]
        found = (stated[0].path, stated[0].line) if stated else speaking_of(tree, "objectives", "objectives")
        if found is not None:
            ctx.site(*found)
        elif place:
            message = "Nothing here says how available or how quick this service has to be."
            sure = Confidence.LOW if tree.of_kind("archive") else None  # A released archive leaves pages out.
            ctx.report(place, 1, message, anchor="objectives", confidence=sure)
