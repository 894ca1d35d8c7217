from scanners.dependencies.locking import is_aside, is_published, pinned_names
from scanners.finding import Confidence, Effort, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_TAG = regex(r"@v?\d+(\.\d+)+")
_INDEXES = frozenset({"--extra-index-url", "--index-url", "--find-links"})


class DependencyUnpinned(Rule):
    """
    A requirement without a pin is another package each time it is installed, and a branch is whatever was pushed last.

    Looks at what is installed: requirements files, pyproject.toml, setup.cfg, setup.py and Pipfile of a service. Pinned,
    locked or constrained requirements are good, and so is a `.in` file next to its compiled form. Tools for developers and
    extra or unencrypted indexes weigh less. Libraries give ranges by design and are not asked; the ranges of a program that
    describes itself to those who may install it (classifiers, addresses, a released archive) have low confidence.
    """

    id = "dependency-unpinned"
    area = "deps"
    item = "D1"
    title = "Requirement that is neither pinned nor locked"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Pin it in a lock; give a commit for git addresses and a hash for files."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = [
        Example(
            "ranges and bare names",
            {"requirements.txt": "flask>=3\nredis\nhttpx==0.28.1\n"},
            at=[("requirements.txt", 1), ("requirements.txt", 2)],
        ),
        Example(
            "a branch and a file without hash",
            {
                "requirements.txt": "shop-core @ git+https://git.shop.io/core.git@main\n"
                "tool @ https://files.shop.io/tool-1.tar.gz\n"
            },
            at=[("requirements.txt", 1), ("requirements.txt", 2)],
        ),
        Example(
            "project",
            {"pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = [\n  "django>=5",\n]\n'},
            at=[("pyproject.toml", 5)],
        ),
        Example(
            "another index, a tool",
            {
                "requirements.txt": "--extra-index-url https://pypi.shop.io/simple\nredis==6.0.0\n",
                "requirements-dev.txt": "pytest\n",
            },
            at=[("requirements-dev.txt", 1), ("requirements.txt", 1)],
        ),
    ]
    good = [
        Example("pins", {"requirements.txt": "redis==6.0.0\n-e .\n./vendored/tool\n-r more.txt\n"}),
        Example(
            "a commit, a hash",
            {
                "requirements.txt": "core @ git+https://git.shop.io/core.git@" + "0a1b2c3d" * 5 + "\n"
                "tool @ https://files.shop.io/tool-1.tar.gz#sha256=" + "ab" * 32 + "\n"
            },
        ),
        Example(
            "locked",
            {
                "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["redis>=5"]\n',
                "uv.lock": 'version = 1\n[[package]]\nname = "redis"\nversion = "6.0.0"\n',
            },
        ),
        Example("compiled", {"requirements.in": "redis\n", "requirements.txt": "redis==6.0.0\n"}),
        Example("a library", {"setup.cfg": "[options]\ninstall_requires =\n    redis>=5\n"}, kind="library"),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        known: dict[str, set[str]] = {}
        for fact in tree.facts("requirement"):
            if fact.path_class.kind != "constraints" and fact.path_class.name in ("service", "script"):
                if fact.path not in known:
                    known[fact.path] = pinned_names(tree, fact.path)
                _judge(fact, known[fact.path], is_published(tree, fact.path), ctx)
        for fact in tree.facts("requirement option"):
            if fact["option"] in _INDEXES and fact.path_class.name in ("service", "script"):
                _judge_index(fact, ctx)


def _judge(fact: Fact, pinned: set[str], published: bool, ctx: TreeContext) -> None:
    ctx.site(fact.path, fact.line)
    if fact["pinned"] or (fact["name"] in pinned and not fact["url"]):
        return
    aside = fact["group"] != "" or is_aside(fact.path)
    severity = Severity.LOW if aside or published else None
    if not fact["url"]:
        message = f"Which version of {fact['name']} is installed is decided anew by each build."
        sure = Confidence.LOW if aside or published else None  # Who installs it, and when, is not written here.
        ctx.report(
            fact.path, fact.line, message, anchor=fact["name"], text=fact["text"], severity=severity, confidence=sure
        )
    elif fact["name"] not in pinned:
        message = f"{fact['name']} comes from an address that names no commit and no hash."
        sure = Confidence.LOW if _TAG.search(fact["url"]) else None
        ctx.report(
            fact.path, fact.line, message, anchor=fact["name"], text=fact["text"], severity=severity, confidence=sure
        )


def _judge_index(fact: Fact, ctx: TreeContext) -> None:
    ctx.site(fact.path, fact.line)
    if fact["option"] == "--extra-index-url" or fact["value"].startswith("http://"):
        message = "Whoever can put a package of the same name on another index, or sits on the way, decides what is installed."
        ctx.report(fact.path, fact.line, message, anchor=fact["option"], text=fact["option"], severity=Severity.LOW)
