import subprocess
from pathlib import Path

import pytest

from scanners.git.address import Source, parse_source
from scanners.git.errors import SourceError
from scanners.git.history import history, past
from scanners.git.policy import Policy
from tests.origin import commit_files
from tests.scanners.git.cast import Origin


def subjects(origin: Origin, policy: Policy, limit: int) -> list[str]:
    found = history(parse_source(str(origin.path), policy), "main", limit, policy=policy)
    return [commit.subject for commit in found]


def test_commits_come_oldest_first(origin: Origin, policy: Policy) -> None:
    commit_files(origin.path, {"a.py": "x = 1\n"}, message="Third")
    assert subjects(origin, policy, 10) == ["Start", "Add the API", "Third"]
    assert subjects(origin, policy, 2) == ["Add the API", "Third"]


def test_commits_of_merged_branches_are_left_out(origin: Origin, policy: Policy) -> None:
    side = commit_files(origin.path, {"side.py": "x = 1\n"}, branch="side", message="Aside")
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    merge = ["commit-tree", f"{origin.head}^{{tree}}", "-p", origin.head, "-p", side, "-m", "Merge"]
    done = subprocess.run(["git", "-C", origin.path, *who, *merge], capture_output=True, check=True)
    subprocess.run(
        ["git", "-C", origin.path, "update-ref", "refs/heads/main", done.stdout.decode().strip()], check=True
    )
    assert subjects(origin, policy, 10) == ["Start", "Add the API", "Merge"]


def test_a_repository_with_a_working_tree_has_a_history_too(origin: Origin, policy: Policy) -> None:
    clone = origin.root / "clone"
    subprocess.run(["git", "clone", "--quiet", origin.path, clone], check=True)
    found = history(parse_source(str(clone), policy), "main", 10, policy=policy)
    assert [commit.sha for commit in found] == [origin.first, origin.head]


def test_a_signature_check_of_the_repository_s_choice_does_not_run(
    origin: Origin, policy: Policy, tmp_path: Path
) -> None:
    program = tmp_path / "gpg"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
    program.chmod(0o755)
    for key, value in {"log.showSignature": "true", "gpg.program": program, "core.fsmonitor": program}.items():
        subprocess.run(["git", "-C", origin.path, "config", key, str(value)], check=True)
    assert subjects(origin, policy, 10) == ["Start", "Add the API"]
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize(
    ("branch", "code"), [("absent", "branch_not_found"), ("--all", "branch_malformed"), ("main..x", "branch_malformed")]
)
def test_a_branch_that_is_not_there_is_named(origin: Origin, policy: Policy, branch: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        history(parse_source(str(origin.path), policy), branch, 5, policy=policy)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (Source("https://example.com/a", "https", "example.com", 443, "/a"), "local_path_not_allowed"),
        (Source("file:///etc", "file", path="/etc"), "local_path_not_allowed"),
    ],
)
def test_only_repositories_on_this_machine_have_one(policy: Policy, source: Source, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        history(source, "main", 5, policy=policy)
    assert caught.value.code == code


def test_a_directory_that_is_not_a_repository_is_named(origin: Origin, policy: Policy) -> None:
    with pytest.raises(SourceError, match="repository_not_found"):
        history(parse_source(str(origin.root), policy), "main", 5, policy=policy)


def earlier(origin: Origin, policy: Policy, head: str, **asked: int) -> list[str]:
    scratch = origin.root / "scratch" / str(len(asked)) / str(sum(asked.values()))
    scratch.mkdir(parents=True)
    return past(parse_source(str(origin.path), policy), head, scratch, policy=policy, tick=lambda: None, **asked)


def test_the_past_is_what_led_to_a_commit_without_itself(origin: Origin, policy: Policy) -> None:
    newer = [commit_files(origin.path, {"a.py": f"x = {n}\n"}) for n in range(4)]
    whole = [origin.first, origin.head, *newer]
    assert earlier(origin, policy, newer[-1], limit=50) == whole[:-1]
    assert earlier(origin, policy, newer[-1], limit=2) == whole[3:5]
    assert earlier(origin, policy, newer[-1], limit=2, every=2) == [whole[1], whole[3]]
    assert earlier(origin, policy, origin.first, limit=3) == []


def test_the_past_of_a_commit_that_is_gone_has_a_name(origin: Origin, policy: Policy) -> None:
    with pytest.raises(SourceError) as told:
        earlier(origin, policy, "0123456789" * 4, limit=3)
    assert told.value.code == "commit_gone"
