"""Shapes of the area deps that do not belong on the page of a rule: what is reported and how much it weighs."""

import datetime as dt
import json

import pytest

from scanners.advisories import Advisories
from scanners.dependencies import endoflife
from scanners.finding import Confidence, Report, Severity
from scanners.paths import PathClass
from scanners.rules.deps.runtime_end_of_life import RuntimeEndOfLife
from scanners.scan import scan_files
from scanners.tree import Fact, Tree, TreeContext

WILDCARD, UNDECLARED, UNPINNED = "wildcard-import", "dependency-undeclared", "dependency-unpinned"
MISSING, STALE, ENDED = "lock-file-missing", "lock-file-stale", "runtime-end-of-life"


def scan(files: dict[str, str], kind: str = "http-api") -> Report:
    """A report on these files, all of which can be read."""
    report = scan_files({path: text.encode() for path, text in files.items()}, kind)
    assert [file.problem for file in report.files if file.problem] == []
    return report


def weights(rule: str, files: dict[str, str]) -> list[tuple[str, int, str, str]]:
    """Where the rule reports something, how bad and how sure."""
    found = [finding for finding in scan(files).findings if finding.rule == rule]
    return [(finding.path, finding.line, finding.severity, finding.confidence) for finding in found]


@pytest.mark.parametrize(
    ("path", "text", "weight"),
    [
        ("shop/cart.py", "from decimal import *\n", (Severity.MEDIUM, Confidence.HIGH)),
        ("shop/settings/dev.py", "from .base import *\n", (Severity.LOW, Confidence.HIGH)),
        ("shop/tests/test_cart.py", "from shop.cart import *\n", (Severity.LOW, Confidence.HIGH)),
        ("shop/__init__.py", "from .cart import *\n", (Severity.LOW, Confidence.LOW)),
        ("shop/__init__.py", "from os import *\n", (Severity.MEDIUM, Confidence.HIGH)),
    ],
)
def test_a_wildcard_weighs_less_where_names_are_passed_on(path: str, text: str, weight: tuple[str, str]) -> None:
    assert weights(WILDCARD, {path: text}) == [(path, 1, *weight)]


def test_the_sites_of_wildcard_imports_are_the_from_imports() -> None:
    count = scan({"a.py": "import os\nfrom os import path\nfrom re import match as m\nfrom sys import *\n"}).counts[
        WILDCARD
    ]
    assert (count.good, dict(count.bad)) == (2, {Severity.MEDIUM: 1})


def test_a_distribution_that_only_comes_along_weighs_less() -> None:
    files = {"app.py": "import requests\nimport certifi\nimport numpy\n", "requirements.txt": "requests==2.32.3\n"}
    assert weights(UNDECLARED, files) == [
        ("app.py", 2, Severity.LOW, Confidence.MEDIUM),
        ("app.py", 3, Severity.MEDIUM, Confidence.MEDIUM),
    ]


def test_what_a_declared_distribution_has_its_users_import_is_only_suspected() -> None:
    files = {"app.py": "import requests\nimport urllib3\n", "requirements.txt": "requests==2.32.3\n"}
    assert weights(UNDECLARED, files) == [("app.py", 2, Severity.LOW, Confidence.LOW)]


@pytest.mark.parametrize(
    ("module", "declared"),
    [
        ("google.cloud.storage", "google-cloud-storage"),
        ("MySQLdb", "mysqlclient"),
        ("rest_framework", "djangorestframework"),
        ("cv2", "opencv-python-headless"),
        ("sentry_sdk", "sentry-sdk[django]"),
        ("airflow.models", "apache-airflow"),
    ],
)
def test_a_module_is_declared_by_a_distribution_of_another_name(module: str, declared: str) -> None:
    count = scan({"app.py": f"import {module}\n", "requirements.txt": f"{declared}\n"}).counts[UNDECLARED]
    assert (count.good, dict(count.bad), count.unresolved) == (1, {}, 0)


def test_an_unknown_distribution_is_unresolved_and_tests_are_not_asked() -> None:
    files = {"app.py": "import acme\n", "tests/test_app.py": "import requests\n", "requirements.txt": "redis\n"}
    count = scan(files).counts[UNDECLARED]
    assert (count.good, dict(count.bad), count.unresolved) == (0, {}, 1)


def test_setup_py_and_setup_cfg_declare_too() -> None:
    setup = "from setuptools import setup\n\nNEEDED = [\n    'requests',\n]\nsetup(name='x', install_requires=NEEDED)\n"
    assert weights(UNDECLARED, {"app.py": "import requests\n", "setup.py": setup}) == []
    assert weights(UNPINNED, {"setup.py": setup}) == [("setup.py", 4, Severity.MEDIUM, Confidence.HIGH)]


