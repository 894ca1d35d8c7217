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
