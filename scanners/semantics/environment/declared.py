"""Which Python and which stores the places of a repository name."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from scanners.dependencies.poetry import poetry_range
from scanners.facts.versions import store_of
from scanners.finding import Confidence, Severity
from scanners.regex import regex
from scanners.semantics.environment.deployed import images, services
from scanners.semantics.environment.images import parse
from scanners.tree import Fact, Tree, TreeContext

_DRIVERS: Final = frozenset(
    "psycopg psycopg2 psycopg2-binary asyncpg mysqlclient pymysql aiomysql oracledb pyodbc".split()
)


_MINORS: Final = tuple(f"3.{minor}" for minor in range(6, 18))
_NAMED: Final = regex(r"3\.?\d+")
"""A version in the path of an image: there are several on purpose."""
_BACKPORTS: Final = {
    "distutils": ("setuptools",),
    "cgi": ("legacy-cgi",),
    "asyncore": ("pyasyncore",),
    "asynchat": ("pyasynchat",),
    "audioop": ("audioop-lts",),
    "telnetlib": ("telnetlib3",),
    "imp": ("zombie-imp",),
    "crypt": ("crypt-r", "legacycrypt"),
}
"""Packages that bring back a module of the standard library."""


class Declared(NamedTuple):
    """One place that names a Python: image, pipeline or file."""

    where: str
    path: str
    line: int
    version: str
    text: str
    weight: Severity = Severity.HIGH


def declarations(tree: Tree) -> Iterator[Declared]:
    """The places that name a Python, with its minor version, "" where it cannot be told."""
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
            yield Declared("lock", fact.path, fact.get("python_line", 1), version[1], "")
    for fact in tree.facts("tried-python", tests=True):
        weight = Severity.LOW if fact["where"].startswith("setting") else Severity.MEDIUM
        for minor in fact["versions"]:
            yield Declared(fact["where"], fact.path, fact.line, minor, "", weight)


def locked_ranges(tree: Tree, wanted: str) -> Iterator[tuple[Fact, str]]:
    """The locks that say for which Pythons they were made, each with what is wrong ("" for nothing)."""
    for fact in tree.facts("lock"):
        said = str(fact["python"])
        text = said if re.match(r"^[<>=!]", said) else poetry_range(said)
        if not wanted or not text or re.match(r"^\d", said):
            continue
        same = all(allows(text, minor) == allows(wanted, minor) for minor in _MINORS)
        yield fact, "" if same else f"The lock was made for Python `{said}`, the project asks for `{wanted}`."


def other_images(tree: Tree, declared: list[Declared]) -> Iterator[tuple[Declared, str]]:
    """The images that run the code of their folder on another Python than one beside them, or than a version file."""
    shipped = [
        found for found in declared if found.where == "image" and found.version and not _NAMED.search(found.path)
    ]
    chosen = {found.version for found in declared if found.where == "version file"}
    newest: dict[str, Declared] = {}
    for found in shipped:
        folder = posixpath.dirname(found.path)
        newest[folder] = max(newest.get(folder, found), found, key=lambda one: int(one.version[2:]))
    for found in shipped:
        beside = newest[posixpath.dirname(found.path)]
        if beside.version != found.version:
            yield found, f"This image runs Python {found.version}, that of {beside.path} {beside.version}."
        elif len(chosen) == 1 and found.version not in chosen:
            yield found, f"The image runs Python {found.version}, the version file says {chosen.copy().pop()}."


def allows(text: str, version: str) -> bool:
    """Whether any patch of a minor version is in a range."""
    try:
        wanted = SpecifierSet(text)
    except InvalidSpecifier:
        return True
    return any(wanted.contains(f"{version}.{patch}", prereleases=True) for patch in range(30))


def wanted_range(tree: Tree) -> str:
    """The range of Pythons that the project asks for; "" where none, or several, are declared."""
    wanted = {fact["python"] for fact in tree.facts("manifest") if fact["python"] and fact.path_class.name == "service"}
    ranges = {text for text in wanted if re.match(r"^[<>=!~]", text)}
    return ranges.pop() if len(ranges) == 1 else ""


def tested_versions(tree: Tree, declared: list[Declared]) -> list[str]:
    """The versions that pipelines run, in order; empty where one of them is unknown, and for libraries."""
    tested = {found.version for found in declared if found.where == "pipeline"}
    if "" in tested or tree.kind == "library":
        return []
    return sorted(tested, key=lambda version: [int(part) for part in version.split(".")])


def compare_pythons(tree: Tree, declared: list[Declared], ctx: TreeContext) -> None:
    """Report the places that name a Python which the project does not ask for, does not test, or runs elsewhere."""
    wanted, tested = wanted_range(tree), tested_versions(tree, declared)
    outside = {found for found in declared if found.version and wanted and not allows(wanted, found.version)}
    for found in declared:
        if not found.version:
            ctx.unresolved(found.path, found.line, "The version is computed, or the base does not tell its Python.")
        elif found in outside:
            _outside(found, outside, wanted, ctx)
        elif found.where == "image" and tested and found.version not in tested:
            message = f"The image runs Python {found.version}; the pipelines test {', '.join(tested)}."
            ctx.report(found.path, found.line, message, anchor="untested", text=found.text)
        else:
            ctx.site(found.path, found.line)
    for lock, message in locked_ranges(tree, wanted):
        if message:
            ctx.report(lock.path, lock["python_line"], message, anchor="lock", severity=Severity.MEDIUM)
        else:
            ctx.site(lock.path, lock["python_line"])
    for found, message in other_images(tree, declared) if not wanted else ():
        ctx.report(found.path, found.line, message, anchor="other", text=found.text, severity=Severity.MEDIUM)


def _outside(found: Declared, outside: set[Declared], wanted: str, ctx: TreeContext) -> None:
    """Report a place once, with all its versions that are out of range."""
    if not any((one.path, one.line) == (found.path, found.line) for one in ctx.findings):
        beside = {one.version for one in outside if (one.path, one.line) == (found.path, found.line)}
        versions = ", ".join(sorted(beside, key=lambda version: int(version[2:])))
        message = f"Python {versions} of the {found.where} is outside of requires-python `{wanted}`."
        ctx.report(found.path, found.line, message, anchor=found.where, text=found.text, severity=found.weight)


def gone_imports(tree: Tree, declared: list[Declared]) -> Iterator[tuple[Fact, str]]:
    """Imports of what the newest declared Python no longer has, each with what is wrong ("" if a package brings it)."""
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
        where = minors[newest]
        message = (
            f"`{name}` is gone since Python 3.{fact['minor']}; the {where.where} ({where.path}) has {where.version}."
        )
        yield fact, "" if have & {*_BACKPORTS.get(name, ()), f"standard-{name}"} else message


def compare_stores(tree: Tree, ctx: TreeContext) -> None:
    """Report the stores of tests that are other than those of production."""
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