def test_tags_extras_and_tools_weigh_less_than_what_the_service_runs_with() -> None:
    text = "core @ git+https://git.shop.io/core.git@v1.2.3\n"
    assert weights(UNPINNED, {"requirements.txt": text})[0][3] == Confidence.LOW
    assert weights(UNPINNED, {"requirements/dev.txt": "pytest\n"})[0][2] == Severity.LOW
    assert weights(UNPINNED, {"docs/requirements.txt": "sphinx\n"})[0][2] == Severity.LOW


def test_constraints_and_compiled_files_pin_what_others_name() -> None:
    assert weights(UNPINNED, {"requirements.txt": "redis\n", "constraints.txt": "redis==6.0.0\n"}) == []
    assert weights(UNPINNED, {"api/requirements.txt": "redis\n", "requirements.txt": "redis==6.0.0\n"}) == []
    assert len(weights(UNPINNED, {"api/requirements.txt": "redis\n", "jobs/requirements.txt": "redis==6.0.0\n"})) == 1


def test_an_index_without_encryption_is_reported() -> None:
    files = {"requirements.txt": "--index-url http://pypi.shop.io/simple\nredis==6.0.0\n"}
    assert weights(UNPINNED, files) == [("requirements.txt", 1, Severity.LOW, Confidence.HIGH)]


def test_pins_by_hand_leave_open_whether_they_are_all() -> None:
    count = scan({"requirements.txt": "redis==6.0.0\n"}).counts[MISSING]
    assert (count.good, dict(count.bad), count.unresolved) == (0, {}, 1)


def test_libraries_and_repositories_without_requirements_are_not_asked_for_a_lock() -> None:
    files = {"requirements.txt": "redis\n"}
    assert not scan(files, "library").counts[MISSING].applicable
    assert scan({"app.py": "x = 1\n"}).counts[MISSING].reason == "The repository declares no requirements."


UV = (
    'version = 1\n[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n[package.metadata]\n'
    'requires-dist = []\n[[package]]\nname = "redis"\nversion = "6.1.0"\n'
)


def test_a_requirement_that_the_lock_only_holds_for_others_is_stale() -> None:
    project = '[project]\nname = "shop"\nversion = "1"\ndependencies = [\n  "redis>=6",\n]\n'
    assert weights(STALE, {"pyproject.toml": project, "uv.lock": UV}) == [
        ("pyproject.toml", 5, Severity.HIGH, Confidence.HIGH)
    ]


def test_a_lock_further_up_says_nothing_of_a_project_below_it() -> None:
    project = '[project]\nname = "tool"\nversion = "1"\ndependencies = ["httpx"]\n'
    assert weights(STALE, {"tools/tool/pyproject.toml": project, "uv.lock": UV}) == []


@pytest.mark.parametrize(
    ("product", "version", "end"),
    [
        ("python", "3.8.19", dt.date(2024, 10, 7)),
        ("python", "3.10", dt.date(2026, 10, 31)),
        ("postgres", "12-alpine", dt.date(2024, 11, 21)),
        ("debian", "bullseye-slim", dt.date(2026, 8, 31)),
        ("django", "4.2.16", dt.date(2026, 4, 30)),
        ("python", "latest", None),
        ("python", "3", None),
        ("unheard-of", "1.0", None),
    ],
)
def test_the_table_knows_the_end_of_a_version(product: str, version: str, end: dt.date | None) -> None:
    assert endoflife.ends(product, version) == end


@pytest.mark.parametrize(
    ("day", "severities"),
    [
        (dt.date(2026, 6, 1), []),
        (dt.date(2026, 9, 1), [Severity.LOW]),
        (dt.date(2026, 11, 1), [Severity.HIGH]),
        (None, [Severity.HIGH]),
    ],
)
def test_the_end_is_judged_on_the_day_of_the_commit(day: dt.date | None, severities: list[Severity]) -> None:
    image = Fact(
        "Dockerfile",
        PathClass("dockerfile", "service"),
        {"line": 1, "product": "python", "version": "3.10-slim", "text": "FROM python:3.10-slim"},
    )
    tree, ctx = Tree("http-api", {}, {"runtime": [image]}, date=day), TreeContext(RuntimeEndOfLife())
    RuntimeEndOfLife().visit_tree(tree, ctx)
    assert [finding.severity for finding in ctx.findings] == severities


