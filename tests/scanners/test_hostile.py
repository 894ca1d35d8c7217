"""A hostile input has a named outcome through a real child, and the file after it is answered as ever."""

from collections.abc import Iterator

import pytest

from benchmarks.hostile import TEXT, cases
from scanners.finding import BlobKey
from scanners.paths import classify
from scanners.pool import Pool
from scanners.scan import blob_sha

CASES = {name: case for number, (name, case) in enumerate(cases().items()) if number < 40 or name in TEXT}
"""What two minutes are enough for; `python -m benchmarks.pathological` goes through all of them."""
SMALL = b"import requests\n\nrequests.get('https://example.org')\n"
NAMED = {"too-large", "too-deep", "syntax-error", "unknown-coding", "not-its-coding", "python-2", "took-too-long"}
PATIENCE = 10.0


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(size=1, timeout=PATIENCE) as started:
        yield started


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_has_a_named_outcome_and_the_next_one_is_answered(name: str, pool: Pool) -> None:
    path, make = CASES[name]
    blobs = {blob_sha(raw): raw for raw in (make(), SMALL)}
    hostile, small = (BlobKey(sha, str(classify(place))) for sha, place in zip(blobs, (path, "shop/a.py"), strict=True))
    answers = dict(pool.answers(blobs.get, [hostile, small], lambda: None))
    problem = answers[hostile]["problem"]
    assert problem is None or problem["code"] in NAMED, problem
    assert answers[small]["problem"] is None
    assert {finding["rule"] for finding in answers[small]["findings"]} >= {"request-without-timeout"}
