from collections.abc import Iterable

from scanners.finding import Confidence, Effort, Severity
from scanners.modules import module_of
from scanners.rule import Example, Rule
from scanners.semantics.tests.imported import imported
from scanners.tree import Tree, TreeContext

_APP = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route('/orders')\ndef orders():\n    return []\n"


class TestsMissing(Rule):
    """
    Code that no test runs is tried out by customers, and nobody dares to change it.

    Looks at the top-level packages of the repository: where no test is collected at all, and where a package holds
    routes or background tasks and no test imports anything of it. A package whose tests drive it by URL only is
    unresolved, and a released archive may leave the tests out. Code of scripts, migrations and generated files does not ask for tests of its own.
    """

    id = "tests-missing"
    area = "tests"
    item = "X1"
    title = "No tests"
    severity = Severity.HIGH
    effort = Effort.DAYS
    fix = "Start with one test a route and task that checks the answer and the stored state, and run them in the pipeline."
    bad = (
        Example("no test at all", {"shop/app.py": _APP, "shop/__init__.py": ""}, at=[("shop/app.py", 1)]),
        Example(
            "a package with tasks that no test imports",
            {
                "billing/__init__.py": "",
                "billing/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef send(order):\n    return order\n",
                "shop/__init__.py": "",
                "shop/prices.py": "def tax(net):\n    return net * 0.2\n",
                "tests/test_prices.py": "from shop.prices import tax\n\n\ndef test_tax():\n    assert tax(10) == 2\n",
            },
            at=[("billing/tasks.py", 5)],
        ),
    )
    good = (
        Example(
            "tests beside the package and in it",
            {
                "shop/app.py": _APP,
                "tests/test_app.py": "from shop.app import app\n\n\ndef test_orders():\n"
                "    assert app.test_client().get('/orders').status_code == 200\n",
                "billing/tasks.py": "from celery import shared_task\n\n\n@shared_task\ndef send(order):\n    return order\n",
                "billing/tests.py": "from .tasks import send\n\n\ndef test_send():\n    assert send(1) == 1\n",
            },
        ),
        Example(
            "driven by URL",
            {
                "shop/app.py": _APP,
                "tests/test_orders.py": "def test_orders(client):\n    assert client.get('/orders').status_code == 200\n",
            },
        ),
        Example("a released archive", {"PKG-INFO": "Name: shop\n", "shop/app.py": _APP, "shop/__init__.py": ""}),
        Example("nothing to test", {"pyproject.toml": "[project]\nname = 'shop'\n", "setup.py": "import setuptools\n"}),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        packages = _packages(tree)
        if not packages:
            ctx.not_applicable("There is no package with code of a service.")
            return
        tested = [fact for fact in tree.facts("test-file", tests=True) if fact.path_class.name == "test"]
        if not tested:
            path = max(packages.values(), key=len)[0]
            if tree.of_kind("archive"):
                ctx.unresolved(path, 1, "A released archive may leave its tests out.")
                return
            ctx.report(path, 1, "This repository has no test that a runner would collect.", anchor="no tests")
            return
        known = _known(tree)
        for package, files in packages.items():
            self._judge(package, files, known, tree, ctx)

    def _judge(self, package: str, files: list[str], known: set[str], tree: Tree, ctx: TreeContext) -> None:
        entries = [fact for kind in ("job", "route") for fact in tree.facts(kind) if fact.path in set(files)]
        inside = any(
            fact.path.removeprefix("src/").startswith(f"{package}/") for fact in tree.facts("test-file", tests=True)
        )
        if package in known or inside or not entries:
            ctx.site(files[0])
        elif tree.facts("test-urls", tests=True) or any(fact.get("app") for fact in entries[:1]):
            ctx.unresolved(files[0], 1, "Tests drive the application by URL: which code they reach cannot be told.")
        else:
            first = entries[0]
            message = f"No test imports `{package}`, which answers requests or runs tasks."
            ctx.report(first.path, first.line, message, anchor=package, confidence=Confidence.MEDIUM)


def _packages(tree: Tree) -> dict[str, list[str]]:
    """The code of services by its top-level package; modules at the root stand for themselves."""
    found: dict[str, list[str]] = {}
    for path in sorted(tree.files):
        path_class = tree.files[path]
        if path_class.kind == "python" and path_class.name == "service" and not path.endswith("__init__.py"):
            found.setdefault(module_of(path).partition(".")[0], []).append(path)
    return {name: files for name, files in found.items() if name not in ("docs", "setup", "conf")}


def _known(tree: Tree) -> set[str]:
    """The top-level packages that tests import."""
    return tree.once("packages that tests import", lambda: set(_tops(tree)), lasts=True)


def _tops(tree: Tree) -> Iterable[str]:
    for name in {name for names in imported(tree).values() for name in names}:
        yield name.removeprefix("src.").partition(".")[0]
    for patch in tree.facts("patch", tests=True):
        yield patch["target"].partition(".")[0]
