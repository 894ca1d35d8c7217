"""What holds for every question to the gate, tried by chance."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, event, given
from hypothesis import strategies as st

from reviews.checklist import Tier
from reviews.gate.answering import Question, Scanned, answer
from reviews.gate.verdicts import Verdict
from reviews.workflow.states import HELD, OPEN, State
from tests.reviews.asked import COMMIT, LATER, NOW, course, glass, glasses, question, questions, review, scanned
from tests.reviews.situations import situations

SECOND = timedelta(seconds=1)
spans = st.integers(0, 24 * 130).map(lambda hours: timedelta(hours=hours))
approvals = st.builds(
    review,
    st.sampled_from(["approved", "approved-with-conditions", "needs-reaffirmation"]),
    valid_until=st.integers(1, 24 * 60).map(lambda hours: NOW + timedelta(hours=hours)),
    due_on=st.lists(st.integers(0, 30).map(lambda days: NOW.date() + timedelta(days=days)), max_size=2).map(tuple),
)
# Questions that mostly pass, and whose answers end: at a review, a condition, a waiver or the glass.
ending = st.builds(
    question,
    tier=st.sampled_from(Tier),
    needs_review=st.booleans(),
    scan=LATER.map(lambda later: Scanned(Scanned.State.DONE, 7, course(later))),
    reviews=st.lists(approvals, max_size=1).map(tuple),
    glass=st.none() | glasses,
)


def allowed(asked: Question) -> bool:
    return answer(asked).verdict.lets_out


@given(questions)
def test_nothing_goes_out_without_a_finished_scan_of_exactly_the_commit(asked):
    event(answer(asked).verdict)
    assert not allowed(asked) or (asked.scan.state is Scanned.State.DONE and asked.scan.card(NOW) is not None)


@given(questions, st.sampled_from([state for state in Scanned.State if state is not Scanned.State.DONE]))
def test_a_scan_that_is_not_done_gives_no_pass_whatever_people_say(asked, state):
    assert not allowed(replace(asked, scan=replace(asked.scan, state=state)))


@given(questions)
def test_a_branch_that_has_moved_on_gives_no_pass(asked):
    assert not allowed(replace(asked, current=False))


@given(questions)
def test_every_answer_has_a_reason_and_the_first_one_decides(asked):
    answered = answer(asked)
    assert answered.reasons[0].verdict is answered.verdict
    assert all(reason.text and reason.code for reason in answered.reasons)


@given(questions)
def test_whoever_is_refused_is_told_what_to_do(asked):
    answered = answer(asked)
    assert answered.verdict.lets_out or answered.reasons[0].next


@given(questions)
def test_one_reason_that_is_no_pass_is_enough_unless_the_glass_is_broken(asked):
    answered = answer(asked)
    passes = all(reason.verdict is None or reason.verdict.lets_out for reason in answered.reasons)
    assert passes is answered.verdict.lets_out or answered.reasons[0].code == "glass-broken"


@given(questions)
def test_taking_away_an_approval_opens_nothing(asked):
    asked = replace(asked, needs_review=True)
    held = [one for one in asked.reviews if one.state in HELD]
    less = [tuple(one for one in asked.reviews if one is not gone) for gone in held]
    assert allowed(asked) or not any(allowed(replace(asked, reviews=reviews)) for reviews in less)


@given(questions, approvals, st.sampled_from([*OPEN, *(state for state in State if state not in HELD)]))
def test_an_approval_that_is_taken_back_opens_nothing(asked, approval, state):
    given_, taken = (replace(asked, reviews=(one,)) for one in (approval, replace(approval, state=state)))
    asked_for = [replace(one, needs_review=True) for one in (given_, taken)]
    assert allowed(asked_for[0]) or not allowed(asked_for[1])


@given(questions)
def test_taking_away_a_reaffirmation_opens_nothing(asked):
    less = tuple(replace(one, reaffirmed=one.reaffirmed[1:]) for one in asked.reviews)
    assert allowed(asked) or not allowed(replace(asked, reviews=less))


@given(questions, spans)
def test_time_alone_opens_nothing(asked, span):
    event(f"{answer(asked).verdict} to {answer(replace(asked, now=asked.now + span)).verdict}")
    assert allowed(asked) or not allowed(replace(asked, now=asked.now + span))


@given(ending)
def test_an_answer_holds_until_it_expires_and_not_a_moment_longer(asked):
    answered = answer(asked)
    assume(answered.expires)
    event(answered.reasons[0].code)
    assert answered.expires > asked.now
    last, over = (answer(replace(asked, now=at)) for at in (answered.expires - SECOND, answered.expires))
    assert last.verdict is answered.verdict is not over.verdict


@given(ending, spans)
def test_an_answer_that_lets_out_is_the_same_at_every_moment_before_it_expires(asked, span):
    answered = answer(asked)
    assume(answered.verdict.lets_out)
    until = answered.expires or asked.now + span + SECOND
    assert answer(replace(asked, now=min(asked.now + span, until - SECOND))).verdict is answered.verdict


@given(questions)
def test_what_goes_nowhere_has_no_end(asked):
    answered = answer(asked)
    assert answered.verdict.lets_out or answered.expires is None


@given(situations(), st.sampled_from(Tier))
def test_a_waiver_that_ends_never_makes_the_verdict_better(situation, tier):
    bare = situation._replace(evidence=replace(situation.evidence, waived={}, waived_items=frozenset()))
    verdicts = [answer(Question(COMMIT, NOW, tier, scanned(one.card))).verdict for one in (situation, bare)]
    event(" to ".join(verdicts))
    assert list(Verdict).index(verdicts[1]) <= list(Verdict).index(verdicts[0])


@given(questions, st.floats(24, 400))
def test_glass_that_nobody_stood_by_within_a_day_gives_no_pass(asked, hours):
    assert not allowed(replace(asked, glass=glass(hours)))


@given(questions, glasses)
def test_broken_glass_is_never_silent(asked, broken):
    codes = [reason.code for reason in answer(replace(asked, glass=broken)).reasons]
    assert any(code.startswith("glass-") for code in codes)


@given(questions)
def test_the_policy_can_only_ask_for_more(asked):
    without, needed = (answer(replace(asked, needs_review=policy)).verdict for policy in (False, True))
    assert without.lets_out or not needed.lets_out


def test_the_cases_by_chance_begin_at_one_that_passes():
    assert allowed(question())
