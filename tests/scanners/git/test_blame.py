"""Who wrote a line, from real histories over HTTP and on this machine."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanners.git.address import parse_source
from scanners.git.blame import Origin as Written
from scanners.git.blame import blame, fetch_content
from scanners.git.policy import Policy
from tests.git_server import GitServer
from tests.origin import commit_files
from tests.scanners.git.cast import MIB, Origin

BO, CY = "Bo Builder <bo@example.org>", "Cy Coder <cy@example.org>"


@pytest.fixture(params=["http", "file"])
def url(request: pytest.FixtureRequest, server: GitServer, origin: Origin) -> str:
    """The repository, once over HTTP and once as a directory."""
    return f"{server.url}/team/pay.git" if request.param == "http" else str(origin.path)


def written(
    url: str, commit: str, path: str, lines: list[int], scratch: Path, policy: Policy, depth: int = 50
) -> dict[int, Written]:
    """What is said of lines, by what a history of `depth` commits holds."""
    source = parse_source(url, policy)
    store = fetch_content(source, commit, scratch, depths=(depth,), policy=policy, tick=lambda: None)
    return blame(store, commit, path, lines, policy=policy, tick=lambda: None, seconds=60)


def test_each_line_has_its_own_commit(url: str, origin: Origin, tmp_path: Path, policy: Policy) -> None:
    commit_files(origin.path, {"a.py": "one = 1\ntwo = 2\n"}, author=BO, date="2026-02-01T10:00:00+02:00")
    head = commit_files(origin.path, {"a.py": "one = 1\ntwo = 3\n"}, author=CY, date="2026-03-01T10:00:00+00:00")
    said = written(url, head, "a.py", [1, 2], tmp_path, policy)
    assert (said[1].author, said[1].authored_at) == ("Bo Builder", datetime(2026, 2, 1, 8, tzinfo=UTC))
    assert said[2] == Written(head, "Cy Coder", datetime(2026, 3, 1, 10, tzinfo=UTC), is_whole=True)


def test_white_space_and_a_new_name_make_nobody_the_author(
    url: str, origin: Origin, tmp_path: Path, policy: Policy
) -> None:
    body = "".join(f"line_{number} = {number}\n" for number in range(20))
    first = commit_files(origin.path, {"a.py": body}, author=BO)
    head = commit_files(origin.path, {"a.py": None, "b/c.py": body.replace(" = 3", "  =  3")}, author=CY)
    assert written(url, head, "b/c.py", [4], tmp_path, policy)[4].commit == first


def test_the_oldest_commit_that_was_fetched_is_not_taken_for_the_author(
    url: str, origin: Origin, tmp_path: Path, policy: Policy
) -> None:
    commit_files(origin.path, {"a.py": "one = 1\n"}, author=BO)
    later = [commit_files(origin.path, {"b.py": f"x = {number}\n"}, author=CY) for number in range(4)]
    said = written(url, later[-1], "a.py", [1], tmp_path, policy, depth=2)
    assert (said[1].commit, said[1].is_whole) == (later[-2], False)


def test_the_first_commit_of_a_whole_history_is(origin: Origin, tmp_path: Path, policy: Policy) -> None:
    said = written(str(origin.path), origin.head, "pay.py", [1], tmp_path, policy)
    assert (said[1].commit, said[1].is_whole) == (origin.first, True)


@pytest.mark.parametrize(("path", "line"), [("none.py", 1), ("pay.py", 99), ("services/api/big.bin", 1)])
def test_what_cannot_be_told_is_not_there(origin: Origin, tmp_path: Path, policy: Policy, path: str, line: int) -> None:
    """No such file, no such line, and a file too large to be fetched."""
    assert written(str(origin.path), origin.head, path, [line], tmp_path, policy) == {}


def test_what_is_too_large_is_fetched_less_deep(origin: Origin, tmp_path: Path, policy: Policy) -> None:
    noise = random.Random(5)  # Nothing that can be packed.
    for number in range(6):
        head = commit_files(origin.path, {"noise.bin": noise.randbytes(400_000), "a.py": f"x = {number}\n"})
    small = replace(policy, max_bytes=MIB)
    source = parse_source(str(origin.path), small)
    store = fetch_content(source, head, tmp_path, depths=(50, 1), policy=small, tick=lambda: None)
    said = blame(store, head, "a.py", [1], policy=small, tick=lambda: None, seconds=60)
    assert (said[1].commit, said[1].is_whole) == (head, False)
