"""What manifests say is needed, whatever notation they use."""

import tomllib

import pytest

from scanners.dependencies.pipfiles import options, pipfile, requirements
from scanners.dependencies.poetry import poetry_range
from scanners.dependencies.projects import pyproject
from scanners.dependencies.requirements import Requirement, is_dev_group, normal, requirement, without_credentials
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


def test_a_file_that_a_tool_wrote_says_for_whom_each_line_is() -> None:
    text = "amqp==5.1  # via kombu\nkombu==5.3\n    # via\n    #   -r requirements.in\n    #   celery\n"
    text += "# a remark\nredis==6\n"
    assert {entry.name: entry.via for entry in requirements(text)} == {
        "amqp": ("kombu",),
        "kombu": ("-r requirements.in", "celery"),
        "redis": (),
    }


@pytest.mark.parametrize(
    ("line", "name", "source"),
    [
        ("git+https://${TOKEN}@git.shop.io/core.git@v1#egg=core", "core", "git"),
        ("-e git+ssh://git@git.shop.io/plain.git", "plain", "git"),
        ("--editable=./libs/tool[extra]", "tool", "path"),
        ("file:///srv/wheels/tool-1.0.whl", "tool", "path"),
        ("./wheels/tool-1.0-py3-none-any.whl", "tool", "path"),
        ("https://files.shop.io/tool.zip#egg=tool", "tool", "url"),
        ("tool @ https://files.shop.io/tool-1.whl", "tool", "url"),
        ("tool>=1", "tool", "index"),
    ],
)
def test_where_a_line_takes_its_package_from(line: str, name: str, source: str) -> None:
    (found,) = requirements(line)
    assert (found.name, found.source) == (name, source)


@pytest.mark.parametrize("line", ["-e .", ".", "-e .[dev]", ".[dev]", "--hash=sha256:aa", "-r x.txt", ""])
def test_the_project_itself_and_options_are_no_requirements(line: str) -> None:
    assert list(requirements(line)) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git+https://user:secret@git.shop.io/x.git@v1", "git+https://git.shop.io/x.git@v1"),
        ("--index-url https://token@pypi.shop.io/simple", "--index-url https://pypi.shop.io/simple"),
        ("git+ssh://git@git.shop.io/x.git@v1", "git+ssh://git@git.shop.io/x.git@v1"),
        ("git+https://git.shop.io/x.git@main", "git+https://git.shop.io/x.git@main"),
    ],
)
def test_credentials_are_cut_out_of_addresses(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


def test_uv_and_poetry_say_where_a_requirement_of_a_project_comes_from() -> None:
    text = (
        '[project]\nname = "shop"\ndependencies = ["core", "tool>=1", "plain", "forked; os_name == \'nt\'"]\n'
        "[tool.uv.sources]\ncore = { git = 'https://git.shop.io/core.git', rev = 'v1' }\ntool = { workspace = true }\n"
        "forked = [{ index = 'own' }]\n[tool.poetry.dependencies]\nplain = { path = '../plain' }\n"
    )
    found = {entry.name: (entry.url, entry.source) for entry in pyproject(tomllib.loads(text), text)}
    assert found == {
        "core": ("git+https://git.shop.io/core.git@v1", "git"),
        "tool": ("./", "path"),
        "plain": ("./../plain", "path"),
        "forked": ("", "index"),
    }


def test_optional_requirements_of_poetry_belong_to_their_extra_and_several_ranges_stay_several() -> None:
    text = (
        '[tool.poetry.dependencies]\nreportlab = { version = "^4", optional = true }\n'
        'idna = [{ version = "^3", python = ">=3.12" }, { version = "^2", python = "<3.12" }]\n'
        '[tool.poetry.extras]\npdf = ["reportlab"]\n[tool.poetry.group.main.dependencies]\nredis = "*"\n'
    )
    found = [(entry.name, entry.specifier, entry.marker, entry.group) for entry in pyproject(tomllib.loads(text), text)]
    assert found == [
        ("reportlab", ">=4,<5", "", "pdf"),
        ("idna", ">=3,<4", "python_version >= '3.12'", ""),
        ("idna", ">=2,<3", "python_version < '3.12'", ""),
        ("redis", "", "", ""),
    ]


@pytest.mark.parametrize("value", ["3", "true", '"x"', "[[1]]", "{}", "[{}]", "{ x = 3 }"])
@pytest.mark.parametrize(
    "key",
    ["project.dependencies", "project.optional-dependencies", "dependency-groups", "tool.poetry", "tool.uv.sources",
     "tool.poetry.dependencies", "tool.poetry.extras", "tool.poetry.group",
     "tool.pdm.dev-dependencies", "tool.hatch.envs"],
)  # fmt: skip
def test_whatever_stands_in_a_project_is_read(key: str, value: str) -> None:
    text = f"{key} = {value}\n"
    assert all(entry.name for entry in pyproject(tomllib.loads(text), text))
