from dataclasses import dataclass, field
from itertools import product

import pytest

from reviews.checklist import REQUIRED, Kind, Level, Tier, read
from reviews.workflow import questions
from reviews.workflow.questions import MOST, OccasionsError, asked, choices, faults, parse, rank, shipped
from reviews.workflow.states import Occasion

CHECKLIST = read()
EVERYWHERE = list(product(Tier, Kind, Occasion))
OWN = {"ref": "Y1", "area": "data", "title": "Ledger balances", "question": "Who adds it up?", "evidence": ["note"]}


@dataclass(frozen=True)
class Edited:
    """A template of a team."""

    refs: list[str] = field(default_factory=list)
    own: list[dict[str, object]] = field(default_factory=list)
    shipped: bool = False


def refs(*where, template=None) -> list[str]:
    """The refs of what people are asked."""
    return [one.ref for one in asked(CHECKLIST, *where, template) if one.asked]


def toml(**rows: str) -> str:
    """Occasions that ask for everything, but for what is said."""
    given = {one.value: 'why = "Because."\nasks = "all"' for one in Occasion} | rows
    return "\n".join(f"[{name}]\n{row}" for name, row in given.items())


@pytest.mark.parametrize(("tier", "kind", "occasion"), EVERYWHERE)
def test_a_review_never_asks_more_than_its_tier_bears(tier, kind, occasion):
    assert 1 <= len(refs(tier, kind, occasion)) <= MOST[tier]


@pytest.mark.parametrize("occasion", [Occasion.FIRST_LAUNCH, Occasion.TIER_RAISED])
@pytest.mark.parametrize(("tier", "number"), [(Tier.A, 40), (Tier.B, 20), (Tier.C, 8)])
def test_a_launch_asks_all_that_the_tier_asks(tier, number, occasion):
    assert len(refs(tier, Kind.HTTP_API, occasion)) == number


@pytest.mark.parametrize(("tier", "kind", "occasion"), EVERYWHERE)
def test_every_automatic_item_of_the_kind_is_in_every_review(tier, kind, occasion):
    scanned = [one.ref for one in asked(CHECKLIST, tier, kind, occasion) if not one.asked]
    assert scanned == [item.ref for item in CHECKLIST.applicable(tier, kind) if not item.asked]


@pytest.mark.parametrize("tier", Tier)
def test_what_the_tier_asks_for_is_required_and_the_rest_is_only_shown(tier):
    rows = asked(CHECKLIST, tier, Kind.WORKER, Occasion.RELEASE)
    assert [one.required for one in rows] == [Level(one.level).rank <= REQUIRED[tier].rank for one in rows]


def test_the_page_goes_by_area_with_the_scanned_items_first():
    rows = asked(CHECKLIST, Tier.A, Kind.HTTP_API, Occasion.FIRST_LAUNCH, Edited(["Q40"], [OWN]))
    assert [one.place for one in rows] == sorted(one.place for one in rows)
    assert [one.ref for one in rows if one.area == "data"] == ["B1", "B2", "B3", "B4", "B5", "Y1"]
    assert rank("data", "B10", asked=False) > rank("data", "B2", asked=False)


@pytest.mark.parametrize(
    ("occasion", "in_it", "not_in_it"),
    [
        (Occasion.RELEASE, {"Q7", "Q10", "Q23", "Q38", "Q40"}, {"Q16", "Q29", "Q4"}),
        (Occasion.INCIDENT, {"Q19", "Q20", "Q26", "Q30", "Q31", "Q40"}, {"Q24", "Q22", "Q15"}),
        (Occasion.PERIODIC, {"Q1", "Q16", "Q29", "Q34", "Q40"}, {"Q10", "Q22", "Q38"}),
        (Occasion.MAJOR_CHANGE, {"Q6", "Q10", "Q12", "Q32", "Q40"}, {"Q29", "Q4"}),
    ],
)
def test_an_occasion_asks_what_it_puts_at_risk(occasion, in_it, not_in_it):
    chosen = set(refs(Tier.A, Kind.HTTP_API, occasion))
    assert in_it <= chosen
    assert not not_in_it & chosen


def test_every_occasion_says_why():
    assert set(questions.read()) == set(Occasion)
    assert all(len(one.why) > 40 for one in questions.read().values())