def test_a_tag_without_a_version_is_unresolved() -> None:
    count = scan(
        {"docker-compose.yml": "services:\n  db:\n    image: postgres\n  app:\n    image: shop/app:1\n"}
    ).counts[ENDED]
    assert (count.good, dict(count.bad), count.unresolved) == (0, {}, 1)


@pytest.mark.parametrize(
    "files",
    [
        {"PKG-INFO": "Name: shop\n", "requirements.txt": "flask>=3\n"},
        {"pyproject.toml": '[project]\nname = "s"\nclassifiers = ["Framework :: Flask"]\ndependencies = ["a>=3"]\n'},
        {"setup.py": 'from setuptools import setup\n\nsetup(name="s", url="https://a.b", install_requires=["a"])\n'},
        {"setup.cfg": "[metadata]\nname = shop\nkeywords = shop\n\n[options]\ninstall_requires =\n    flask>=3\n"},
        {
            "setup.py": 'from setuptools import setup\n\nsetup(name="s", url="https://a.b", install_requires=read())\n',
            "requirements.txt": "flask>=3\n",
        },
    ],
)
def test_ranges_of_a_program_that_others_install_are_only_suspected(files):
    assert {weight[3] for weight in weights(UNPINNED, files) + weights(MISSING, files)} == {Confidence.LOW}


def test_a_project_that_is_never_published_is_asked_for_pins():
    classifiers = '["Private :: Do Not Upload", "Framework :: Flask"]'
    text = f'[project]\nname = "shop"\nclassifiers = {classifiers}\ndependencies = ["flask>=3"]\n'
    assert weights(UNPINNED, {"pyproject.toml": text}) == [("pyproject.toml", 4, Severity.MEDIUM, Confidence.HIGH)]


VULNERABLE = "vulnerable-dependency"
PINS = {"requirements.txt": "redis==6.0.0\nhttpx\n", "docs/requirements.txt": "sphinx==8.0\n"}
CHAIN = (
    'version = 1\n[[package]]\nname = "shop"\nsource = { virtual = "." }\ndependencies = [{ name = "celery" }]\n'
    '[package.dev-dependencies]\ndev = [{ name = "pytest" }]\n'
    '[[package]]\nname = "celery"\nversion = "5"\ndependencies = [{ name = "kombu" }]\n'
    '[[package]]\nname = "kombu"\nversion = "5.3"\n[[package]]\nname = "pytest"\nversion = "9"\n'
)


def known(name: str, version: str, **fields: object) -> Advisories:
    """One advisory for one version."""
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "versions": [version]}
    return Advisories([json.dumps({"id": "PYSEC-0-1", "modified": "2026-01-02", "affected": [affected], **fields})])


def test_without_advisories_every_file_that_pins_is_unknown_and_nothing_is_good() -> None:
    count = scan({**PINS, "uv.lock": CHAIN, "jobs/requirements.in": "redis\n"}).counts[VULNERABLE]
    assert (count.applicable, count.good, count.unresolved) == (True, 0, 1)
    count = scan(PINS).counts[VULNERABLE]
    assert (count.good, count.unresolved, dict(count.bad)) == (0, 2, {})


def test_without_advisories_what_pins_nothing_is_not_asked() -> None:
    count = scan({"requirements.txt": "redis\n"}).counts[VULNERABLE]
    assert (count.applicable, count.reason) == (False, "No version is locked or pinned here.")


def test_a_lock_that_cannot_be_read_is_unknown_whatever_is_loaded() -> None:
    report = scan_files({"uv.lock": b"version = ["}, advisories=known("redis", "6"))
    assert (report.counts[VULNERABLE].good, report.counts[VULNERABLE].unresolved) == (0, 1)


@pytest.mark.parametrize(
    ("name", "version", "fields", "severity", "says"),
    [
        ("kombu", "5.3", {}, Severity.HIGH, "it comes in through celery ("),
        ("kombu", "5.3", {"database_specific": {"severity": "CRITICAL"}}, Severity.CRITICAL, "through celery"),
        ("celery", "5", {"database_specific": {"severity": "LOW"}}, Severity.LOW, "no version fixes it (advisories"),
        ("pytest", "9", {}, Severity.MEDIUM, "no version fixes it (advisories"),
        ("pytest", "9", {"aliases": ["MAL-0-1"]}, Severity.CRITICAL, "known malware"),
    ],
)
def test_a_fault_weighs_what_is_known_of_it_and_names_its_way_in(name, version, fields, severity, says) -> None:
    report = scan_files({"uv.lock": CHAIN.encode()}, advisories=known(name, version, **fields))
    (found,) = [finding for finding in report.findings if finding.rule == VULNERABLE]
    assert (found.severity, says in found.message) == (severity, True)
