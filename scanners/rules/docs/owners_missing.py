import re
from typing import Final

from scanners.finding import Effort, Severity
from scanners.options import glob
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.docs.documents import front, pages
from scanners.tree import Fact, Tree, TreeContext

_NAMED: Final = regex(
    r"\b(owners?|ownership|owned by|maintainers?|maintained by|(our|the)? ?team|contacts?|on[- ]?call)\b", re.IGNORECASE
)
_APP = "from flask import Flask\n\napp = Flask(__name__)\n"


class OwnersMissing(Rule):
    """
    When the service fails at night, nobody knows whom to call: the last author has moved on, and the search costs an hour.

    Looks for a CODEOWNERS entry that covers the code, an owner in a catalogue file (catalog-info.yaml and its like), a
    maintainer in a manifest, an image label or a MAINTAINERS file, or a heading of the README that names one. A list of
    authors says who wrote it, which leaves open who answers for it now; of a library that is enough. A file above the
    sub-path is not seen.
    """

    id = "owners-missing"
    area = "docs"
    item = "O1"
    title = "Nobody is named as the owner"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Add a CODEOWNERS file whose entry covers the code: `* @your-org/your-team`."
    bad = (
        Example("no owner anywhere", {"README.md": "# Shop\n", "app.py": _APP}, at=[("README.md", 1)]),
        Example(
            "a file that names nobody",
            {"CODEOWNERS": "# Owners of this repository\n", "app.py": _APP},
            at=[("CODEOWNERS", 1)],
        ),
        Example(
            "owners of other files only",
            {".github/CODEOWNERS": "/docs/ @org/writers\n*.md @org/writers\n", "shop/app.py": _APP},
            at=[(".github/CODEOWNERS", 1)],
        ),
        Example(
            "a catalogue entry without owner",
            {"catalog-info.yaml": "kind: Component\nspec:\n  type: service\n  owner: unknown\n", "app.py": _APP},
            at=[("app.py", 1)],
        ),
    )
    good = (
        Example("everything", {"CODEOWNERS": "*       @org/payments\n", "app.py": _APP}),
        Example("a folder", {".github/CODEOWNERS": "/shop/ jo@example.com\n", "shop/app.py": _APP}),
        Example("a section with a default", {".gitlab/CODEOWNERS": "[Shop] @org/shop\n*.py\n", "shop/app.py": _APP}),
        Example(
            "a catalogue",
            {"catalog-info.yaml": "kind: Component\nspec:\n  owner: group:payments\n", "app.py": _APP},
        ),
        Example(
            "a maintainer",
            {
                "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nmaintainers = [{name = "Jo"}]\n',
                "app.py": _APP,
            },
        ),
        Example("said in the README", {"README.md": "# Shop\n\n## Owner\n\nTeam payments.\n", "app.py": _APP}),
        Example(
            "authors of a library",
            {"setup.cfg": "[metadata]\nname = x\nauthor = Jo Doe\n", "x.py": "\n"},
            kind="library",
        ),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        place = front(tree)
        owners = [fact for fact in tree.facts("owner") if fact.path_class.name in ("service", "script")]
        named = [fact for fact in owners if _answers(fact, tree)]
        if not place:
            ctx.not_applicable("There is no file.")
        elif named:
            ctx.site(named[0].path, named[0].line)
        elif any(_NAMED.search(title) for page in pages(tree) for title in page["headings"] if "/" not in page.path):
            ctx.site(place)
        elif any(fact["how"] == "authors" for fact in owners):
            ctx.unresolved(place, 1, "Authors are named; whether they answer for it now cannot be told.")
        else:
            listing = next((fact.path for fact in owners if fact["how"] in ("codeowners", "nobody")), place)
            ctx.report(listing, 1, _message(owners), anchor="owner")


def _answers(owner: Fact, tree: Tree) -> bool:
    if owner["how"] == "codeowners":
        pattern = glob(owner["pattern"] if owner["pattern"].startswith("/") else f"**/{owner['pattern']}")
        code = [path for path, path_class in tree.files.items() if path_class.kind == "python"]
        return any(pattern.match(path) for path in code) or not code
    return owner["how"] in ("catalogue", "maintainers") or (owner["how"] == "authors" and tree.kind == "library")


def _message(owners: list[Fact]) -> str:
    if any(fact["how"] == "nobody" for fact in owners):
        return "This file names nobody: no entry in it has an owner."
    if any(fact["how"] == "codeowners" for fact in owners):
        return "No entry of this file covers any of the code, so nobody is named who answers for it."
    return "No CODEOWNERS entry, catalogue file, maintainer or heading says who answers for this code."
