import pytest

from reviews.models import Repository
from reviews.rules import across_fleet, chapters, neighbours
from scanners import registry
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, finished, fleet_of


def test_every_item_stands_in_its_area_with_its_rules():
    found = chapters()
    items = {item.ref: rules for chapter in found["chapters"] for item, rules in chapter.items}
    assert len(items) == found["numbers"]["items"]
    assert registry.rules()[RULE] in items["T1"]
    assert sum(chapter.rules for chapter in found["chapters"]) == len(registry.rules())


def test_rules_are_walked_in_the_order_of_the_checklist():
    rules = list(registry.rules().values())
    assert neighbours(rules[0])["previous"] is None
    assert neighbours(rules[1])["previous"] is rules[0]
    assert neighbours(rules[-1])["next"] is None
    assert neighbours(registry.rules()[RULE])["item"].ref == "T1"


@pytest.mark.django_db
def test_a_rule_stands_across_the_fleet_worst_first():
    finished(RepositoryFactory(name="calm"), bad=0, unresolved=0)
    finished(RepositoryFactory(name="bad"), good=10, bad=5, unresolved=1)
    finished(RepositoryFactory(name="none"), good=0, bad=0, unresolved=0)
    RepositoryFactory(name="new")
    fleet = across_fleet(Repository.objects.all(), RULE)
    assert [line.repository.name for line in fleet.lines] == ["bad", "calm"]
    assert (fleet.good, fleet.decided, fleet.unresolved, fleet.looked, fleet.clean) == (51, 56, 1, 3, 1)
    assert [part.kind for part in fleet.lines[0].bar] == ["accent", "fail", "unknown"]


@pytest.mark.django_db
def test_a_rule_across_the_fleet_takes_one_query(team, django_assert_num_queries):
    fleet_of(team, 4)
    with django_assert_num_queries(1):
        across_fleet(Repository.objects.all(), RULE)
