"""What lock files pin, and the hashes that they record of their manifests."""

import hashlib
import tomllib

import pytest

from scanners.dependencies.fingerprints import pipfile_hash, poetry_hashes
from scanners.dependencies.lockfiles import UnreadableLock, read_lock
from scanners.dependencies.ranges import allows, same_range

UV = """
version = 1
requires-python = ">=3.12"

[[package]]
name = "shop"
version = "1"
source = { editable = "." }

[package.metadata]
requires-dist = [
  { name = "Redis", specifier = ">=6" },
  { name = "pywin32", marker = "sys_platform == 'win32'" },
]

[[package]]
name = "redis"
version = "6.1.0"

[[package]]
name = "numpy"
version = "1.26.4"

[[package]]
name = "numpy"
version = "2.1.0"

[[package]]
name = "core"
version = "3"
source = { git = "https://git.shop.io/core.git" }
"""


def test_a_uv_lock_holds_all_versions_and_what_it_was_made_from() -> None:
    lock = read_lock("uv-lock", UV)
    assert lock.versions == {"shop": (), "redis": ("6.1.0",), "numpy": ("1.26.4", "2.1.0"), "core": ()}
    assert lock.requires_python == ">=3.12"
    assert lock.roots == {"redis": ">=6", "pywin32": "?"}


def test_a_poetry_lock_holds_versions_and_a_hash() -> None:
    text = '[[package]]\nname = "Redis"\nversion = "6.1.0"\n\n[metadata]\n'
    text += 'python-versions = "^3.12"\ncontent-hash = "ab12"\n'
    lock = read_lock("poetry-lock", text)
    assert (lock.versions, lock.content_hash, lock.requires_python, lock.roots) == (
        {"redis": ("6.1.0",)},
        "ab12",
        "^3.12",
        None,
    )


def test_a_pipfile_lock_holds_both_sections() -> None:
    text = '{"_meta": {"hash": {"sha256": "ab"}}, "default": {"redis": {"version": "==6.1.0"}}, '
    text += '"develop": {"x": {"git": "u"}}}'
    lock = read_lock("pipfile-lock", text)
    assert (lock.versions["redis"], lock.content_hash) == (("6.1.0",), "ab")
    assert "x" in lock.versions


def test_pep_751_and_conda_locks_are_read() -> None:
    pylock = read_lock("pylock", 'lock-version = "1.0"\n[[packages]]\nname = "redis"\nversion = "6.1.0"\n')
    conda = read_lock("conda-lock", "package:\n- name: redis-py\n  version: 6.1.0\n")
    assert pylock.versions == {"redis": ("6.1.0",)}
    assert set(conda.versions) == {"redis-py"}


@pytest.mark.parametrize(
    ("kind", "text"), [("uv-lock", "version = ["), ("pipfile-lock", "[]"), ("poetry-lock", "package = 3")]
)
def test_a_lock_that_cannot_be_read_says_why(kind: str, text: str) -> None:
    with pytest.raises(UnreadableLock, match=r"It \w+ .*\."):
        read_lock(kind, text)


def test_ranges_are_compared_by_what_they_mean() -> None:
    assert allows(">=6,<7", "6.1.0") is True
    assert allows("^6", "6.1.0") is None
    assert allows("<6", "6.1.0") is False
    assert same_range(">=6,<7", "<7, >=6")
    assert not same_range(">=6", ">=6.1")


def test_the_hash_of_a_pipfile_changes_with_its_requirements_only() -> None:
    one = pipfile_hash(tomllib.loads('[packages]\nredis = "*"\n[scripts]\nrun = "a"\n'))
    same = pipfile_hash(tomllib.loads('[scripts]\nrun = "b"\n[packages]\nredis = "*"\n'))
    other = pipfile_hash(tomllib.loads('[packages]\nredis = ">=6"\n'))
    assert one == same != other


