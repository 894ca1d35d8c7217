"""What a worker keeps from scan to scan: one pool, and what stands of each repository, within bounds."""

import pytest

from reviews import warm
from reviews.models import Repository
from scanners.finding import BlobKey
from scanners.options import Options
from tests.scanners.test_scan import Entry


@pytest.fixture
def repositories() -> list[Repository]:
    """Unsaved: only what tells them apart matters."""
    return [Repository(pk=pk, kind="http-api") for pk in (7_000_001, 7_000_002, 7_000_003)]


def test_what_stands_is_the_same_at_the_next_scan(repositories: list[Repository]) -> None:
    assert warm.standing(repositories[0]) is warm.standing(repositories[0])
    assert warm.standing(repositories[0]) is not warm.standing(repositories[1])


def test_another_kind_or_sub_path_stands_by_itself(repositories: list[Repository]) -> None:
    first = warm.standing(repositories[0])
    assert warm.standing(Repository(pk=repositories[0].pk, kind="worker")).kind == "worker"
    assert warm.standing(Repository(pk=repositories[0].pk, kind="http-api", sub_path="api")) is not first


def test_too_much_lets_go_of_what_was_scanned_longest_ago(
    repositories: list[Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = [warm.standing(one) for one in repositories]
    for one in standing:
        one.sort([Entry(f"{number}.py", "a" * 40) for number in range(100)], Options())
    size = standing[0].size
    assert size > 100 * 1000
    monkeypatch.setattr(warm, "MOST_BYTES", size * 2)
    assert warm.standing(repositories[2]) is standing[2]
    assert warm.standing(repositories[1]) is standing[1]
    assert warm.standing(repositories[0]) is not standing[0]


def test_what_is_too_large_by_itself_is_not_kept(
    repositories: list[Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = warm.standing(repositories[0])
    large.sort([Entry(f"{number}.py", "a" * 40) for number in range(100)], Options())
    monkeypatch.setattr(warm, "MOST_BYTES", 1000)
    assert warm.standing(repositories[0]) is not large


def test_what_stands_long_asks_the_cache_anew(repositories: list[Repository], monkeypatch: pytest.MonkeyPatch) -> None:
    old, key = warm.standing(repositories[0]), {"a.py": BlobKey("a" * 40, "python/service/")}
    monkeypatch.setattr(warm, "_SECONDS", -1)
    assert warm.standing(repositories[0]) is not old
    assert warm.standing(repositories[0]).missing(key) == [*key.values()]


def test_the_pool_is_the_same_at_the_next_scan() -> None:
    assert warm.pool() is warm.pool()
