"""What the table of dependencies says of declared and locked packages."""

import json

import pytest

from scanners.advisories import Advisories
from scanners.inventory.table import Row
from scanners.scan import scan_files

PROJECT = """[project]
name = "shop"
version = "1"
dependencies = [
  "celery>=5",
  "Flask_Login",
]

[project.optional-dependencies]
pdf = ["reportlab"]

[dependency-groups]
dev = ["pytest>=9"]
"""
LOCK = """version = 1

[[package]]
name = "shop"
source = { virtual = "." }
dependencies = [{ name = "celery" }, { name = "flask-login" }]

[package.optional-dependencies]
pdf = [{ name = "reportlab" }]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[[package]]
name = "celery"
version = "5.4.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "kombu" }, { name = "numpy", version = "1.26.4", marker = "python_version < '3.12'" },
  { name = "numpy", version = "2.1.0" }]
sdist = { url = "https://files/celery-5.4.0.tar.gz", hash = "sha256:aa" }

[[package]]
name = "kombu"
version = "5.3.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "amqp" }]
sdist = { url = "https://files/kombu-5.3.0.tar.gz", hash = "sha256:bb" }

[[package]]
name = "amqp"
version = "5.1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "kombu" }]

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "flask-login"
version = "0.6.3"
source = { git = "https://git.shop.io/login.git?rev=v1#0a1b" }

[[package]]
name = "reportlab"
version = "4.2"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "pytest"
version = "9.1"
source = { registry = "https://pypi.org/simple" }
"""
WHOLE = {"pyproject.toml": PROJECT, "uv.lock": LOCK}
RECORD = {
    "id": "PYSEC-0-1",
    "modified": "2026-01-02T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "amqp"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.1.1"}]}],
        }
    ],
}


def rows(files: dict[str, str], known: Advisories | None = None, kind: str = "http-api") -> list[Row]:
    report = scan_files({path: text.encode() for path, text in files.items()}, kind, known)
    return [Row.read(row) for row in report.inventory["dependencies"]]


def one(name: str, files: dict[str, str], known: Advisories | None = None, kind: str = "http-api") -> Row:
    (found,) = [row for row in rows(files, known, kind) if row.cells["name"] == name]
    return found


def states(files: dict[str, str], kind: str = "http-api") -> dict[str, tuple]:
    return {row.key: (row.cells["state"], row.marks.get("state", "")) for row in rows(files, kind=kind)}


def test_a_declared_package_stands_beside_its_lock() -> None:
    celery = one("celery", WHOLE)
    assert celery.key == "celery"
    assert {name: celery.cells[name] for name in ("wanted", "locked", "group", "direct", "hashed", "source")} == {
        "wanted": ">=5", "locked": "5.4.0", "group": "run", "direct": True, "hashed": True, "source": "index",
    }  # fmt: skip
    assert (celery.cells["declared_in"], celery.cells["locked_in"]) == (["pyproject.toml"], "uv.lock")
    assert (celery.cells["state"], celery.marks["state"]) == ("ok", "good")
    assert [(place.path, place.line) for place in celery.places] == [("pyproject.toml", 5), ("uv.lock", 15)]


def test_a_package_that_is_brought_along_tells_the_way_even_in_a_circle() -> None:
    amqp = one("amqp", WHOLE)
    assert (amqp.cells["direct"], amqp.cells["through"]) == (False, ["celery", "kombu", "amqp"])
    assert (amqp.cells["declared_in"], amqp.cells["group"]) == ([], "run")
    assert one("kombu", WHOLE).cells["requires"] == ["amqp"]


def test_groups_extras_and_sources_are_told_apart() -> None:
    assert [one(name, WHOLE).cells["group"] for name in ("pytest", "reportlab")] == ["dev", "pdf"]
    login = one("flask-login", WHOLE)
    assert (login.cells["source"], login.cells["hashed"]) == ("git", True)


