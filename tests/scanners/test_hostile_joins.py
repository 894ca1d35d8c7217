"""What is joined of hostile repositories is joined in the worker itself, where nobody would end it."""

import pytest

from benchmarks.hostile import REPOSITORIES
from scanners.scan import scan_files


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_hostile_repository_is_joined_like_any_other(name: str) -> None:
    files = REPOSITORIES[name]()
    report = scan_files(files)
    assert len(report.files) == len(files)
    assert report.inventory