def test_a_team_asks_what_it_ticked_and_its_own():
    template = Edited(["Q1", "Q40"], [OWN])
    assert refs(Tier.C, Kind.WORKER, Occasion.RELEASE, template=template) == ["Y1", "Q1", "Q40"]
    own = next(one for one in asked(CHECKLIST, Tier.C, Kind.WORKER, Occasion.RELEASE, template) if one.ref == "Y1")
    assert (own.title, own.text, own.takes) == ("Ledger balances", "Who adds it up?", ("note",))
    assert own.required


def test_a_team_that_went_back_asks_the_shipped_questions():
    where = (Tier.B, Kind.CRON, Occasion.PERIODIC)
    assert refs(*where, template=Edited(shipped=True)) == list(shipped(CHECKLIST, *where))


def test_what_nothing_excuses_is_asked_whatever_a_template_says():
    assert refs(Tier.C, Kind.LIBRARY, Occasion.RELEASE, template=Edited([])) == ["Q40"]


def test_the_refs_of_own_questions_are_nobody_elses():
    assert not [item.ref for item in CHECKLIST.items if questions.OWN.fullmatch(item.ref)]


def test_a_good_template_has_no_fault():
    assert faults(CHECKLIST, Tier.C, Kind.WORKER, ["Q1", "Q40"], [OWN]) == ()


@pytest.mark.parametrize(
    ("given", "own", "said"),
    [
        (["Q40", "Q99"], [], "Q99 is not asked of a worker at tier C. Take it out."),
        (["Q40", "Q33"], [], "Q33 is not asked of a worker at tier C. Take it out."),
        (["Q40", "Q1", "Q1"], [], "Q1 is in it twice."),
        (["Q1"], [], "Q40 is always asked. Put it back."),
        (["Q40"], [OWN, OWN], "Y1 is used 2 times."),
        (["Q40"], [OWN | {"ref": "Q1"}], "Q1: The ref of an own question is Y and a number."),
        (["Q40"], [OWN | {"area": "art"}], "Y1: Choose an area."),
        (["Q40"], [OWN | {"title": " "}], "Y1: Enter the title."),
        (["Q40"], [OWN | {"question": "?" * 601}], "Y1: The question has 601 characters. Shorten it to 600."),
        (["Q40"], [OWN | {"evidence": []}], "Y1: Choose what may prove the answer."),
        (["Q40"], [OWN | {"evidence": ["oath"]}], "Y1: There is no evidence of kind oath."),
    ],
)
def test_a_fault_of_a_template_is_named(given, own, said):
    assert said in faults(CHECKLIST, Tier.C, Kind.WORKER, given, own)


def test_a_template_of_too_many_questions_is_refused():
    everything = [item.ref for item in choices(CHECKLIST, Tier.C, Kind.HTTP_API)]
    said = faults(CHECKLIST, Tier.C, Kind.HTTP_API, everything, [OWN])
    assert said == ("These are 9 questions. Tier C asks 8 at most: take 1 out.",)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"holiday": 'why = "a"\nasks = "all"'}, "holiday: there is no such occasion"),
        ({"release": 'asks = "all"'}, "release: why must be a text"),
        ({"release": 'why = "a"\nasks = "most"'}, 'release: asks must be "all" or a list of refs'),
        ({"release": 'why = "a"\nasks = []'}, 'release: asks must be "all" or a list of refs'),
        ({"release": 'why = "a"\nasks = ["Q40", "Q99"]'}, "release: there is no item Q99"),
        ({"release": 'why = "a"\nasks = ["Q40", "T1"]'}, "release: item T1 is not asked of people"),
        ({"release": 'why = "a"\nasks = ["Q40", "Q1", "Q1"]'}, "release: Q1 is listed 2 times"),
        ({"release": 'why = "a"\nasks = ["Q1"]'}, "release: Q40 is asked on every occasion"),
        ({"release": 'why = "a"\nasks = "all"\nwho = "ann"'}, "release: unknown field who"),
    ],
)
def test_a_fault_of_the_occasions_is_named(rows, said):
    with pytest.raises(OccasionsError) as caught:
        parse(toml(**rows), CHECKLIST)
    assert said in str(caught.value).splitlines()


def test_every_fault_of_the_occasions_is_named_at_once():
    with pytest.raises(OccasionsError) as caught:
        parse('[release]\nwhy = ""\nasks = ["Q99"]', CHECKLIST)
    assert len(str(caught.value).splitlines()) == 8


def test_an_unreadable_choice_is_refused():
    with pytest.raises(OccasionsError, match="no TOML"):
        parse("[", CHECKLIST)
    with pytest.raises(OccasionsError, match="release: must be a table"):
        parse("release = 3", CHECKLIST)
