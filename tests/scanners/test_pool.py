"""Children that are fed, hang, die and are replaced: real processes, killed for real."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanners.finding import BlobAnswer, BlobKey
from scanners.pool import ChildFailedError, Pool
from scanners.scan import blob_sha
from scanners.worker import line_of

GOOD = {f"{number:040x}": f"x = {number}\n".encode() for number in range(40)}


def keys(*shas: str) -> list[BlobKey]:
    """Keys of Python service files."""
    return [BlobKey(sha, "python/service/") for sha in shas]


def nothing() -> None:
    """A tick that has nothing to do."""


@pytest.fixture
def pool() -> Iterator[Pool]:
    with Pool(size=2, timeout=2) as started:
        yield started


def children_of(pid: int) -> list[int]:
    """The direct children of a process that look at files."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ours = int(fields[1]) == pid and b"scanners.worker" in status.with_name("cmdline").read_bytes()
        found += [int(status.parent.name)] * ours
    return found


def test_children_that_were_started_before_answer_and_are_no_more_than_there_is_to_do() -> None:
    others = set(children_of(os.getpid()))  # Those of workshops that other tests keep warm.
    with Pool(size=2, timeout=2) as pool:
        pool.start(1)
        (started,) = {*children_of(os.getpid())} - others
        assert len(dict(pool.answers(GOOD.get, keys(*list(GOOD)[:1]), nothing))) == 1
        assert {*children_of(os.getpid())} - others == {started}


def test_every_blob_gets_one_answer(pool: Pool) -> None:
    answers = list(pool.answers(GOOD.get, keys(*GOOD), nothing))
    assert sorted(key.sha for key, _ in answers) == sorted(GOOD)
    assert [answer["problem"] for _, answer in answers] == [None] * len(GOOD)


def test_children_stay_warm_for_the_next_scan(pool: Pool) -> None:
    list(pool.answers(GOOD.get, keys(*GOOD), nothing))
    before = set(children_of(os.getpid()))
    list(pool.answers(GOOD.get, keys(*GOOD), nothing))
    assert set(children_of(os.getpid())) == before


def test_a_blob_that_was_left_out_is_named(pool: Pool) -> None:
    ((_, answer),) = pool.answers(GOOD.get, keys("f" * 40), nothing)
    assert answer["problem"]["code"] == "left-out"


def test_large_answers_and_large_blobs_do_not_block_each_other(pool: Pool) -> None:
    big = ("import os\n" + "try:\n    f()\nexcept ValueError:\n    pass\n" * 6_000).encode()
    blobs = {blob_sha(big + b"#%d" % number): big + b"#%d" % number for number in range(8)}
    assert len(list(pool.answers(blobs.get, keys(*blobs), nothing))) == 8


def test_a_child_that_dies_costs_the_blob_it_was_at_and_no_other(pool: Pool) -> None:
    list(pool.answers(GOOD.get, keys(*GOOD), nothing))
    victims = children_of(os.getpid())
    doomed = list(victims)

    def read(sha: str) -> bytes | None:
        while doomed:
            os.kill(doomed.pop(), signal.SIGKILL)
        return GOOD.get(sha)

    answers = dict(pool.answers(read, keys(*GOOD), nothing))
    problems = [answer["problem"]["code"] for answer in answers.values() if answer["problem"]]
    assert len(answers) == len(GOOD)
    assert len(problems) <= len(victims)
    assert set(problems) <= {"crashed"}


def test_children_that_cannot_start_are_our_fault_and_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Pool(1) as pool, pytest.raises(ChildFailedError):
        list(pool.answers(GOOD.get, keys(*GOOD), nothing))


def test_a_child_that_hangs_is_killed_and_its_blob_is_tried_again_next_time() -> None:
    with Pool(size=1, timeout=1) as pool:
        list(pool.answers(GOOD.get, keys(*GOOD), nothing))
        (child,) = children_of(os.getpid())
        os.kill(child, signal.SIGSTOP)
        answers: list[tuple[BlobKey, BlobAnswer]] = list(pool.answers(GOOD.get, keys(*GOOD), nothing))
    problems = [answer["problem"] for _, answer in answers if answer["problem"]]
    assert len(answers) == len(GOOD)
    assert [(problem["code"], problem["passing"]) for problem in problems] == [("took-too-long", True)]


class Cancelled(Exception):
    """What a caller raises to end a scan."""


def test_what_a_tick_raises_ends_the_scan_and_the_children(pool: Pool) -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(pool.answers(GOOD.get, keys(*GOOD), cancel))
    assert children_of(os.getpid()) == []


def test_a_closed_pool_leaves_no_process_behind() -> None:
    with Pool(size=2) as pool:
        list(pool.answers(GOOD.get, keys(*GOOD), nothing))
        assert len(children_of(os.getpid())) == 2
    assert children_of(os.getpid()) == []


def test_no_fact_holds_a_text_that_whoever_joins_them_could_choke_on(pool: Pool) -> None:
    source = f"import os\nURL = os.environ['{'A' * 100_000}']\n".encode()
    key = BlobKey(blob_sha(source), "python/service/")
    ((_, answer),) = pool.answers({key.sha: source}.get, [key], nothing)
    (read,) = answer["facts"]["env-read"]
    assert read["name"] == "A" * 4000


def test_texts_that_no_database_takes_are_said_in_visible_escapes() -> None:
    said = {"lines": 1, "findings": [{"message": "a\ud800\0b", "col": 1}], "facts": {"x": [["é😀", "\\ud800", None]]}}
    assert json.loads(line_of(said)) == {
        "lines": 1,
        "findings": [{"message": "a\\ud800\\x00b", "col": 1}],
        "facts": {"x": [["é😀", "\\ud800", None]]},
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\ud83d", r"\ud83d"),
        ("\\ud83d\ude00", r"\ud83d\ude00"),
        ("\ud83dx\ude00", r"\ud83dx\ude00"),
        ("\ude00\ude00", r"\ude00\ude00"),
        ("\0", r"\x00"),
        ("😀", "😀"),
    ],
)
def test_halves_of_pairs_are_found_beside_anything(text: str, shown: str) -> None:
    assert json.loads(line_of({"message": text})) == {"message": shown}
