"""What waivers and false positives cover, by hand and by chance."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checklist import Kind, Tier
from reviews.excuses import Excuse, Place, below, counted, cover, never_waived, worst
from reviews.outcomes import Evidence
from reviews.scoring import Scorecard, scorecard
from scanners.finding import RuleCount, Severity
from tests.reviews.situations import an_item

S = Severity
RULES = {"T1": frozenset({"slow"}), "E1": frozenset({"silent"}), "S1": frozenset({"secret"})}
JUNE, JULY = date(2026, 6, 30), date(2026, 7, 31)


def a_place(name: str, **changes) -> Place:
    """A finding of high severity in pay/ whose identity is its name."""
    return replace(Place("slow", name, f"pay/{name}.py", S.HIGH, f"code of {name}"), **changes)


A, B, C = a_place("a"), a_place("b"), a_place("c")
OF_RULE = Excuse(1, S.HIGH, cap=2, until=JUNE, rule="slow")


def covered(places, *excuses) -> dict[str, int]:
    """The waived findings by name, with the key of the waiver."""
    return {places[i].identity: excuse.key for i, excuse in cover(places, excuses, RULES).waived.items()}


class TestScope:
    def test_the_oldest_up_to_the_cap(self):
        assert covered([A, B, C], OF_RULE) == {"a": 1, "b": 1}

    def test_below_a_folder_or_in_a_file(self):
        elsewhere = a_place("x", path="pay.py")
        assert covered([A, elsewhere], replace(OF_RULE, path="pay/")) == {"a": 1}
        assert covered([A, elsewhere], replace(OF_RULE, path="pay.py")) == {"x": 1}

    @pytest.mark.parametrize(
        ("path", "scope", "inside"),
        [("a/b.py", "", True), ("a/b.py", "a/", True), ("a/b.py", "a", False), ("ab.py", "a/", False)],
    )
    def test_a_folder_ends_with_a_slash(self, path, scope, inside):
        assert below(path, scope) is inside

    def test_named_findings_alone(self):
        assert covered([A, B], Excuse(1, S.HIGH, cap=5, named={"b": "other code"})) == {"b": 1}

    def test_an_item_as_a_whole_while_the_cap_holds_all_its_findings(self):
        whole = Excuse(1, S.HIGH, cap=2, item="T1")
        assert set(cover([A, B], [whole], RULES).items) == {"T1"}
        assert set(cover([], [whole], RULES).items) == {"T1"}
        beyond = cover([A, B, C], [whole], RULES)
        assert (set(beyond.items), set(beyond.waived)) == (set(), {0, 1})

    def test_no_other_rule(self):
        assert covered([a_place("a", rule="silent")], OF_RULE, Excuse(2, S.HIGH, item="T1")) == {}


class TestLimits:
    def test_nothing_more_severe_than_what_was_approved(self):
        assert covered([a_place("a", severity=S.CRITICAL), B], OF_RULE) == {"b": 1}

    def test_no_item_as_a_whole_while_it_has_a_more_severe_finding(self):
        found = cover([a_place("a", severity=S.CRITICAL)], [Excuse(1, S.HIGH, cap=9, item="T1")], RULES)
        assert (found.items, found.applied) == ({}, frozenset())

    def test_nothing_that_nothing_excuses(self):
        secret = a_place("a", rule="secret")
        excuses = [Excuse(1, S.CRITICAL, rule="secret"), Excuse(2, S.CRITICAL, item="S1")]
        found = cover([secret], [*excuses, Excuse(3, S.CRITICAL, named={"a": secret.anchor})], RULES)
        assert (found.waived, found.items) == ({}, {})
        assert never_waived(RULES) == {"secret"}

    def test_a_false_positive_even_of_those(self):
        secret = a_place("a", rule="secret")
        found = cover([secret], [Excuse(1, S.LOW, named={"a": secret.anchor}, false_positive=True)], RULES)
        assert set(found.false) == {0}

    def test_findings_of_low_confidence_use_up_no_cap(self):
        assert covered([a_place("a", sure=False), B], replace(OF_RULE, cap=1)) == {"b": 1}


class TestFalsePositive:
    def test_holds_while_the_code_is_the_same(self):
        excuse = Excuse(1, S.HIGH, named={"a": A.anchor}, false_positive=True)
        assert set(cover([A], [excuse], RULES).false) == {0}
        assert set(cover([replace(A, anchor="changed")], [excuse], RULES).false) == set()

    def test_is_no_part_of_a_cap(self):
        excuse = Excuse(2, S.HIGH, named={"a": A.anchor}, false_positive=True)
        assert covered([A, B, C], OF_RULE, excuse) == {"b": 1, "c": 1}

    def test_leaves_the_counts(self):
        doubt = a_place("b", sure=False)
        named = {"a": A.anchor, "b": doubt.anchor}
        found = cover([A, doubt], [Excuse(1, S.HIGH, named=named, false_positive=True)], RULES)
        left, _ = counted({"slow": RuleCount(3, {S.HIGH: 1}, 2, 1)}, [A, doubt], found)
        assert left == {"slow": RuleCount(3, {}, 1, 0)}


class TestTime:
    def test_of_several_the_one_that_lasts_longest_answers(self):
        longer = replace(OF_RULE, key=2, until=JULY)
        found = cover([A], [OF_RULE, longer], RULES)
        assert (found.waived[0].key, found.until, found.applied) == (2, JUNE, {1, 2})

    def test_one_that_covers_nothing_sets_no_day(self):
        found = cover([A], [replace(OF_RULE, rule="silent")], RULES)
        assert (found.until, found.applied) == (None, frozenset())

    def test_the_worst_of_some_severities(self):
        assert (worst(["low", "critical", "high"]), worst([])) == (S.CRITICAL, S.LOW)


# By chance: two rules with findings here and there, and any waivers on them.
places = st.lists(
    st.builds(
        Place,
        rule=st.sampled_from(["slow", "silent"]),
        identity=st.uuids().map(str),
        path=st.sampled_from(["a/x.py", "a/y.py", "b.py"]),
        severity=st.sampled_from(S),
        anchor=st.just("code"),
        sure=st.booleans(),
    ),
    max_size=8,
)
scopes = st.one_of(
    st.fixed_dictionaries({"rule": st.sampled_from(["slow", "silent"]), "path": st.sampled_from(["", "a/", "b.py"])}),
    st.fixed_dictionaries({"item": st.sampled_from(["T1", "E1"])}),
)


@st.composite
def cases(draw) -> tuple[list[Place], list[Excuse]]:
    """Findings, the oldest first, and up to four excuses."""
    found = draw(places)
    names = {place.identity: place.anchor for place in found}
    by_name = st.fixed_dictionaries(
        {
            "named": st.lists(st.sampled_from(sorted(names)), max_size=3).map(
                lambda some: {one: names[one] for one in some}
            ),
            "false_positive": st.booleans(),
        }
    )
    wanted = draw(st.lists(st.one_of(scopes, by_name) if names else scopes, max_size=4))
    numbers = st.tuples(st.sampled_from(S), st.integers(1, 3))
    return found, [Excuse(key, *draw(numbers)[:1], cap=draw(numbers)[1], **scope) for key, scope in enumerate(wanted)]


def card(found: list[Place], excuses: list[Excuse], good: int = 2) -> Scorecard:
    """The scorecard of a tree with these findings, with what excuses them."""
    counts = {}
    for rule in ("slow", "silent"):
        here = [place for place in found if place.rule == rule]
        doubts = sum(not place.sure for place in here)
        bad = {severity: sum(p.sure and p.severity is severity for p in here) for severity in S}
        counts[rule] = RuleCount(good, {severity: number for severity, number in bad.items() if number}, doubts, doubts)
    shown = cover(found, excuses, RULES)
    left, waived = counted(counts, found, shown)
    items = [an_item("T1", rules=[("slow", S.HIGH)]), an_item("E1", rules=[("silent", S.LOW)])]
    evidence = Evidence(left, waived=waived, waived_items=frozenset(shown.items))
    return scorecard(items, evidence, Tier.A, Kind.HTTP_API)


def height(made: Scorecard) -> tuple[float, int]:
    """What must not fall: the score and the level."""
    return made.score.low if made.score else 100.0, made.level.rank


def lower(one: Scorecard, other: Scorecard) -> bool:
    """Whether a card stands lower than another in score or level."""
    return any(a < b for a, b in zip(height(one), height(other), strict=True))


@given(cases(), st.integers(0, 3))
def test_a_waiver_never_lowers_a_score_or_a_level(case, good):
    found, excuses = case
    for number in range(len(excuses)):
        assert not lower(card(found, excuses[: number + 1], good), card(found, excuses[:number], good))


@given(cases())
def test_the_cap_is_never_exceeded(case):
    found, excuses = case
    for excuse in excuses:
        assert len(cover(found, [excuse], RULES).waived) <= excuse.cap


@given(cases())
def test_the_order_of_excuses_does_not_matter(case):
    found, excuses = case
    assert cover(found, excuses, RULES) == cover(found, excuses[::-1], RULES)


@given(cases(), st.integers(0, 3), st.integers(0, 7))
def test_fixing_a_finding_takes_cover_from_none_and_never_lowers_score_or_level(case, good, fixed):
    found, excuses = case
    left = found[:fixed] + found[fixed + 1 :]
    before, after = cover(found, excuses, RULES), cover(left, excuses, RULES)
    mended = {place.identity for place in found[fixed : fixed + 1]}
    kept = {found[i].identity for i in (*before.waived, *before.false)} - mended
    assert kept <= {left[i].identity for i in (*after.waived, *after.false)}
    assert not lower(card(left, excuses, good), card(found, excuses, good))