def test_a_lock_that_forks_has_a_row_a_version() -> None:
    forked = [row for row in rows(WHOLE) if row.cells["name"] == "numpy"]
    assert [(row.key, row.cells["locked"], row.places[0].line) for row in forked] == [
        ("numpy", "1.26.4", 36),
        ("numpy", "2.1.0", 41),
    ]


def test_the_project_itself_is_no_dependency() -> None:
    assert "shop" not in {row.cells["name"] for row in rows(WHOLE)}


@pytest.mark.parametrize(
    ("files", "name", "state", "mark"),
    [
        (WHOLE | {"pyproject.toml": PROJECT.replace("Flask_Login", "httpx")}, "httpx", "missing from lock", "bad"),
        (WHOLE | {"pyproject.toml": PROJECT.replace("celery>=5", "celery>=6")}, "celery", "out of step", "bad"),
        (WHOLE | {"requirements.txt": "# via uv\ncelery==5.3.0\n"}, "celery", "out of step", "bad"),
        (WHOLE | {"app.py": "import kombu\n"}, "kombu", "not declared", "bad"),
        (WHOLE, "amqp", "unhashed", ""),
        ({"requirements.txt": "redis==6.0.0\n"}, "redis", "unhashed", ""),
        ({"requirements.txt": "redis==6.0.0 --hash=sha256:aa\n"}, "redis", "ok", "good"),
        ({"requirements.txt": "redis\n"}, "redis", "unpinned", "bad"),
        ({"requirements.txt": "core @ git+https://git.shop.io/core.git@main\n"}, "core", "unpinned", "bad"),
        ({"requirements.txt": "redis; sys_platform == 'win32'\n"}, "redis", "unpinned", ""),
        ({"requirements.in": "redis\n", "requirements.txt": "redis==6.0.0 --hash=sha256:aa\n"}, "redis", "ok", "good"),
        ({"requirements.txt": "redis\n", "constraints.txt": "redis==6.0.0\n"}, "redis", "unhashed", ""),
        ({"setup.cfg": "[options]\ninstall_requires =\n    redis\n"}, "redis", "not locked", "bad"),
        ({"Pipfile": '[packages]\nredis = "*"\n'}, "redis", "not locked", "bad"),
        ({"poetry.lock": '[[package]]\nname = "redis"\nversion = "6"\nyanked = true\n'}, "redis", "yanked", "bad"),
    ],
)  # fmt: skip
def test_the_state_is_the_gravest_that_there_is_to_say(files, name, state, mark) -> None:
    row = one(name, files)
    assert (row.cells["state"], row.marks.get("state", "")) == (state, mark)


def test_a_constraint_on_what_nothing_asks_for_is_no_dependency() -> None:
    files = {"requirements.txt": "redis==6.0.0\n", "docs/ref/constraints.txt": "amqp==5.1.0\n"}
    assert [row.key for row in rows(files)] == ["redis"]


