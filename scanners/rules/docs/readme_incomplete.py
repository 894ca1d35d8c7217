from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.docs.documents import front, pages, points_elsewhere, readme
from scanners.tree import Fact, Tree, TreeContext

_SECTIONS: Final = {
    "purpose": "what this service is for",
    "run": "how to run it",
    "configure": "how it is configured",
    "deploy": "how it is deployed",
    "test": "how its tests are run",
    "owner": "who owns it or whom to ask",
}
_WHOLE = """# Shop

Takes the orders of all storefronts and hands them to the warehouse.

## Run
    docker compose up
## Configure
See the table of variables.
## Deploy
Every merge goes out.
## Test
    pytest
## Owner
Team payments.
"""


class ReadmeIncomplete(Rule):
    """
    Whoever takes over the service in an outage starts with the README; what it leaves out is guessed or asked around for.

    Looks for a README at the top and for six things in it: purpose, run, configure, deploy, test and owner, told by a
    heading, a command or a link. The repository's pages that it links to count as part of it, and an owner that is named
    in CODEOWNERS, a catalogue or a manifest too. Where it points to a site of documentation, what is missing may stand
    there and is unresolved.
    """

    id = "readme-incomplete"
    area = "docs"
    item = "O2"
    title = "README leaves out what is needed to run the service"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Add a short section, or a link to the page that says it."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = (
        Example("no README", {"requirements.txt": "flask==3.1.0\n"}, at=[("requirements.txt", 1)]),
        Example(
            "links to the documentation of tools",
            {"README.md": "# shop\n\nNeeds [Docker](https://docs.docker.com/) and https://docs.python.org/3/.\n"},
            at=[("README.md", 1)] * 5,
        ),
        Example("a title alone", {"README.md": "# shop\n"}, at=[("README.md", 1)] * 6),
        Example(
            "no word on deploying it, and no owner",
            {"README.md": _WHOLE.partition("## Deploy")[0] + "## Test\n    pytest\n"},
            at=[("README.md", 1)] * 2,
        ),
        Example(
            "no configuration, in reStructuredText",
            {
                "README.rst": "Shop\n====\n\nTakes the orders of all storefronts we have.\n\nRunning\n-------\n\nTests\n-----\n\n"
                "Deployment\n----------\n\nMaintainers\n-----------\n"
            },
            at=[("README.rst", 1)],
        ),
    )
    good = (
        Example("all six", {"README.md": _WHOLE}),
        Example(
            "linked pages",
            {
                "README.md": "# Shop\n\nTakes the orders of all storefronts we have.\n\n"
                "[Getting started](docs/start.md), [operations](docs/operations.md)\n",
                "docs/start.md": "# Start\n## Run it\n## Environment variables\n## Run the tests\n",
                "docs/operations.md": "# Deployment\n",
                "CODEOWNERS": "* @org/payments\n",
            },
        ),
        Example(
            "a site of documentation",
            {"README.md": "# Shop\n\nTakes the orders of all shops: see [the docs](https://docs.example.com/shop).\n"},
        ),
        Example(
            "a site of documentation, named after a title in HTML",
            {
                "README.md": '<h1><a href="https://shop.github.io/">Shop<br><img src="x.svg"></a></h1>\n\n'
                "Takes the orders of all shops: see [commands][cli].\n\n  [cli]: https://shop.github.io/cli.html\n"
            },
        ),
        Example("a library", {"README.md": "# x\n"}, kind="library"),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        page = readme(tree)
        place = front(tree)
        if page is None:
            if place:
                ctx.report(place, 1, "There is no README that says what this is and how to run it.", anchor="readme")
            return
        covers = _covers(page, tree)
        for section, what in _SECTIONS.items():
            if section in covers:
                continue
            if points_elsewhere(tree):
                ctx.unresolved(page.path, 1, f"The README does not say {what}; it points to a site that was not read.")
            else:
                ctx.report(page.path, 1, f"The README does not say {what}.", anchor=f"readme-{section}")
        for path, line in covers.values():
            ctx.site(path, line)


def _covers(page: Fact, tree: Tree) -> dict[str, tuple[str, int]]:
    """The sections that the README, the pages it links to, or a list of owners cover, and where."""
    covers = {}
    for owner in tree.facts("owner"):
        if owner["how"] != "nobody":
            covers["owner"] = (owner.path, owner.line)
    for other in [*(one for one in pages(tree) if _links_to(page, one)), page]:
        covers |= {topic: (other.path, line) for topic, line in other["covers"].items() if topic in _SECTIONS}
    return covers


def _links_to(page: Fact, other: Fact) -> bool:
    name = other.path.rpartition("/")[2]
    folder = other.path.partition("/")[0]
    targets = [target.partition("#")[0].rstrip("/") for target in page["links"]]
    return any(target.endswith(name) or target.removeprefix("./") == folder for target in targets)
