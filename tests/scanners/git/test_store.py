import dataclasses
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanners.git.errors import SourceError
from scanners.git.policy import Policy
from scanners.git.store import CommitInfo, Store
from tests.origin import commit_files
from tests.processes import below
from tests.scanners.git.cast import Fetcher, Origin


@pytest.fixture
def store(origin: Origin) -> Iterator[Store]:
    with Store(origin.path) as opened:
        yield opened


def make_commit(repository: Path, data: bytes) -> str:
    command = ["git", "-C", str(repository), "hash-object", "-w", "-t", "commit", "--literally", "--stdin"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()


def test_a_commit_is_told(store: Store, origin: Origin) -> None:
    tree = subprocess.run(["git", "-C", origin.path, "rev-parse", "main^{tree}"], capture_output=True, check=True)
    assert store.commit(origin.head) == CommitInfo(
        sha=origin.head,
        tree=tree.stdout.decode().strip(),
        author_name="Bo Builder",
        author_email="bo@example.org",
        authored_at=datetime(2026, 1, 5, 12, tzinfo=UTC),
        subject="Add the API",
    )


def test_a_fetched_commit_is_told_alike(store: Store, origin: Origin, fetcher: Fetcher) -> None:
    done = fetcher(str(origin.path))
    with Store(done.git_dir) as fetched:
        assert fetched.commit(done.commit) == store.commit(origin.head)


HOSTILE_COMMITS = {
    b"author \xff\xfe <x@y> 1700000000 +0000": ("\ufffd\ufffd", "x@y", 1700000000),
    b"author a\"b'c&d;\x1b[31m <x@y> 1700000000 +0530": ("a\"b'c&d;\x1b[31m", "x@y", 1700000000),
    b"author Ada <ada@x> 99999999999999999999 +0000": ("Ada", "ada@x", 0),
    b"author Ada <ada@x> -5 +9999": ("Ada", "ada@x", 0),
    b"author Ada": ("Ada", "", 0),
    b"author " + b"A" * 1000 + b" <ada@x> 1 +0000": ("A" * 200, "ada@x", 1),
}


@pytest.mark.parametrize(("line", "told"), HOSTILE_COMMITS.items())
def test_a_hostile_author_is_told_within_bounds(
    store: Store, origin: Origin, line: bytes, told: tuple[str, str, int]
) -> None:
    tree = store.commit(origin.head).tree.encode()
    commit = make_commit(origin.path, b"tree %s\n%s\ncommitter c <c> 1 +0000\n\nsub\0ject\xff\n\nbody\n" % (tree, line))
    info = store.commit(commit)
    assert (info.author_name, info.author_email, round(info.authored_at.timestamp())) == told
    assert info.subject == "sub\ufffdject\ufffd"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"tree nonsense\n\n",
        b"author x\n",
        b"encoding no-such-thing\n",
        b"x" * 2_000_000,
    ],
)
def test_a_broken_commit_is_named(store: Store, origin: Origin, data: bytes) -> None:
    with pytest.raises(SourceError, match="malformed_repository"):
        store.commit(make_commit(origin.path, data))


@pytest.mark.parametrize(
    ("sha", "code"),
    [
        ("main", "commit_malformed"),
        ("--all", "commit_malformed"),
        ("0" * 40, "not_a_commit"),
        ("{tree}", "not_a_commit"),
    ],
)
def test_what_is_not_a_commit_is_named(store: Store, origin: Origin, sha: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        store.commit(sha.format(tree=store.commit(origin.head).tree))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("sub_path", "paths"),
    [
        ("", ["README.md", "pay.py", "services/api/app.py", "services/api/big.bin"]),
        ("services", ["api/app.py", "api/big.bin"]),
        ("services/api/", ["app.py", "big.bin"]),
    ],
)
def test_files_are_listed_below_a_sub_path(store: Store, origin: Origin, sub_path: str, paths: list[str]) -> None:
    assert [entry.path for entry in store.entries(origin.head, sub_path)] == paths


@pytest.mark.parametrize(
    ("sub_path", "code"),
    [
        ("absent", "sub_path_not_found"),
        ("services/absent", "sub_path_not_found"),
        ("pay.py", "sub_path_not_a_directory"),
        ("pay.py/x", "sub_path_not_found"),
        ("../etc", "sub_path_malformed"),
        ("*", "sub_path_not_found"),
        (":(top)", "sub_path_not_found"),
    ],
)
def test_a_sub_path_that_is_not_there_is_named(store: Store, origin: Origin, sub_path: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        store.entries(origin.head, sub_path)
    assert caught.value.code == code


def test_a_sub_path_with_odd_characters_is_found(store: Store, origin: Origin) -> None:
    head = commit_files(origin.path, {"ä b:c/[x]*/a.py": "x = 1\n"})
    assert [entry.path for entry in store.entries(head, "ä b:c/[x]*")] == ["a.py"]


def test_blobs_are_read_up_to_the_policy_s_size(origin: Origin, policy: Policy) -> None:
    with Store(origin.path, dataclasses.replace(policy, max_blob_bytes=20)) as store:
        contents = {entry.path: store.read(entry.sha) for entry in store.entries(origin.head)}
    assert contents["pay.py"] == b"import requests\n"
    assert contents["services/api/big.bin"] is None


def test_closing_ends_every_git(origin: Origin) -> None:
    with Store(origin.path) as store:
        store.commit(origin.head)
        list(store.entries(origin.head))
    assert below(os.getpid(), "cat-file") == []
