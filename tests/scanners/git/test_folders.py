"""The next list of a tree reads folders that changed, and says the same as git does of all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanners.git.blobs import BlobReader
from scanners.git.errors import SourceError
from scanners.git.folders import Folder, changed, gathered
from scanners.git.listing import Entry, list_records, list_tree
from scanners.git.policy import Policy
from scanners.git.store import Store
from tests.origin import commit_files, make_repository
from tests.scanners.git.cast import Origin
from tests.scanners.git.test_listing import make_blob, make_tree

_GONE = b"0 " + b"0" * 40


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "folders.git")


@pytest.fixture
def reader(repository: Path) -> Iterator[BlobReader]:
    with BlobReader(repository) as opened:
        yield opened


def listed(repository: Path, tree: str, policy: Policy) -> Folder:
    return gathered(tree, list_records(repository, tree, policy))


def first(repository: Path) -> str:
    one, two = make_blob(repository, b"x = 1\n"), make_blob(repository, b"y = 22\n")
    link = make_blob(repository, b"/etc/passwd")
    lines = [b"100644 %s\ta/b/c.py" % one, b"100755 %s\ta/run.sh" % two, b"120000 %s\ta-b/link" % link]
    return make_tree(repository, *lines, b"100644 %s\tkept/deep/er/x.py" % one, b"160000 %s\tsub" % (b"1" * 40))


def test_folders_hold_what_git_lists(repository: Path, policy: Policy) -> None:
    tree = first(repository)
    assert sorted(listed(repository, tree, policy)) == sorted(list_tree(repository, tree, policy))


@pytest.mark.parametrize(
    "lines",
    [
        [b"100644 %s\ta/b/c.py"],
        [b"100755 %s\ta/b/c.py", _GONE + b"\ta/run.sh"],
        [b"100644 %s\tnew/er/z.py", b"120000 %s\ta-b/link"],
        [_GONE + b"\ta/b/c.py", b"100644 %s\ta/b"],
        [b"160000 " + b"2" * 40 + b"\tsub", b"100644 %s\tcaf\xe9.py"],
        [b"100644 " + b"3" * 40 + b"\tleft-out.bin"],
        [_GONE + b"\tkept/deep/er/x.py"],
    ],
)
def test_a_changed_tree_is_listed_as_git_lists_it(
    repository: Path, reader: BlobReader, policy: Policy, lines: list[bytes]
) -> None:
    known = listed(repository, first(repository), policy)
    blob = make_blob(repository, b"z = 333\n")
    tree = make_tree(repository, *(line.replace(b"%s", blob) for line in lines))
    again = changed(known, tree, reader, policy)
    assert again is not None
    assert sorted(again, key=str) == sorted(list_tree(repository, tree, policy), key=str)


def test_what_did_not_change_is_taken_over(repository: Path, reader: BlobReader, policy: Policy) -> None:
    known = listed(repository, first(repository), policy)
    tree = make_tree(repository, b"100644 %s\ta/b/c.py" % make_blob(repository, b"z\n"))
    again = changed(known, tree, reader, policy)
    assert again is not None
    assert again.folders[b"kept"] is known.folders[b"kept"]
    assert again.folders[b"a"].files[b"run.sh"] is known.folders[b"a"].files[b"run.sh"]


def test_the_same_tree_is_not_read_at_all(repository: Path, reader: BlobReader, policy: Policy) -> None:
    known = listed(repository, first(repository), policy)
    assert changed(known, known.sha, reader, policy) is known


def test_a_folder_that_is_not_there_is_left_to_git(repository: Path, reader: BlobReader, policy: Policy) -> None:
    known = listed(repository, first(repository), policy)
    assert changed(known, "4" * 40, reader, policy) is None


def test_too_many_files_are_left_to_git(repository: Path, reader: BlobReader, policy: Policy) -> None:
    known = listed(repository, first(repository), policy)
    tree = make_tree(repository, b"100644 %s\tone-more.py" % make_blob(repository, b"z\n"))
    assert changed(known, tree, reader, replace(policy, max_entries=5)) is None


def test_a_store_lists_the_next_commit_from_the_last_one(origin: Origin) -> None:
    with Store(origin.path) as store:
        known = store.folder(origin.head)
        head = commit_files(origin.path, {"pay/new.py": b"x = 1\n"})
        assert sorted(store.folder(head, known=known)) == sorted(store.entries(head))
        assert "new.py" in {entry.path for entry in store.folder(head, "pay", known)}


def test_a_sub_path_that_is_not_there_is_named(origin: Origin) -> None:
    with Store(origin.path) as store, pytest.raises(SourceError, match="sub_path_not_found"):
        store.folder(origin.head, "nowhere", Folder("", b"", {b"x": Entry("x", "1" * 40, "100644", 1)}))