def test_the_hash_of_a_poetry_project_is_the_one_that_poetry_records() -> None:
    """The first is what poetry 2.5 writes for this project, the second what poetry 1 wrote for tables of its own."""
    project = tomllib.loads('[project]\nrequires-python = ">=3.8,<4.0"\ndependencies = ["docker>=4.3.1"]\n')
    assert poetry_hashes(project) == ["8f975cfcda1d3c938f9e7013b2e24cb2e43e6a2a573f0c6867acad407b0fb0d9"]
    content = b'{"dependencies": {"python": "^3.8"}, "dev-dependencies": null, "extras": null, "source": null}'
    legacy = tomllib.loads('[tool.poetry.dependencies]\npython = "^3.8"\n')
    assert poetry_hashes(legacy) == [hashlib.sha256(content).hexdigest()]


POETRY = """
[[package]]
name = "Celery"
version = "5.4.0"
optional = false
groups = ["main"]
files = [
    {file = "celery-5.4.0-py3-none-any.whl", hash = "sha256:aa"},
    {file = "celery-5.4.0-cp312-cp312-win_amd64.whl", hash = "sha256:bb"},
]

[package.dependencies]
Kombu = {version = ">=5.3", markers = "python_version < \\"4\\""}

[[package]]
name = "kombu"
version = "5.3.0"
optional = true
groups = ["main", "dev"]
markers = {main = "extra == \\"queue\\"", dev = "python_version < \\"3.13\\""}
files = []

[[package]]
name = "core"
version = "3.0"
groups = ["main"]
[package.source]
type = "git"
url = "https://token:hunter2@git.shop.io/core.git"
reference = "main"
resolved_reference = "0a1b"

[extras]
queue = ["kombu"]

[metadata]
python-versions = ">=3.12"
content-hash = "cc"
"""


def test_a_lock_of_poetry_2_tells_groups_edges_digests_and_sources() -> None:
    celery, kombu, core = read_lock("poetry-lock", POETRY).packages
    assert (celery.name, celery.requires, celery.groups, celery.hashes) == ("celery", ("kombu",), ("",), 2)
    assert celery.files == ("celery-5.4.0-py3-none-any.whl sha256:aa",)
    assert (kombu.groups, len(kombu.markers), kombu.hashes) == (("dev", "queue"), 2, 0)
    assert (core.source, core.address, core.hashes) == ("git", "https://git.shop.io/core.git#0a1b", 1)
    assert [package.line for package in (celery, kombu, core)] == [3, 16, 24]


def test_a_lock_of_poetry_1_keeps_digests_at_its_end() -> None:
    text = '[[package]]\nname = "Redis"\nversion = "6.1.0"\ncategory = "dev"\n\n[metadata.files]\n'
    text += 'Redis = [{file = "redis-6.1.0.tar.gz", hash = "sha256:aa"}]\n'
    (redis,) = read_lock("poetry-lock", text).packages
    assert (redis.groups, redis.files) == (("dev",), ("redis-6.1.0.tar.gz sha256:aa",))


def test_a_lock_of_pdm_joins_a_package_with_its_extras() -> None:
    text = (
        '[metadata]\ngroups = ["default", "dev"]\ncontent_hash = "sha256:cc"\n[[metadata.targets]]\n'
        'requires_python = ">=3.12"\n[[package]]\nname = "celery"\nversion = "5.4.0"\ngroups = ["default"]\n'
        'dependencies = ["kombu<6,>=5.3"]\nfiles = [{file = "celery-5.4.0.tar.gz", hash = "sha256:aa"}]\n'
        '[[package]]\nname = "celery"\nversion = "5.4.0"\nextras = ["redis"]\ngroups = ["default"]\n'
        'dependencies = ["celery==5.4.0", "redis>=5"]\n[[package]]\nname = "here"\nversion = "1"\npath = "./here"\n'
    )
    lock = read_lock("pdm-lock", text)
    celery, here = lock.packages
    assert (lock.requires_python, celery.requires, celery.hashes) == (">=3.12", ("kombu", "redis"), 1)
    assert (here.source, here.groups, lock.versions["here"]) == ("path", None, ())


def test_a_pylock_tells_edges_only_where_its_tool_does() -> None:
    text = (
        'lock-version = "1.0"\n[[packages]]\nname = "celery"\nversion = "5.4.0"\nindex = "https://pypi.org/simple"\n'
        'wheels = [{name = "celery-5.4.0-py3-none-any.whl", hashes = {sha256 = "aa"}}]\n'
        '[[packages]]\nname = "core"\nvcs = {type = "git", url = "https://git.shop.io/core.git", commit-id = "0a1b"}\n'
    )
    lock = read_lock("pylock", text)
    celery, core = lock.packages
    assert (lock.edges, celery.files, celery.address) == (False, ("celery-5.4.0-py3-none-any.whl sha256:aa",), "")
    assert (core.source, core.address, core.hashes) == ("git", "https://git.shop.io/core.git#0a1b", 1)
    told = read_lock("pylock", text + 'dependencies = [{name = "celery"}]\n')
    assert (told.edges, told.packages[1].requires) == (True, ("celery",))


