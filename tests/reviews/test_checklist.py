"""The checklist as data: what it holds, what is refused, and how rules find their items."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.checklist import REQUIRED, ChecklistError, Kind, Level, Tier, complete, joined, parse, read
from scanners import registry
from scanners.finding import Effort, Severity
from scanners.rule import AREAS

ROW = """
[[item]]
ref = "E1"
id = "failures-are-never-silent"
area = "exceptions"
level = "bronze"
severity = "critical"
title = "Every failure leaves a trace"
why = "Nobody can mend what nobody saw."
"""
ASKED = ROW.replace("E1", "Q1").replace("failures-are", "questions-are") + 'asked = true\nevidence = ["note"]\n'


@dataclass(frozen=True)
class FakeRule:
    id: str = "swallowed-exception"
    item: str = "E1"
    area: str = "exceptions"
    title: str = "Swallowed exception"
    severity: Severity = Severity.HIGH
    effort: Effort = Effort.MINUTES


def parsed(*rows):
    return parse("version = 3\n" + "\n".join(rows))


# --- the file itself


def test_every_area_has_automatic_items_and_items_asked_of_people_beside_them():
    items = read().items
    assert {item.area for item in items if not item.asked} == set(AREAS)
    assert [item.ref for item in items if item.asked and item.area == "timeouts"] == ["Q6", "Q7", "Q17", "Q19"]


@pytest.mark.parametrize(("tier", "asked"), [(Tier.A, 40), (Tier.B, 20), (Tier.C, 8)])
def test_a_higher_tier_is_asked_more(tier, asked):
    assert len([item for item in read().items if item.asked and tier in item.tiers]) == asked


def test_automatic_items_concern_every_tier_but_for_records_that_a_small_service_may_go_without():
    assert [item.ref for item in read().items if not item.asked and item.tiers != tuple(Tier)] == ["O4"]
    assert read().item("O4").why_not(Tier.C, Kind.HTTP_API) == "Not asked at tier C."


def test_areas_hold_the_items_that_their_rules_name():
    held = {area: [item.ref for item in read().items if item.area == area and not item.asked] for area in AREAS}
    assert {area: (refs[0][0], len(refs)) for area, refs in held.items()} == {
        "exceptions": ("E", 3),
        "logging": ("L", 5),
        "config": ("C", 3),
        "timeouts": ("T", 5),
        "deps": ("D", 3),
        "security": ("S", 9),
        "concurrency": ("K", 5),
        "memory": ("M", 4),
        "data": ("B", 5),
        "api": ("A", 5),
        "tests": ("X", 3),
        "environment": ("V", 6),
        "docs": ("O", 4),
    }


def test_items_that_only_some_repositories_need_say_when_they_are_asked():
    assert {item.ref for item in read().items if item.when} == {"Q16", "Q38"}


def test_items_stand_in_the_order_of_areas_and_numbers():
    places = [(AREAS.index(item.area), item.asked, int(item.ref[1:])) for item in read().items]
    assert places == sorted(places)


def test_a_library_is_not_asked_what_only_a_running_service_can_answer():
    refs = {item.ref for item in read().applicable(Tier.A, Kind.LIBRARY)}
    assert {"E1", "Q1", "Q10"} <= refs
    assert refs.isdisjoint({"L2", "S7", "Q7", "Q33"})


def test_what_a_tier_asks_grows_with_the_tier():
    asked = [{item.ref for item in read().applicable(tier, Kind.HTTP_API)} for tier in (Tier.C, Tier.B, Tier.A)]
    assert asked[0] < asked[1] < asked[2]


def test_titles_and_reasons_are_sentences_of_their_own():
    items = read().items
    texts = [text for item in items for text in (item.title, item.why)]
    assert len(set(texts)) == len(texts)
    assert [item.ref for item in items if item.title.endswith(".") or not item.title[0].isupper()] == []
    assert [item.ref for item in items if item.why[-1] not in ".?"] == []


# --- reading


def test_an_item_is_read_with_its_types():
    item = parsed(ROW + 'kinds = ["cron"]\n').item("E1")
    assert (item.level, item.severity, item.kinds) == (Level.BRONZE, Severity.CRITICAL, frozenset({Kind.CRON}))


def test_an_item_may_spare_tiers():
    assert parsed(ROW + 'spares = ["C"]\n').item("E1").tiers == (Tier.A, Tier.B)


def test_an_item_is_for_all_kinds_unless_it_says_so():
    assert parsed(ROW).item("E1").kinds == frozenset(Kind)


def test_looking_up_an_item_that_is_not_there_fails():
    with pytest.raises(KeyError):
        parsed(ROW).item("E9")


def test_the_version_follows_the_items_and_not_the_comments_or_their_order():
    first, second = parsed(ROW, ASKED), parsed("# Read me.\n" + ASKED, ROW)
    others = [parsed(ROW.replace("bronze", "silver"), ASKED), parsed(ROW + 'kinds = ["cron"]\n', ASKED)]
    assert first.version == second.version
    assert first.version.startswith("3-")
    assert first.version not in [other.version for other in others]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([ROW, ROW.replace("failures", "others")], "ref E1 is used 2 times"),
        ([ROW, ROW.replace("E1", "E2")], "id failures-are-never-silent is used 2 times"),
        ([ROW.replace('"exceptions"', '"errors"')], "E1: unknown area errors"),
        ([ROW.replace("bronze", "platinum")], "E1: unknown level platinum"),
        ([ROW.replace("bronze", "none")], "E1: unknown level none"),
        ([ROW.replace("critical", "10")], "E1: unknown severity 10"),
        ([ROW + 'kinds = ["batch"]\n'], "E1: unknown kinds batch"),
        ([ROW + "kinds = []\n"], "E1: kinds must not be empty"),
        ([ROW + 'spares = ["D"]\n'], "E1: unknown spares D"),
        ([ROW + "weight = 10\n"], "E1: unknown field weight"),
        ([ROW.replace("E1", "first")], "first: ref must be a letter and a number"),
        ([ROW.replace('"Nobody can mend what nobody saw."', '""')], "E1: why must be a text"),
        ([ROW.replace('"critical"', "10")], "E1: severity must be a text"),
        ([ROW + "asked = true\n"], "E1: asked and evidence belong together"),
        ([ROW + 'evidence = ["note"]\n'], "E1: asked and evidence belong together"),
        ([ASKED.replace('"note"', '"rumour"')], "Q1: unknown evidence rumour"),
        ([], "there must be items"),
        (["["], "no TOML"),
    ],
)
def test_a_faulty_checklist_is_refused(rows, fault):
    with pytest.raises(ChecklistError, match=fault):
        parsed(*rows)


def test_all_faults_are_named_at_once():
    with pytest.raises(ChecklistError) as caught:
        parsed(ROW.replace("bronze", "platinum").replace("critical", "grave"))
    assert str(caught.value).splitlines() == ["E1: unknown level platinum", "E1: unknown severity grave"]


def test_a_checklist_without_version_is_refused():
    with pytest.raises(ChecklistError, match="version must be a whole number"):
        parse(ROW)


# --- joining with rules


def test_a_rule_finds_its_item():
    item = joined(parsed(ROW, ASKED), [FakeRule()]).item("E1")
    assert [(rule.id, rule.severity, rule.effort) for rule in item.rules] == [
        ("swallowed-exception", Severity.HIGH, Effort.MINUTES)
    ]


@given(st.permutations([FakeRule(id=name) for name in ("one", "two", "three")]))
def test_the_order_of_rules_does_not_matter(rules):
    found = joined(parsed(ROW), rules).item("E1").rules
    assert [rule.id for rule in found] == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (FakeRule(item="E9"), "swallowed-exception: there is no item E9"),
        (FakeRule(item="Q1"), "swallowed-exception: item Q1 is asked of people"),
        (FakeRule(area="logging"), "swallowed-exception: area logging, but item E1 is of area exceptions"),
    ],
)
def test_a_rule_that_fits_no_item_is_refused(rule, fault):
    with pytest.raises(ChecklistError, match=fault):
        joined(parsed(ROW, ASKED), [rule])


def test_an_automatic_item_without_a_rule_is_refused_and_an_asked_one_is_not():
    with pytest.raises(ChecklistError) as caught:
        complete(joined(parsed(ROW, ASKED), []))
    assert str(caught.value) == "E1 failures-are-never-silent: no rule names this item"


def test_joining_leaves_the_version():
    checklist = parsed(ROW)
    assert joined(checklist, [FakeRule()]).version == checklist.version


def test_the_rules_that_exist_fit_the_checklist():
    checklist = joined(read(), registry.rules().values())
    complete(checklist)
    assert {rule.id for item in checklist.items for rule in item.rules} == set(registry.rules())


def test_each_tier_asks_for_the_level_that_its_questions_belong_to():
    assert REQUIRED == {Tier.A: Level.GOLD, Tier.B: Level.SILVER, Tier.C: Level.BRONZE}
