from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.checked import calls_unseen, front_of, runs
from scanners.tree import Tree, TreeContext

_HEAD: Final = "on: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
_WORDS: Final = {"tests": "the tests", "static": "a linter or type checker"}


class CiChecksMissing(Rule):
    """
    What no machine checks before a merge is checked by the first user. A step whose failure is ignored is worse than
    none: everybody believes in it.

    Looks at the pipelines for two things: a step that runs tests, and a step that runs a static check (linter, type checker).
    Each must run before a change is merged, and its failure must count. make, tox, nox and scripts are followed.
    Pipelines of a kind that is not read, included from elsewhere, or signs of one outside the repository (a released
    archive, which leaves it out) are unresolved.
    """

    id = "ci-checks-missing"
    area = "environment"
    item = "V5"
    title = "Tests or static checks missing in CI"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Run tests and a linter on each pull request, and let their failure stop it."
    bad = [
        Example("no pipeline", {"app.py": "", "lib/a.py": ""}, at=[("app.py", 1), ("app.py", 1)]),
        Example(
            "tests only",
            {
                "app.py": "",
                ".github/workflows/ci.yml": _HEAD + "      - run: pip install ruff pytest\n      - run: pytest\n",
            },
            at=[(".github/workflows/ci.yml", 1)],
        ),
        Example(
            "failure ignored",
            {
                "app.py": "",
                ".github/workflows/ci.yml": _HEAD
                + "      - run: pytest || true\n      - run: mypy .\n        continue-on-error: true\n",
            },
            at=[(".github/workflows/ci.yml", 6), (".github/workflows/ci.yml", 7)],
        ),
        Example(
            "after the merge only",
            {
                "app.py": "",
                ".github/workflows/ci.yml": "on:\n  push:\n    branches: [main]\njobs:\n  test:\n    steps:\n"
                "      - run: ruff check .\n      - run: tox\n",
                "tox.ini": "[tox]\nenvlist = py\n[testenv]\ndeps = pytest\ncommands = pytest {posargs}\n",
            },
            at=[(".github/workflows/ci.yml", 7), (".github/workflows/ci.yml", 8)],
        ),
    ]
    good = [
        Example(
            "both",
            {
                "app.py": "",
                ".github/workflows/ci.yml": _HEAD
                + "      - run: |\n          uv sync\n          uv run pytest\n          uv run ruff check\n",
            },
        ),
        Example(
            "through make",
            {
                "app.py": "",
                ".gitlab-ci.yml": "check:\n  script:\n    - make ci\n",
                "Makefile": "ci: lint test\nlint:\n\tmypy src\ntest:\n\tpython -m pytest\n",
            },
        ),
        Example(
            "through a script and an action",
            {
                "app.py": "",
                ".github/workflows/ci.yml": _HEAD
                + "      - uses: pre-commit/action@v3\n      - run: ./scripts/check.sh\n",
                "scripts/check.sh": "#!/bin/sh\npython manage.py test\n",
            },
        ),
        Example("a pipeline that is not read", {"app.py": "", "Jenkinsfile": "@Library('shop') _\nshopPipeline()\n"}),
        Example(
            "a script that is not read",
            {"app.py": "", ".github/workflows/ci.yml": _HEAD + "      - run: bash ./scripts/all.sh\n"},
        ),
        Example("a released archive, which leaves it out", {"app.py": "", "PKG-INFO": "Name: shop\n"}),
        Example(
            "elsewhere", {"app.py": "", ".gitlab-ci.yml": "include:\n  - project: shop/ci\n    file: python.yml\n"}
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        files = tree.facts("ci-file")
        code = tree.of_kind("python")
        if not code:
            ctx.not_applicable("There is no code to check.")
            return
        where = files[0].path if files else front_of(tree, code)
        hidden = (
            (not files and bool(tree.of_kind("archive")))
            or any(fact["elsewhere"] or not fact["provider"] for fact in files)
            or any(step.get("foreign") or calls_unseen(step, tree) for step in tree.facts("ci-step"))
        )
        for sort, words in _WORDS.items():
            self._judge(tree, sort, words, where, bool(files), hidden, ctx)

    def _judge(
        self, tree: Tree, sort: str, words: str, where: str, any_file: bool, hidden: bool, ctx: TreeContext
    ) -> None:
        line = 1
        found = [step for step in tree.facts("ci-step") if runs(step, sort, tree, 3)]
        good = [step for step in found if step["review"] and not step["ignored"]]
        if good:
            ctx.site(good[0].path, good[0].line)
        elif found:
            step = found[0]
            what = "its failure is ignored" if step["ignored"] else "it runs only after the merge"
            ctx.report(step.path, step.line, f"A step runs {words}, but {what}.", anchor=sort, text=step["text"])
        elif hidden:
            ctx.unresolved(
                where, line, f"The pipeline, or a part of it, is kept elsewhere; whether it runs {words} is not seen."
            )
        else:
            none = "No pipeline is in the repository, so nothing runs" if not any_file else "No step of a pipeline runs"
            ctx.report(where, line, f"{none} {words}.", anchor=sort)
