from typing import Final

from scanners.finding import Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.declared import compare_pythons, compare_stores, declarations, gone_imports
from scanners.tree import Tree, TreeContext

_PROJECT: Final = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = []\n'
_CI: Final = """\
on: push
jobs:
  test:
    strategy:
      matrix:
        py: ['3.12', '3.13']
    steps:
      - uses: actions/setup-python@v5
        with:
          python-version: ${{ matrix.py }}
"""


class VersionsDisagree(Rule):
    """
    Tests that ran on another Python, or on another database, say nothing of what is deployed: it fails on the first
    import, or on the first query that only one of both understands.

    Looks at the Python of images, pipelines, `.python-version`, locks, tox and nox against `requires-python`, and, as a minor
    remark, at what type checkers and linters are told; at an image that no pipeline tests, or beside another one; at imports of modules that a declared version no longer has; and at the engine and the
    major version of stores in tests and production. A base whose Python is unknown and computed versions are unresolved.
    """

    id = "versions-disagree"
    area = "environment"
    item = "V1"
    title = "Versions of environments disagree"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Run the tests on the versions that are deployed, and declare the same range everywhere."

    bad = [
        Example(
            "outside of the declared range",
            {
                "pyproject.toml": _PROJECT,
                ".python-version": "3.11.4\n",
                "Dockerfile": 'FROM python:3.10-slim\nCMD ["gunicorn", "a"]\n',
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n"
                "          python-version: '3.9'\n",
            },
            at=[(".github/workflows/ci.yml", 7), (".python-version", 1), ("Dockerfile", 1)],
        ),
        Example(
            "a minor version that no pipeline tests",
            {
                "pyproject.toml": _PROJECT,
                "Dockerfile": 'FROM python:3.14-slim\nCMD ["gunicorn", "a"]\n',
                ".github/workflows/ci.yml": _CI,
            },
            at=[("Dockerfile", 1)],
        ),
        Example(
            "an import that is gone",
            {
                "a.py": "import cgi\nfrom collections import Mapping\nfrom distutils.version import LooseVersion\n",
                "Dockerfile": 'FROM python:3.12\nCMD ["gunicorn", "a"]\n',
            },
            at=[("a.py", 2), ("a.py", 3)],
        ),
        Example(
            "another store",
            {
                "docker-compose.yml": "services:\n  web:\n    build: .\n  db:\n    image: postgres:17.2\n",
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    services:\n      db:\n        image: postgres:13\n    steps: []\n",
            },
            at=[(".github/workflows/ci.yml", 6)],
        ),
        Example(
            "another engine",
            {
                "shop/settings/base.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}\n',
                "shop/settings/test.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n',
                "requirements.txt": "psycopg==3.2\n",
                "tests/conftest.py": 'import sqlalchemy\nengine = sqlalchemy.create_engine("sqlite://")\n',
            },
            at=[("shop/settings/test.py", 1), ("tests/conftest.py", 2)],
        ),
    ]
    good = [
        Example(
            "all the same",
            {
                "pyproject.toml": _PROJECT,
                ".python-version": "3.13\n",
                "Dockerfile": 'ARG PY=3.13\nFROM python:${PY}-slim\nCMD ["gunicorn", "a"]\n',
                ".github/workflows/ci.yml": _CI,
                "a.py": "try:\n    import cgi\nexcept ImportError:\n    cgi = None\n",
            },
        ),
        Example(
            "unknown, computed",
            {
                "pyproject.toml": _PROJECT,
                "Dockerfile": 'FROM registry.shop.io/base:9\nCMD ["gunicorn", "a"]\n',
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - uses: actions/setup-python@v5\n        with:\n"
                "          python-version: ${{ inputs.python }}\n",
            },
        ),
        Example(
            "real store in CI too",
            {
                "shop/settings/base.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}\n',
                "shop/settings/test.py": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n',
                "docker-compose.yml": "services:\n  web:\n    build: .\n  db:\n    image: postgres:17.2\n",
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    services:\n      db:\n        image: postgres:17-alpine\n    steps: []\n",
            },
        ),
        Example(
            "backport declared",
            {"a.py": "import cgi\n", ".python-version": "3.13\n", "requirements.txt": "legacy-cgi==2.6\n"},
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        declared = list(declarations(tree))
        compare_stores(tree, ctx)
        compare_pythons(tree, declared, ctx)
        for place, message in gone_imports(tree, declared):
            if message:
                ctx.report(place.path, place.line, message, anchor=place["module"], text=place["text"])
            else:
                ctx.site(place.path, place.line)
