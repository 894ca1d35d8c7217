import dataclasses
import subprocess
import unicodedata
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.git.errors import SourceError
from scanners.git.listing import Entry, list_tree, shown_path
from scanners.git.policy import Policy
from tests.origin import make_repository
from tests.scanners.git.cast import Origin, processes_about


def make_tree(repository: Path, *lines: bytes) -> str:
    """A tree of index lines: mode, id, tab, path."""
    index = {"GIT_INDEX_FILE": str(repository / "index"), "GIT_DIR": str(repository)}
    update = ["git", "update-index", "-z", "--index-info"]
    subprocess.run(update, env=index, input=b"".join(line + b"\0" for line in lines), check=True)
    return (
        subprocess.run(["git", "write-tree", "--missing-ok"], env=index, capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def make_blob(repository: Path, data: bytes) -> bytes:
    command = ["git", "-C", str(repository), "hash-object", "-w", "--stdin"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "listing.git")


def test_modes_and_sizes_are_git_s(repository: Path, policy: Policy) -> None:
    blob, link = make_blob(repository, b"x = 1\n"), make_blob(repository, b"/etc/passwd")
    gone, sub = b"2" * 40, b"1" * 40
    tree = make_tree(
        repository,
        b"100755 %s\trun.sh" % blob,
        b"120000 %s\tpasswd" % link,
        b"160000 %s\tvendor/lib" % sub,
        b"100644 %s\tleft-out.bin" % gone,
    )
    assert list(list_tree(repository, tree, policy)) == [
        Entry("left-out.bin", gone.decode(), "100644", None),
        Entry("passwd", link.decode(), "120000", 11),
        Entry("run.sh", blob.decode(), "100755", 6),
        Entry("vendor/lib", sub.decode(), "160000", None),
    ]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"a b/c.py", "a b/c.py"),
        ("süß/日本.py".encode(), "süß/日本.py"),
        (b"-rf", "-rf"),
        (b"--output=x", "--output=x"),
        (b"$(touch x).py", "$(touch x).py"),
        (b"%00.py", "%00.py"),
        (b'"quoted".py', '"quoted".py'),
        (b"new\nline.py", r"new\nline.py"),
        (b"tab\t.py", r"tab\t.py"),
        (b"\x1b[31mred.py", r"\x1b[31mred.py"),
        (b"caf\xe9.py", r"caf\xe9.py"),
        (rb"caf\xe9.py", r"caf\\xe9.py"),
        ("\u202egpj.py".encode(), r"\u202egpj.py"),
        (b"\xed\xa0\x80.py", r"\xed\xa0\x80.py"),
        (b"\xc2\x85.py", r"\x85.py"),
    ],
)
def test_odd_names_are_listed_in_a_form_that_can_be_shown(
    repository: Path, policy: Policy, raw: bytes, shown: str
) -> None:
    blob = make_blob(repository, b"x = 1\n")
    tree = make_tree(repository, b"100644 %s\t%s" % (blob, raw))
    assert [entry.path for entry in list_tree(repository, tree, policy)] == [shown]


@given(st.lists(st.binary(max_size=40), unique=True, max_size=20))
def test_two_names_never_look_alike_and_all_can_be_stored(names: list[bytes]) -> None:
    shown = [shown_path(name, 30) for name in names]
    assert len(set(shown)) == len(names)
    seen = {unicodedata.category(character) for text in shown for character in text}
    assert seen & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()


def test_a_long_path_is_cut_and_stays_distinct(repository: Path, policy: Policy) -> None:
    blob = make_blob(repository, b"x = 1\n")
    deep = b"/".join([b"d" * 200] * 30)
    tree = make_tree(repository, b"100644 %s\t%s/a.py" % (blob, deep), b"100644 %s\t%s/b.py" % (blob, deep))
    first, second = (entry.path for entry in list_tree(repository, tree, policy))
    assert first.startswith("d" * 200 + "\\...")
    assert len(first) < 300
    assert first != second


def test_a_path_that_grows_when_written_out_is_cut_too() -> None:
    assert shown_path(b"\xff" * 200, 800) == r"\xff" * 200
    assert shown_path(b"\xff" * 201, 800).startswith(r"\xff" * 200 + r"\...")


def test_a_tree_five_thousand_levels_deep_is_listed(repository: Path, policy: Policy) -> None:
    blob = make_blob(repository, b"x = 1\n")
    tree = make_tree(repository, b"100644 %s\t%sa.py" % (blob, b"d/" * 5000))
    (entry,) = list_tree(repository, tree, policy)
    assert entry.sha == blob.decode()


def test_an_empty_tree_has_no_files(repository: Path, policy: Policy) -> None:
    assert list(list_tree(repository, make_tree(repository), policy)) == []


def test_the_cap_is_on_the_file_after_it(origin: Origin, policy: Policy) -> None:
    def count(limit: int) -> int:
        capped = dataclasses.replace(policy, max_entries=limit)
        return len(list(list_tree(origin.path, f"{origin.head}^{{tree}}", capped)))

    assert count(4) == 4
    with pytest.raises(SourceError, match="too_many_files: The commit has more than 3 files"):
        count(3)


def test_a_missing_tree_is_named(origin: Origin, policy: Policy) -> None:
    with pytest.raises(SourceError, match="malformed_repository"):
        list(list_tree(origin.path, "3" * 40, policy))


def test_a_listing_that_is_left_early_ends_git(origin: Origin, policy: Policy) -> None:
    with closing(list_tree(origin.path, f"{origin.head}^{{tree}}", policy)) as listing:
        next(listing)
    assert processes_about(f"--git-dir={origin.path} ls-tree") == []
