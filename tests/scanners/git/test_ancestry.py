"""Whether a commit is still part of a branch, and where another one left it."""

import subprocess
from pathlib import Path

import pytest

from scanners.git.address import parse_source
from scanners.git.ancestry import is_part, merge_base
from scanners.git.errors import SourceError
from scanners.git.policy import Policy
from tests.git_server import GitServer
from tests.origin import commit_files
from tests.scanners.git.cast import Origin


@pytest.fixture(params=["http", "file"])
def url(request: pytest.FixtureRequest, server: GitServer, origin: Origin) -> str:
    return f"{server.url}/team/pay.git" if request.param == "http" else str(origin.path)


@pytest.fixture
def asked(url: str, policy: Policy, tmp_path: Path):
    def ask(commits: set[str], head: str, limit: int = 1000) -> bool | None:
        source = parse_source(url, policy)
        return is_part(source, commits, head, tmp_path, policy=policy, tick=lambda: None, limit=limit)

    return ask


def grow(origin: Origin, number: int) -> str:
    lines = [f"reset refs/heads/main\nfrom {origin.head}\n"]
    lines += [f"commit refs/heads/main\ncommitter D <d@x.y> {1800000000 + n} +0000\ndata 1\nx\n" for n in range(number)]
    command = ["git", "-C", str(origin.path), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(lines).encode(), check=True)
    told = subprocess.run(["git", "-C", str(origin.path), "rev-parse", "main"], capture_output=True, check=True)
    return told.stdout.decode().strip()


def test_a_commit_is_part_of_what_was_built_on_it(asked, origin: Origin) -> None:
    assert asked({origin.first}, origin.head) is True
    assert asked({origin.head}, origin.head) is True


def test_a_commit_of_before_a_force_push_is_not(asked, origin: Origin) -> None:
    subprocess.run(["git", "-C", str(origin.path), "update-ref", "refs/heads/main", origin.first], check=True)
    rewritten = commit_files(origin.path, {"b.py": "x = 1\n"})
    assert asked({origin.head}, rewritten) is False


def test_one_of_several_is_enough(asked, origin: Origin) -> None:
    assert asked({"0" * 40, origin.first}, origin.head) is True


def test_far_away_is_found_within_the_limit_and_unknown_beyond(asked, origin: Origin) -> None:
    head = grow(origin, 400)
    assert asked({origin.first}, head) is True
    assert asked({"0" * 40}, head) is False


def test_beyond_the_limit_nobody_can_tell(asked, origin: Origin) -> None:
    assert asked({origin.first}, grow(origin, 400), limit=300) is None


def test_what_cannot_be_fetched_is_named(asked, origin: Origin) -> None:
    with pytest.raises(SourceError, match="commit_gone"):
        asked({origin.first}, "0" * 40)


@pytest.fixture
def left(url: str, policy: Policy, tmp_path: Path):
    def ask(head: str, branch: str, limit: int = 1000) -> str | None:
        source = parse_source(url, policy)
        return merge_base(source, head, branch, tmp_path, policy=policy, tick=lambda: None, limit=limit)

    return ask


def on_top(origin: Origin, start: str, branch: str = "topic") -> str:
    subprocess.run(["git", "-C", str(origin.path), "update-ref", f"refs/heads/{branch}", start], check=True)
    return commit_files(origin.path, {f"{branch}.py": "x = 1\n"}, branch=branch)


def test_a_branch_that_goes_on_is_left_where_they_part(left, origin: Origin) -> None:
    topic = on_top(origin, origin.first)
    assert left(topic, origin.head) == origin.first
    assert left(on_top(origin, origin.head, "later"), origin.head) == origin.head


def test_what_the_branch_has_already_was_left_at_its_end(left, origin: Origin) -> None:
    assert left(origin.first, origin.head) == origin.first
    assert left(origin.head, origin.head) == origin.head


def test_histories_without_a_common_commit_never_parted(left, origin: Origin) -> None:
    alone = commit_files(origin.path, {"a.py": "x = 1\n"}, branch="alone")
    assert left(alone, origin.head) is None


def test_a_far_fork_is_found_within_the_limit(left, origin: Origin) -> None:
    topic = on_top(origin, origin.head)
    assert left(topic, grow(origin, 400)) == origin.head


def test_a_fork_beyond_the_limit_is_not_found(left, origin: Origin) -> None:
    topic = on_top(origin, origin.head)
    assert left(topic, grow(origin, 400), limit=300) is None


def test_a_fork_from_a_commit_that_is_gone_is_named(left, origin: Origin) -> None:
    with pytest.raises(SourceError, match="commit_gone"):
        left("0" * 40, origin.head)
