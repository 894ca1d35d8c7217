import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from scanners.facts.versions import store_of
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.deployed import images, services
from scanners.semantics.images import parse
from scanners.tree import Fact, Tree, TreeContext

_BACKPORTS: Final = {"distutils": ("setuptools",), "cgi": ("legacy-cgi",), "asyncore": ("pyasyncore",), "asynchat": ("pyasynchat",),
                     "audioop": ("audioop-lts",), "telnetlib": ("telnetlib3",), "imp": ("zombie-imp",), "crypt": ("crypt-r", "legacycrypt")}  # fmt: skip
_DRIVERS: Final = frozenset(
    "psycopg psycopg2 psycopg2-binary asyncpg mysqlclient pymysql aiomysql oracledb pyodbc".split()
)
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


class Declared(NamedTuple):
    """One place that names a Python: image, pipeline or file."""

    where: str
    path: str
    line: int
    version: str
    text: str


class VersionsDisagree(Rule):
    """
    Tests that ran on another Python, or on another database, say nothing of what is deployed: it fails on the first
    import, or on the first query that only one of both understands.

    Looks at the Python of images, pipelines, `.python-version` and locks against `requires-python`; at the minor version of
    an image that no pipeline tests; at imports of modules that a declared version no longer has; and at the engine and the
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
        declared = list(_declared(tree))
        self._ranges(tree, declared, ctx)
        self._untested(tree, declared, ctx)
        self._gone(tree, declared, ctx)
        _stores(tree, ctx)

    def _ranges(self, tree: Tree, declared: list[Declared], ctx: TreeContext) -> None:
        wanted = [
            fact["python"] for fact in tree.facts("manifest") if fact["python"] and fact.path_class.name == "service"
        ]
        ranges = [text for text in wanted if re.match(r"^[<>=!~]", text)]
        for found in declared:
            if not found.version:
                ctx.unresolved(found.path, found.line, "The version is computed, or the base does not tell its Python.")
            elif len(set(ranges)) == 1 and not _allows(ranges[0], found.version):
                message = f"Python {found.version} of the {found.where} is outside of requires-python `{ranges[0]}`."
                ctx.report(found.path, found.line, message, anchor=found.where, text=found.text)
            else:
                ctx.site(found.path, found.line)

    def _untested(self, tree: Tree, declared: list[Declared], ctx: TreeContext) -> None:
        tested = {found.version for found in declared if found.where == "pipeline"}
        if not tested or "" in tested or tree.kind == "library":
            return
        told = {(finding.path, finding.line) for finding in ctx.findings}
        for found in declared:
            asked = found.where == "image" and found.version and (found.path, found.line) not in told
            if asked and found.version not in tested:
                message = f"The image runs Python {found.version}; the pipelines test {', '.join(sorted(tested, key=_order))}."
                ctx.report(found.path, found.line, message, anchor="untested", text=found.text)

    def _gone(self, tree: Tree, declared: list[Declared], ctx: TreeContext) -> None:
        minors = {int(found.version[2:]): found for found in declared if found.version}
        have = {fact["name"] for fact in tree.facts("requirement")}
        newest = max(minors, default=0)
        for fact in tree.facts("gone-import"):
            name = fact["module"]
            own = any(
                path in (f"{name}.py", f"src/{name}.py") or path.endswith(f"/{name}/__init__.py") for path in tree.files
            )
            if fact["minor"] > newest or own:
                continue
            if have & {*_BACKPORTS.get(name, ()), f"standard-{name}"}:
                ctx.site(fact.path, fact.line)
            else:
                where = minors[newest]
                message = f"`{name}` is gone since Python 3.{fact['minor']}; the {where.where} ({where.path}) has {where.version}."
                ctx.report(fact.path, fact.line, message, anchor=name, text=fact["text"])


def _declared(tree: Tree) -> Iterator[Declared]:
    for image in images(tree):
        base = parse(image["base"])
        tag = re.match(r"^(3\.\d+)", base.tag) if base.short == "python" and base.known else None
        uv = re.search(r"python(3\.\d+)", base.tag)
        version = tag[1] if tag else uv[1] if uv else ""
        if version or image["cmd"] or image["entrypoint"]:
            yield Declared("image", image.path, image.line, version, image["text"])
    for fact in tree.facts("ci-python"):
        yield Declared("pipeline", fact.path, fact.line, fact["version"], fact["text"])
    for fact in tree.facts("runtime"):
        version = re.match(r"^(3\.\d+)", fact["version"])
        if fact["product"] == "python" and version and fact.path_class.kind == "python-version":
            yield Declared("version file", fact.path, fact.line, version[1], fact["text"])
    for fact in tree.facts("lock"):
        version = re.match(r"^(3\.\d+)(\.\d+)?$", str(fact["python"]))
        if version:
            yield Declared("lock", fact.path, 1, version[1], "")


def _allows(text: str, version: str) -> bool:
    """Whether any patch of a minor version is in a range."""
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        return True
    return any(wanted.contains(f"{version}.{patch}", prereleases=True) for patch in range(30))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _stores(tree: Tree, ctx: TreeContext) -> None:
    run = [(service, *store_of(service["image"])) for service in services(tree)]
    tested = tree.facts("ci-store")
    for engine in {engine for _, engine, major in run if engine and major}:
        majors = {major for _, name, major in run if name == engine and major}
        same = [fact for fact in tested if fact["engine"] == engine and fact["major"]]
        for fact in same:
            if majors & {other["major"] for other in same}:
                ctx.site(fact.path, fact.line)
            else:
                message = f"Tests run on {engine} {fact['major']}, production on {', '.join(sorted(majors))}."
                ctx.report(fact.path, fact.line, message, anchor=engine, text=fact["text"], severity=Severity.MEDIUM)
    real = {fact["engine"] for fact in tested} | {"testcontainers"} & {
        str(fact["module"]).partition(".")[0] for fact in tree.facts("import", tests=True)
    }
    _engines(tree, real, ctx)


def _engines(tree: Tree, real: set[str], ctx: TreeContext) -> None:
    settings = tree.facts("settings-store", tests=True)
    production = {fact["engine"] for fact in settings if fact["role"] in ("settings", "settings-production")} - {
        "sqlite3"
    }
    drivers = {fact["name"] for fact in tree.facts("requirement") if fact["group"] == ""} & _DRIVERS
    for fact in settings:
        if fact["role"] == "settings-test" and production:
            _judge(fact, fact["engine"] not in production, f"production on {', '.join(sorted(production))}", real, ctx)
    for fact in tree.facts("test-store", tests=True):
        if drivers:
            _judge(fact, fact["engine"] == "sqlite", f"production with {', '.join(sorted(drivers))}", real, ctx)


def _judge(fact: Fact, other: bool, production: str, real: set[str], ctx: TreeContext) -> None:
    if not other or real & {"postgres", "mysql", "mariadb", "testcontainers"}:
        ctx.site(fact.path, fact.line)
        return
    message = f"Tests run on {fact['engine']}, {production}: queries, types and locks differ."
    ctx.report(
        fact.path,
        fact.line,
        message,
        anchor="engine",
        text=fact["text"],
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
    )
