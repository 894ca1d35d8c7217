import subprocess

import pytest

from scanners.git.errors import SourceError
from scanners.git.names import check_branch, check_commit, check_sub_path, full_ref, is_commit

SHA = "1f" * 20


@pytest.mark.parametrize("name", ["main", "feature/pay-2", "release/1.0", "a@b", "Ünïcode", "x" * 250, "refs", "@x"])
def test_a_branch_that_git_accepts_is_kept(name: str) -> None:
    assert check_branch(name) == name
    assert (
        subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize(
    "name",
    [
        *("", "@", "HEAD", "-x", "--upload-pack=x", "a..b", "../x", "a b", "a\tb", "a\nb", "a\0b", "a\x1b", "a\x7f"),
        *("a\x9f", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a@{1}", "/a", "a/", "a//b", ".a", "a/.b", "a."),
        *(
            "a.lock",
            "a.lock/b",
            "\u202emain",
            "ma\u200bin",
            "\udc80",
            "x" * 251,
            "é" * 126,
            SHA,
            SHA.upper(),
            "ab" * 32,
        ),
    ],
)
def test_a_hostile_branch_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="branch_malformed"):
        check_branch(name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("/", ""), (".", ""), ("services/pay/", "services/pay"), ("a b/ü", "a b/ü"), ("a/-b", "a/-b")],
)
def test_a_sub_path_is_normalised(given: str, kept: str) -> None:
    assert check_sub_path(given) == kept


@pytest.mark.parametrize(
    "path",
    [
        *(
            "..",
            "a/../b",
            "./a",
            "a/.",
            "/a",
            "a//b",
            "//",
            "-rf",
            "a\\b",
            "a\nb",
            "a\0b",
            "\u202ea",
            ".git",
            "a/.GIT/b",
        ),
        "a" * 501,
    ],
)
def test_a_hostile_sub_path_is_refused(path: str) -> None:
    with pytest.raises(SourceError, match="sub_path_malformed"):
        check_sub_path(path)


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("main", "refs/heads/main"),
        ("HEAD", "HEAD"),
        (SHA, SHA),
        ("refs/heads/main", "refs/heads/main"),
        ("refs/tags/v1.0", "refs/tags/v1.0"),
        ("refs/pull/7/head", "refs/pull/7/head"),
        ("refs/pull/7/merge", "refs/pull/7/merge"),
        ("refs/merge-requests/123456789/head", "refs/merge-requests/123456789/head"),
        ("refs/pull-requests/7/from", "refs/pull-requests/7/from"),
    ],
)
def test_a_name_becomes_a_full_ref(name: str, ref: str) -> None:
    assert full_ref(name) == ref


@pytest.mark.parametrize("name", ["refs/tags/", "refs/tags/-x", "refs/heads/../x", "main:refs/heads/x", "^main"])
def test_a_hostile_ref_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="branch_malformed"):
        full_ref(name)


@pytest.mark.parametrize(
    "name",
    [
        *("refs/pull/0/head", "refs/pull/07/head", "refs/pull/7/from", "refs/pull/7/head/x", "refs/pull/7"),
        *("refs/pull/7/HEAD", "refs/merge-requests/7/merge", "refs/pull-requests/7/merge", "refs/pull/\u0667/head"),
        "refs/pull/" + "7" * 19 + "/head",
    ],
)
def test_what_only_looks_like_a_pull_request_is_a_branch_of_that_name(name: str) -> None:
    assert full_ref(name) == f"refs/heads/{name}"


@pytest.mark.parametrize(
    "name",
    [
        *("refs/pull/7/head\n", "refs/pull/7/head:refs/heads/x", "refs/pull/-7/../head", "refs/pull/7//head"),
        *("refs/pull/*/head", "refs/pull/7/head^", " refs/pull/7/head", "refs/pull/7/\u202ehead"),
    ],
)
def test_a_hostile_ref_of_a_pull_request_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="branch_malformed"):
        full_ref(name)


@pytest.mark.parametrize("text", ["", SHA[:-1], SHA + "0", SHA.upper(), SHA + "\n", "--output=" + "a" * 31, "g" * 40])
def test_only_a_full_commit_id_is_one(text: str) -> None:
    assert not is_commit(text)
    with pytest.raises(SourceError, match="commit_malformed"):
        check_commit(text)


def test_a_full_commit_id_is_kept() -> None:
    assert check_commit(SHA) == SHA
