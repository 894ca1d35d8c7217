"""What manifests say is needed, whatever notation they use."""

import tomllib

import pytest

from scanners.dependencies.pipfiles import options, pipfile, requirements
from scanners.dependencies.poetry import poetry_range
from scanners.dependencies.projects import pyproject
from scanners.dependencies.requirements import Requirement, is_dev_group, normal, requirement
from scanners.dependencies.setupfiles import setup_cfg

PIP = """\
# comment
-r base.txt
--extra-index-url=https://pypi.shop.io/simple
Flask_Login==0.6.3 \\
    --hash=sha256:abc
redis>=5  # for the cache
httpx[http2]>=0.28 ; python_version < "4"
-e git+https://git.shop.io/core.git@main#egg=shop_core
tool @ https://files.shop.io/tool-1.tar.gz#sha256=abcd
./vendored/thing
-e .
git+ssh://git@git.shop.io/plain.git
not a requirement!
"""


def test_a_pip_file_is_read_line_by_line() -> None:
    found = {entry.name: entry for entry in requirements(PIP)}
    assert set(found) == {"flask-login", "redis", "httpx", "shop-core", "tool", "thing", "plain"}
    assert found["flask-login"] == Requirement("flask-login", "==0.6.3", line=4, hashed=True, hashes=("sha256:abc",))
    assert (found["redis"].specifier, found["redis"].line) == (">=5", 6)
    assert found["httpx"].marker == 'python_version < "4"'
    assert found["shop-core"].url.endswith("@main#egg=shop_core")


def test_what_names_one_version_commit_or_content_is_pinned() -> None:
    found = {entry.name: entry.pinned for entry in requirements(PIP)}
    assert found == {
        "flask-login": True,
        "redis": False,
        "httpx": False,
        "shop-core": False,
        "tool": True,
        "thing": True,
        "plain": False,
    }
    assert Requirement("core", url="git+https://git.shop.io/core.git@" + "0a1b2c3d" * 5).pinned
    assert not Requirement("django", "==5.2.*").pinned


def test_the_options_of_a_pip_file_keep_their_lines() -> None:
    assert list(options(PIP)) == [
        (2, "--requirement", "base.txt"),
        (3, "--extra-index-url", "https://pypi.shop.io/simple"),
    ]


PROJECT = """\
[project]
name = "shop"
dependencies = [
  "boto3-stubs",
  "boto3>=1.34",
]

[project.optional-dependencies]
test = ["pytest"]
pdf = ["reportlab>=4"]
all = ["shop[pdf]"]

[dependency-groups]
lint = ["ruff", { include-group = "other" }]

[tool.uv]
dev-dependencies = ["mypy"]
"""


def test_a_project_lists_what_it_runs_with_extras_and_tools() -> None:
    found = [(entry.name, entry.group, entry.line) for entry in pyproject(tomllib.loads(PROJECT), PROJECT)]
    assert found == [
        ("boto3-stubs", "", 4),
        ("boto3", "", 5),
        ("pytest", "dev", 9),
        ("reportlab", "pdf", 10),
        ("ruff", "dev", 14),
        ("mypy", "dev", 17),
    ]


def test_a_poetry_project_is_read_with_its_own_ranges() -> None:
    text = (
        '[tool.poetry.dependencies]\npython = "^3.12"\nredis = "^6.2"\n'
        'core = { git = "https://x/core.git", rev = "main" }\n'
        'here = { path = "../here" }\n\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
    )
    found = [(entry.name, entry.specifier, entry.url, entry.group) for entry in pyproject(tomllib.loads(text), text)]
    assert found == [
        ("redis", ">=6.2,<7", "", ""),
        ("core", "", "https://x/core.git@main", ""),
        ("here", "", "../here", ""),
        ("pytest", "", "", "dev"),
    ]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~=1.2", "~=1.2"),
        ("1.2.3", "==1.2.3"),
        (">=1,<2", ">=1,<2"),
        ("*", ""),
    ],
)
def test_ranges_of_poetry_become_standard_ones(given: str, meant: str) -> None:
    assert poetry_range(given) == meant


def test_setup_cfg_and_pipfile_are_read() -> None:
    cfg = "[options]\ninstall_requires =\n    redis>=5\n    django<5; python_version<'3.10'\n"
    cfg += "[options.extras_require]\ntest = pytest\n"
    assert [(entry.name, entry.group) for entry in setup_cfg(cfg)] == [("redis", ""), ("django", ""), ("pytest", "dev")]
    assert list(setup_cfg("not an ini file")) == []
    text = '[packages]\nredis = "*"\ncore = { git = "https://x/core.git", ref = "main" }\n\n'
    text += '[dev-packages]\npytest = "==8.0"\n'
    found = [
        (entry.name, entry.specifier, entry.url, entry.group, entry.line)
        for entry in pipfile(tomllib.loads(text), text)
    ]
    assert found == [
        ("redis", "", "", "", 2),
        ("core", "", "https://x/core.git@main", "", 3),
        ("pytest", "==8.0", "", "dev", 6),
    ]


def test_names_and_groups_are_compared_as_indexes_do() -> None:
    assert normal("Flask_Login.X") == "flask-login-x"
    assert requirement("not a requirement!") is None
    assert [is_dev_group(name) for name in ("dev-tools", "docs", "postgres")] == [True, True, False]