def test_a_pipfile_lock_tells_groups_markers_and_who_was_asked_for() -> None:
    text = (
        '{"default": {"celery": {"version": "==5.4.0", "index": "pypi", "hashes": ["sha256:aa"]},'
        ' "vine": {"version": "==5.1", "markers": "python_version >= \'3.6\'"}},'
        ' "develop": {"vine": {"version": "==5.1"}, "core": {"git": "https://git.shop.io/core.git", "ref": "0a1b"}}}'
    )
    lock = read_lock("pipfile-lock", text)
    celery, vine, core = lock.packages
    assert (celery.direct, celery.groups, celery.files, lock.edges) == (True, ("",), ("sha256:aa",), False)
    assert (vine.direct, vine.groups, vine.markers) == (None, ("", "dev"), ())
    assert (core.source, core.address, core.groups) == ("git", "https://git.shop.io/core.git#0a1b", ("dev",))


def test_a_conda_lock_tells_what_pip_installs_from_what_conda_builds() -> None:
    entry = "- name: {name}\n  version: '1'\n  manager: {manager}\n  platform: {platform}\n  category: main\n"
    text = "package:\n" + "".join(
        entry.format(name=name, manager=manager, platform=platform)
        for name, manager, platform in (
            ("numpy", "conda", "osx-64"), ("openssl", "conda", "linux-64"), ("redis", "pip", "linux-64"),
        )
    )  # fmt: skip
    openssl, redis = read_lock("conda-lock", text).packages
    assert (openssl.name, openssl.source, redis.source, redis.groups) == ("openssl", "conda", "index", ("",))


def test_a_workspace_of_uv_asks_for_what_its_members_ask_for() -> None:
    text = UV.replace('source = { editable = "." }', 'source = { editable = "." }\ndependencies = [{ name = "redis" }]')
    text += '\n[[package]]\nname = "jobs"\nversion = "1"\nsource = { editable = "jobs" }\n'
    text += 'dependencies = [{ name = "numpy", version = "2.1.0" }]\n[manifest]\nmembers = ["shop", "jobs"]\n'
    lock = read_lock("uv-lock", text)
    assert lock.asked == {"": ("redis", "numpy 2.1.0")}


def names(kind: str, text: str) -> set[str] | str:
    """The packages of a lock; "refused" for one that is named unreadable."""
    try:
        return {package.name for package in read_lock(kind, text).packages}
    except UnreadableLock:
        return "refused"


NOT_LISTS = ("[]", "{}", "3", '"x"', "true", "[[1]]", "[{}]", '[""]', '[{name = ""}]', "1979-05-27")


@pytest.mark.parametrize("kind", ["uv-lock", "poetry-lock", "pdm-lock", "pylock"])
@pytest.mark.parametrize("value", NOT_LISTS)
@pytest.mark.parametrize("key", ["dependencies", "source", "files", "groups", "markers", "wheels", "vcs", "version"])
def test_whatever_stands_in_a_lock_is_read_or_refused(kind: str, key: str, value: str) -> None:
    head = {"pylock": "packages"}.get(kind, "package")
    text = f'[[{head}]]\nname = "redis"\n{key} = {value}\n[[{head}]]\nname = 3\n[[{head}]]\n'
    assert names(kind, text) in ({"redis"}, "refused")


@pytest.mark.parametrize("kind", ["uv-lock", "poetry-lock", "pdm-lock", "pylock", "pipfile-lock", "conda-lock"])
@pytest.mark.parametrize(
    "text", ["", "a = [" * 9000, "[" * 90000, "\0", "{", "- a: *x", "name: !!python/object:os.x {}"]
)
def test_what_is_no_lock_at_all_does_no_harm(kind: str, text: str) -> None:
    assert names(kind, text) in (set(), "refused")
