"""Fetching for real: git's own HTTP backend on loopback, and repositories in a directory."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from scanners.git.address import parse_source
from scanners.git.fetch import ls_remote
from scanners.git.policy import Policy
from scanners.git.store import Store
from tests.git_server import GitServer, Request
from tests.origin import commit_files, make_repository
from tests.scanners.git.cast import MIB, Fetcher, Listener, Origin

OWN_FILES = re.compile(
    r"store\.git(/(HEAD|config|shallow|(objects|refs)(/(info|pack|heads|tags|scan|scan/head))?"
    r"|objects/pack/pack-[0-9a-f]{40}\.(pack|idx|rev|promisor)))?"
)
FILES = {"README.md", "pay.py", "services/api/app.py", "services/api/big.bin"}


def files_of(git_dir: Path, commit: str) -> dict[str, int | None]:
    with Store(git_dir) as store:
        return {entry.path: entry.size for entry in store.entries(commit)}


def git(repository: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "-C", str(repository), *who, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("ref", ["main", "HEAD", "refs/heads/main", "{head}"])
def test_the_head_is_fetched(server: GitServer, origin: Origin, fetcher: Fetcher, ref: str) -> None:
    done = fetcher(f"{server.url}/team/pay.git", ref.format(head=origin.head))
    assert done.commit == origin.head
    assert set(files_of(done.git_dir, done.commit)) == FILES


def test_an_earlier_commit_is_fetched_by_its_id(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    done = fetcher(f"{server.url}/team/pay.git", origin.first)
    assert done.commit == origin.first
    assert set(files_of(done.git_dir, done.commit)) == {"README.md", "pay.py"}


def test_one_commit_comes_without_its_history(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    done = fetcher(f"{server.url}/team/pay.git")
    assert (done.git_dir / "shallow").read_text() == f"{origin.head}\n"


def test_a_large_blob_is_left_out_and_reported_missing(server: GitServer, fetcher: Fetcher) -> None:
    done = fetcher(f"{server.url}/team/pay.git")
    sizes = files_of(done.git_dir, done.commit)
    assert sizes["services/api/big.bin"] is None
    assert sizes["services/api/app.py"] == 13
    assert "promisor" not in (done.git_dir / "config").read_text()


def test_a_server_without_filters_sends_the_large_blob(origin: Origin, fetcher: Fetcher) -> None:
    with GitServer(origin.root, config={"uploadpack.allowFilter": "false"}) as server:
        done = fetcher(f"{server.url}/team/pay.git")
    assert files_of(done.git_dir, done.commit)["services/api/big.bin"] == 2 * MIB


def test_an_annotated_tag_leads_to_its_commit(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    git(origin.path, "tag", "-a", "v1", "-m", "v1", origin.first)
    assert fetcher(f"{server.url}/team/pay.git", "refs/tags/v1").commit == origin.first


def test_a_tag_of_a_tree_is_not_a_commit(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    git(origin.path, "tag", "v1", f"{origin.first}^{{tree}}")
    assert fetcher.error(f"{server.url}/team/pay.git", "refs/tags/v1").code == "not_a_commit"


@pytest.mark.parametrize(
    ("repository", "ref", "code"),
    [
        ("team/pay.git", "absent", "branch_not_found"),
        ("team/pay.git", "0" * 40, "commit_gone"),
        ("team/none.git", "main", "repository_not_found"),
        ("team/empty.git", "main", "empty_repository"),
        ("team/empty.git", "HEAD", "empty_repository"),
    ],
)
def test_what_is_not_there_is_named(
    server: GitServer, origin: Origin, fetcher: Fetcher, repository: str, ref: str, code: str
) -> None:
    make_repository(origin.root / "team" / "empty.git")
    failure = fetcher.error(f"{server.url}/{repository}", ref)
    assert (failure.code, failure.retry) == (code, False)
    assert fetcher.error(str(origin.root / repository), ref).code == code


def test_a_commit_from_before_a_force_push_is_gone(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    git(origin.path, "update-ref", "refs/heads/main", origin.first)
    git(origin.path, "gc", "--quiet", "--prune=now")
    assert fetcher.error(f"{server.url}/team/pay.git", origin.head).code == "commit_gone"


def test_an_old_server_serves_heads_only(origin: Origin, fetcher: Fetcher) -> None:
    def forget_the_protocol(request: Request) -> bool:
        request.headers.pop("git-protocol", None)
        return False

    with GitServer(origin.root, hook=forget_the_protocol) as server:
        assert fetcher(f"{server.url}/team/pay.git", origin.head).commit == origin.head
        assert fetcher.error(f"{server.url}/team/pay.git", origin.first).code == "commit_gone"


def test_sha256_repositories_are_named(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    path = origin.root / "new.git"
    subprocess.run(["git", "init", "-q", "--bare", "--object-format=sha256", "-b", "main", path], check=True)
    commit_files(path, {"a.py": "x = 1\n"})
    assert fetcher.error(f"{server.url}/new.git").code == "object_format_not_supported"


def test_a_local_repository_is_fetched_alike(origin: Origin, fetcher: Fetcher) -> None:
    done = fetcher(str(origin.path))
    assert done.commit == origin.head
    assert files_of(done.git_dir, done.commit)["services/api/big.bin"] is None
    assert fetcher(str(origin.path), origin.first).commit == origin.first


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_local_repository_of_another_owner_is_fetched(origin: Origin, fetcher: Fetcher) -> None:
    for path in [origin.path, *origin.path.rglob("*")]:
        os.chown(path, 65534, 65534)
    assert fetcher(str(origin.path)).commit == origin.head


def test_a_source_is_checked_again_when_it_is_fetched(origin: Origin, fetcher: Fetcher, listener: Listener) -> None:
    source = parse_source(f"{listener.url}/a", fetcher.policy)
    assert fetcher.error(source.url, allowed_private=()).code == "address_not_public"
    assert fetcher.error(str(origin.path), local_roots=()).code == "local_path_not_allowed"
    assert listener.connections == 0


def test_the_host_is_asked_for_once_and_its_answer_kept(origin: Origin, fetcher: Fetcher) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with GitServer(origin.root) as server:
        other = Listener("127.0.0.2", server.port)
        done = fetcher(
            f"http://forge.test:{server.port}/team/pay.git",
            allowed_private=("forge.test",),
            resolver=lambda host, port: answers.pop(0),
        )
        assert done.commit == origin.head
        assert answers == [["127.0.0.2"]]
        assert other.connections == 0
        other.close()


def test_nothing_of_the_repository_becomes_a_file(server: GitServer, origin: Origin, fetcher: Fetcher) -> None:
    for _ in range(2):
        commit_files(origin.path, {".gitattributes": "*.py filter=x\n", ".lfsconfig": "[lfs]\n", "setup.py": "1/0\n"})
    done = fetcher(f"{server.url}/team/pay.git")
    files_of(done.git_dir, done.commit)
    written = [str(path.relative_to(fetcher.last)) for path in fetcher.last.rglob("*")]
    assert "store.git/refs/scan/head" in written
    assert [path for path in written if not OWN_FILES.fullmatch(path)] == []


def test_the_newest_head_is_told(server: GitServer, origin: Origin, policy: Policy, tmp_path: Path) -> None:
    def head(url: str, ref: str) -> str:
        return ls_remote(parse_source(url, policy), ref, tmp_path, policy=policy, tick=lambda: None)

    git(origin.path, "tag", "-a", "v1", "-m", "v1", origin.first)
    git(origin.path, "update-ref", "refs/remotes/refs/heads/main", origin.first)
    for url in (f"{server.url}/team/pay.git", str(origin.path)):
        assert head(url, "main") == head(url, "HEAD") == origin.head
        assert head(url, "refs/tags/v1") == origin.first
    newer = commit_files(origin.path, {"a.py": "x = 1\n"})
    assert head(f"{server.url}/team/pay.git", "main") == newer


def test_a_head_that_is_not_there_is_named(origin: Origin, policy: Policy, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="branch_not_found"):
        ls_remote(parse_source(str(origin.path), policy), "absent", tmp_path, policy=policy, tick=lambda: None)
