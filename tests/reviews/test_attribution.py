"""A change of the score is split without a rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.attribution import Attribution, attribute
from scanners.finding import RuleCount, Severity
from tests.reviews.situations import an_item, score, situations

LOW, MEDIUM, HIGH, CRITICAL = Severity
cards = situations().map(lambda situation: situation.card)


def card(good, bad, waived=0, extra_rule=False):
    """A scorecard of one rule, and of a second one whose only site is bad."""
    rules = [("old", HIGH), ("new", HIGH)][: 1 + extra_rule]
    counts = {"old": RuleCount(good, {LOW: bad}), "new": RuleCount(0, {LOW: 1})}
    return score([an_item(rules=rules)], counts=counts, waived={"old": {LOW: waived}})


@pytest.mark.parametrize(
    ("old", "new", "crossing", "parts"),
    [
        (card(5, 5), card(6, 4), {"new_tree_old_rules": card(6, 4)}, (10.0, 0.0, 0.0, 0.0, 0.0)),
        (card(5, 5), card(8, 2, extra_rule=True), {"new_tree_old_rules": card(8, 2)}, (30.0, -40.0, 0.0, 0.0, 0.0)),
        (
            card(5, 5),
            card(8, 2, extra_rule=True),
            {"old_tree_new_rules": card(5, 5, extra_rule=True)},
            (15.0, -25.0, 0.0, 0.0, 0.0),
        ),
        (
            card(5, 5),
            card(8, 2, extra_rule=True),
            {"new_tree_old_rules": card(8, 2), "old_tree_new_rules": card(5, 5, extra_rule=True)},
            (30.0, -40.0, 0.0, 0.0, 0.0),
        ),
        (card(5, 5), card(8, 2, extra_rule=True), {}, (0.0, 0.0, 0.0, 0.0, -10.0)),
        (card(5, 5), card(5, 5, waived=5), {"new_tree_old_rules": card(5, 5)}, (0.0, 0.0, 50.0, 0.0, 0.0)),
        (
            card(5, 5),
            card(6, 4, extra_rule=True),
            {"new_tree_old_rules": card(6, 4), "new_under_old_profile": card(6, 4)},
            (10.0, 0.0, 0.0, -30.0, 0.0),
        ),
    ],
    ids=["code", "new tree first", "old tree first", "both crossings", "unsplit", "waivers", "profile"],
)
def test_each_part_gets_what_it_caused(old, new, crossing, parts):
    assert attribute(old, new, **crossing) == Attribution(*parts)


@pytest.mark.parametrize(
    ("old", "new", "known", "parts"),
    [
        (card(10, 0), card(8, 2), {"old_with_new_advisories": card(8, 2)}, (0.0, 0.0, 0.0, 0.0, 0.0, -20.0)),
        (
            card(10, 0),
            card(9, 1),
            {"old_with_new_advisories": card(7, 3), "new_tree_old_rules": card(9, 1)},
            (20.0, 0.0, 0.0, 0.0, 0.0, -30.0),
        ),
        (card(10, 0), card(9, 1), {}, (0.0, 0.0, 0.0, 0.0, -10.0, 0.0)),
    ],
    ids=["the same commit", "another commit too", "nobody knows"],
)
def test_what_advisories_did_is_a_part_of_its_own(old, new, known, parts):
    assert attribute(old, new, **known) == Attribution(*parts)


def test_fixing_a_waived_finding_moves_points_from_waivers_to_code():
    old, new = card(5, 5, waived=5), card(10, 0)
    assert attribute(old, new, new_tree_old_rules=new) == Attribution(50.0, 0.0, -50.0, 0.0, 0.0)


@given(cards, cards, st.none() | cards, st.none() | cards, st.none() | cards, st.none() | cards)
def test_parts_add_up_to_the_change_exactly(old, new, with_old_rules, with_new_rules, profile, advised):
    parts = attribute(
        old,
        new,
        new_tree_old_rules=with_old_rules,
        old_tree_new_rules=with_new_rules,
        new_under_old_profile=profile,
        old_with_new_advisories=advised,
    )
    low = [getattr(card.score, "low", 0) for card in (old, new)]
    assert parts.total == round(low[1] - low[0], 1)