def test_ranges_of_a_library_are_no_fault() -> None:
    files = {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["redis>=5"]\n'}
    assert states(files, "library") == {"redis": ("not locked", "")}
    assert states(files) == {"redis": ("not locked", "bad")}


def test_what_a_marker_leaves_out_of_the_lock_is_unknown() -> None:
    row = one("pywin32", WHOLE | {"pyproject.toml": PROJECT.replace('"celery>=5"', "\"pywin32; os_name == 'nt'\"")})
    assert (row.cells["state"], row.marks["state"], bool(row.unresolved)) == (None, "unknown", True)


def test_imports_that_nothing_declares_agree_with_the_rule() -> None:
    files = {"requirements.txt": "redis==6.0.0\n", "shop/pay.py": "import redis\nimport requests\n"}
    report = scan_files({path: text.encode() for path, text in files.items()})
    found = [finding for finding in report.findings if finding.rule == "dependency-undeclared"]
    row = one("requests", files)
    assert [(place.path, place.line) for place in row.places] == [(finding.path, finding.line) for finding in found]
    assert (row.cells["state"], row.cells["direct"]) == ("not declared", False)


def test_a_file_that_a_tool_wrote_tells_who_brings_whom() -> None:
    text = "celery==5.4.0\n    # via -r requirements.in\nkombu==5.3.0\n    # via celery\namqp==5.1.0\n    # via\n"
    text += "    #   kombu\n    #   other\n"
    found = {row.key: row.cells for row in rows({"requirements.txt": text})}
    assert [found[name]["direct"] for name in ("celery", "kombu", "amqp")] == [True, False, False]
    assert found["amqp"]["through"] == ["celery", "kombu", "amqp"]


def test_advisories_are_unknown_until_some_are_loaded() -> None:
    unasked = one("amqp", WHOLE)
    assert (unasked.cells["advisories"], unasked.marks["advisories"]) == (None, "unknown")
    known = Advisories([json.dumps(RECORD)])
    hit, miss = one("amqp", WHOLE, known), one("kombu", WHOLE, known)
    assert (hit.cells["advisories"], hit.marks["advisories"]) == (["PYSEC-0-1 fixed in 5.1.1"], "bad")
    assert (miss.cells["advisories"], miss.marks["advisories"]) == ([], "good")
    assert one("flask-login", WHOLE, known).marks["advisories"] == "unknown"


def test_the_end_of_life_is_known_for_what_announces_one() -> None:
    ended = one("django", {"requirements.txt": "django==3.2.25\nredis==6.0.0\n"})
    assert (ended.cells["end_of_life"], ended.marks["end_of_life"]) == ("2024-04-01", "bad")
    assert one("redis", {"requirements.txt": "redis==6.0.0\n"}).cells["end_of_life"] == ""
    assert one("django", {"requirements.txt": "django\n"}).cells["end_of_life"] is None


def test_a_file_that_cannot_be_read_is_a_row_and_not_nothing() -> None:
    lost = {row.key: row for row in rows({"uv.lock": "version = [", "requirements.txt": "-r more/base.list\nredis\n"})}
    assert lost["uv.lock"].unresolved.startswith("It cannot be parsed")
    assert lost["requirements.txt"].unresolved == "It takes in more/base.list, which is not looked at."
    assert {lost[name].marks["state"] for name in ("uv.lock", "requirements.txt")} == {"unknown"}


def test_files_that_a_project_takes_in_have_the_group_that_it_gives_them() -> None:
    project = '[project]\nname = "x"\nversion = "1"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
    project += 'dependencies = { file = ["requirements/run.txt"] }\n'
    project += 'optional-dependencies.pdf = { file = ["requirements/pdf.txt"] }\n'
    files = {
        "pyproject.toml": project,
        "requirements/run.txt": "-r base.txt\nredis==6.0.0\n",
        "requirements/base.txt": "-r run.txt\nhttpx==0.28.1\n",
        "requirements/pdf.txt": "reportlab==4.2\n",
    }
    found = {row.key: row.cells["group"] for row in rows(files)}
    assert found == {"redis": "run", "httpx": "run", "reportlab": "pdf"}


def test_several_locks_keep_their_rows_apart() -> None:
    other = {f"jobs/{path}": text for path, text in WHOLE.items()}
    keys = {row.key for row in rows(WHOLE | other)}
    assert {"celery in uv.lock", "celery in jobs/uv.lock"} <= keys


def test_no_secret_of_an_address_is_shown() -> None:
    files = {"requirements.txt": "core @ git+https://user:hunter2@git.shop.io/core.git@main\n"}
    files["poetry.lock"] = (
        '[[package]]\nname = "x"\nversion = "1"\n[package.source]\ntype = "legacy"\n'
        'url = "https://token:hunter2@pypi.shop.io/simple"\n'
    )
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert "hunter2" not in json.dumps([report.inventory, report.facts])
