"""What the status of a pull request says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checklist import Level
from reviews.pulls.judging import LONGEST, Change, State, failed, judge

NONE, BRONZE, SILVER, GOLD = Level
COUNTS = st.integers(0, 10**6)


def change(before=SILVER, after=SILVER, **counts):
    return Change(before, after, **counts)


@pytest.mark.parametrize(
    ("made", "state", "text"),
    [
        (change(), State.SUCCESS, "Level silver, 0 new, 0 fixed."),
        (change(after=GOLD, fixed=3), State.SUCCESS, "Level silver → gold, 0 new, 3 fixed."),
        (change(new=2), State.SUCCESS, "Level silver, 2 new, 0 fixed."),
        (change(after=BRONZE, new=1), State.FAILURE, "The level falls; level silver → bronze, 1 new, 0 fixed."),
        (
            change(new=4, severe=1, fixed=9),
            State.FAILURE,
            "1 new finding of high or critical severity; level silver, 4 new, 9 fixed.",
        ),
        (
            change(new=4, severe=2),
            State.FAILURE,
            "2 new findings of high or critical severity; level silver, 4 new, 0 fixed.",
        ),
        (change(unread=(1, 2)), State.ERROR, "1 file more could not be read; level silver, 0 new, 0 fixed."),
        (change(unread=(2, 2)), State.SUCCESS, "Level silver, 0 new, 0 fixed."),
    ],
)
def test_a_change_has_a_state_and_a_text(made, state, text):
    judged = judge(made)
    assert (judged.state, judged.text) == (state, text)


def test_a_severe_finding_is_certain_also_when_a_file_could_not_be_read():
    assert judge(change(new=1, severe=1, unread=(0, 1))).state is State.FAILURE


def test_a_level_that_falls_because_a_file_could_not_be_read_is_not_told():
    assert judge(change(GOLD, NONE, unread=(0, 1))).state is State.ERROR


@pytest.mark.parametrize("made", [change(after=BRONZE), change(new=1, severe=1), change(unread=(0, 1)), change(new=1)])
def test_what_is_not_well_says_what_to_do(made):
    assert judge(made).next_step


def test_a_scan_that_failed_is_an_error_with_its_own_next_step():
    judged = failed("The server is silent or too slow.", "Check the server if it stays so.")
    assert judged.state is State.ERROR
    assert judged.text == "The scan failed: the server is silent or too slow."
    assert judged.next_step == "Check the server if it stays so."


@given(st.sampled_from(Level), st.sampled_from(Level), COUNTS, COUNTS, COUNTS, st.tuples(COUNTS, COUNTS))
def test_no_change_is_judged_better_than_it_is(before, after, new, severe, fixed, unread):
    judged = judge(Change(before, after, new, severe, fixed, unread))
    assert len(judged.text) <= LONGEST
    assert (judged.state is State.SUCCESS) == (not severe and after.rank >= before.rank and unread[1] <= unread[0])


@given(st.text(max_size=400))
def test_no_text_is_longer_than_a_forge_takes(message):
    assert len(failed(message, "").text) <= LONGEST


def test_something_is_said_of_what_changed():
    assert not change().is_told
    told = (change(new=1), change(fixed=1), change(after=GOLD), change(unread=(0, 1)))
    assert all(made.is_told for made in told)
