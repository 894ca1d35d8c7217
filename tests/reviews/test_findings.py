from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.findings import by_rule, filtered, groups, totals
from reviews.models import Finding, Introduction, Waiver
from reviews.waived import Shown
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, finished, found

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository():
    made = RepositoryFactory(name="pay", team__slug="payments")
    finished(made)
    return made


@pytest.fixture
def mixed(repository) -> dict[str, int]:
    """Findings that differ in one thing each."""
    rows = {
        "plain": found(repository, line=1),
        "fixed": found(repository, line=2, state="fixed"),
        "low": found(repository, line=3, severity="low"),
        "unsure": found(repository, line=4, confidence="low"),
        "area": found(repository, line=5, area="deps", rule="wildcard-import"),
        "path": found(repository, line=6, path="refunds/Queue.py", qualname="drain"),
    }
    return {name: row.pk for name, row in rows.items()}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"state": "fixed"}, {"fixed"}),
        ({"state": "all"}, {"plain", "fixed", "low", "unsure", "area", "path"}),
        ({"state": "open", "severity": "medium"}, {"plain", "unsure", "area", "path"}),
        ({"state": "open", "confidence": "medium"}, {"plain", "low", "area", "path"}),
        ({"state": "open", "area": "deps"}, {"area"}),
        ({"state": "open", "rule": "wildcard-import"}, {"area"}),
        ({"state": "open", "q": "queue DRAIN"}, {"path"}),
        ({"state": "open", "q": "queue capture"}, set()),
        ({"state": "open", "team": "search"}, set()),
        ({"state": "open", "team": "payments", "q": "wildcard"}, {"area"}),
    ],
)
def test_a_filter_narrows_by_each_of_its_parts(mixed, wanted, names):
    assert set(filtered(Finding.objects.all(), wanted).values_list("pk", flat=True)) == {mixed[name] for name in names}


def test_new_code_is_what_was_written_lately_not_what_was_seen_lately(repository):
    def written(line: int, state: str, days: float) -> Finding:
        made = found(repository, line=line)
        Introduction.objects.create(finding=made, state=state, authored_at=timezone.now() - timedelta(days=days))
        return made

    new, old = written(1, "known", 6.9), written(2, "known", 29)
    written(3, "older", 1)
    found(repository, line=4)
    listed = {days: list(filtered(Finding.objects.order_by("line"), {"written": days})) for days in ("7", "30", "90")}
    assert listed == {"7": [new], "30": [new, old], "90": [new, old]}


def test_the_worst_rules_come_first_and_their_worst_findings_too(repository):
    low = found(repository, rule="cause-dropped", severity="low")
    late = found(repository, line=9)
    lowered = found(repository, line=1, severity="medium")
    gone = found(repository, rule="a-rule-that-is-gone", severity="critical")
    assert list(by_rule(Finding.objects.all())) == [late, lowered, low, gone]


def test_groups_know_how_many_stand_on_other_pages(repository):
    for line in range(3):
        found(repository, line=line)
    found(repository, rule="a-rule-that-is-gone")
    rows = by_rule(Finding.objects.all())
    first, last = groups([*rows[:2], *rows[3:]], totals(Finding.objects.all()))
    assert (first.id, first.rule.title, len(first.findings), first.total) == (
        RULE,
        "Outgoing HTTP request without a timeout",
        2,
        3,
    )
    assert (last.rule, last.total) == (None, 1)


def test_what_a_waiver_covers_is_open_in_the_database_and_waived_on_pages(repository):
    plain, waived, wrong = (found(repository, line=line) for line in (1, 2, 3))
    shown = {
        waived.pk: Shown(Waiver(kind=Waiver.Kind.WAIVER)),
        wrong.pk: Shown(Waiver(kind=Waiver.Kind.FALSE_POSITIVE)),
    }
    rows = {
        state: list(filtered(Finding.objects.order_by("line"), {"state": state}, shown))
        for state in ("open", "waived", "false-positive", "all")
    }
    assert rows == {"open": [plain], "waived": [waived], "false-positive": [wrong], "all": [plain, waived, wrong]}


def test_a_group_of_doubts_and_one_that_nothing_excuses_take_no_waiver(repository):
    found(repository, line=1, rule="cause-dropped", confidence="low")
    found(repository, line=2, rule="hardcoded-secret")
    found(repository, line=3)
    made = groups(by_rule(Finding.objects.all()), {})
    assert {group.id: group.waivable for group in made} == {
        RULE: True,
        "hardcoded-secret": False,
        "cause-dropped": False,
    }
