"""What a request for a waiver or a false positive has to say."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from reviews import waived
from reviews.models import AuditEvent, OutboxMessage, Waiver
from reviews.waivers.asking import ask, extending, faults, resolve
from reviews.waivers.life import RefusedError
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, found
from tests.reviews.waiver_rows import counted, give, in_days, member, waiver, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(team):
    made = RepositoryFactory(team=team, name="pay")
    counted(made)
    return made


@pytest.fixture
def finding(repository):
    return found(repository, line=1)


def wrong(given) -> dict[str, str]:
    """The faults of a wish today."""
    return faults(given, resolve(given), waived.today())


def test_a_fair_request_is_kept_recorded_and_told_to_those_who_may_decide(repository, finding, teammate, team):
    lead = member(team, "lead", "reviewer", "lead")
    member(team, "plain")
    made = ask(wish(repository, finding), teammate)
    assert (made.state, made.scope, made.rule, made.severity, made.cap) == ("requested", "finding", RULE, "high", 1)
    assert made.covered.get().anchor == finding.anchor
    event = AuditEvent.objects.get(subject=f"waiver:{made.pk}")
    assert (event.kind, event.actor) == ("waiver-requested", "teammate")
    assert event.text.startswith(f"teammate asked for the waiver for {RULE} in pay until")
    assert list(OutboxMessage.objects.values_list("recipient", "kind")) == [(lead.email, "waiver-asked")]


def test_whoever_asked_is_not_among_those_who_decide(repository, finding, team):
    lead = member(team, "lead", "reviewer", "lead")
    ask(wish(repository, finding), lead)
    assert not OutboxMessage.objects.exists()


def test_a_viewer_asks_for_nothing(repository, finding, viewer):
    with pytest.raises(RefusedError, match="role engineer"):
        ask(wish(repository, finding), viewer)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"justification": " "}, "justification", "Say why"),
        ({"justification": "x" * 4001}, "justification", "4,000"),
        ({"reason": ""}, "reason", "Choose a reason"),
        ({"reason": "false-positive"}, "reason", "Choose a reason"),
        ({"reason": "compensated"}, "control", "which other control"),
        ({"ends_on": None}, "ends_on", "ends on a day"),
        ({"days": -1}, "ends_on", "is over"),
        ({"days": 31}, "ends_on", "30 days at most"),
    ],
)
def test_what_is_missing_is_said_at_its_field(repository, finding, changes, field, text):
    found_wrong = wrong(wish(repository, finding, **changes))
    assert list(found_wrong) == [field]
    assert text in found_wrong[field]


@pytest.mark.parametrize(("severity", "most"), [("critical", 14), ("high", 30), ("medium", 90), ("low", 180)])
def test_the_severity_decides_how_long(repository, severity, most):
    finding = found(repository, severity=severity)
    assert wrong(wish(repository, finding, ends_on=in_days(most))) == {}
    assert list(wrong(wish(repository, finding, ends_on=in_days(most + 1)))) == ["ends_on"]


def test_the_worst_finding_decides_and_one_request_is_about_one_rule(repository, finding):
    worse = found(repository, line=2, severity="critical")
    assert resolve(wish(repository, finding, worse)).severity == "critical"
    other = found(repository, line=3, rule="cause-dropped")
    assert "several rules" in wrong(wish(repository, finding, other))[""]


def test_only_open_findings_of_the_repository(repository, finding, team):
    fixed = found(repository, line=2, state="fixed")
    elsewhere = found(RepositoryFactory(team=team), line=1)
    assert "Nothing of this is open" in wrong(wish(repository, fixed))[""]
    assert "Nothing of this is open" in wrong(wish(repository, elsewhere))[""]
    assert len(resolve(wish(repository, finding, fixed, elsewhere)).findings) == 1


def test_what_nothing_excuses_is_no_matter_of_a_waiver_but_may_be_a_false_positive(repository):
    secret = found(repository, rule="hardcoded-secret", severity="critical")
    assert "Nothing excuses" in wrong(wish(repository, secret))[""]
    assert "Nothing excuses" in wrong(wish(repository, rule="hardcoded-secret"))[""]
    assert "Nothing excuses" in wrong(wish(repository, item="S1"))[""]
    assert "Nothing excuses" in wrong(wish(repository, item="Q40"))[""]
    assert wrong(wish(repository, secret, kind="false-positive", ends_on=None)) == {}


def test_a_finding_of_low_confidence_needs_no_waiver(repository):
    doubtful = found(repository, confidence="low")
    assert "needs no waiver" in wrong(wish(repository, doubtful))[""]
    assert wrong(wish(repository, doubtful, kind="false-positive")) == {}


class TestScopes:
    def test_a_rule_below_a_path_takes_a_cap(self, repository, finding):
        found(repository, line=2, path="tools/run.py")
        meant = resolve(wish(repository, rule=RULE, path="capture/"))
        assert [one.pk for one in meant.findings] == [finding.pk]
        assert list(wrong(wish(repository, rule=RULE, cap=0))) == ["cap"]
        assert list(wrong(wish(repository, rule=RULE, cap=1001))) == ["cap"]

    def test_the_severity_of_a_rule_counts_when_it_has_no_finding(self, repository):
        assert resolve(wish(repository, rule=RULE)).severity == "high"

    def test_an_unknown_rule_or_item(self, repository):
        assert "Nothing of this" in wrong(wish(repository, rule="no-such-rule"))[""]
        assert "Nothing of this" in wrong(wish(repository, item="Z9"))[""]

    def test_an_item_and_its_findings(self, repository, finding):
        meant = resolve(wish(repository, item="T1"))
        assert (len(meant.findings), meant.known) == (1, True)
        assert RULE in meant.rules

    def test_a_false_positive_is_about_findings_alone(self, repository):
        assert "about findings" in wrong(wish(repository, rule=RULE, kind="false-positive"))[""]


def test_the_same_is_asked_for_once_at_a_time(repository, finding, teammate, reviewer):
    ask(wish(repository, finding), teammate)
    assert "teammate asked for it already" in wrong(wish(repository, finding))[""]
    assert wrong(wish(repository, finding, kind="false-positive")) == {}
    with pytest.raises(ValidationError):
        ask(wish(repository, finding), reviewer)


def test_a_false_positive_has_no_end_and_no_control(repository, finding, teammate):
    made = ask(wish(repository, finding, kind="false-positive", control="none"), teammate)
    assert (made.ends_on, made.reason, made.control) == (None, "false-positive", "")


class TestExtension:
    @pytest.fixture
    def running(self, repository, finding, teammate, reviewer):
        return waiver(teammate, give(reviewer, "lead"), repository, finding)

    def test_is_a_new_request_for_the_same_that_ends_later(self, running, teammate):
        again = replace(extending(running), reason="not-yet", justification="Slipped.", ends_on=in_days(20))
        made = ask(again, teammate)
        assert (made.extends, made.state, made.ends_on) == (running, "requested", in_days(20))
        assert Waiver.objects.get(pk=running.pk).ends_on == in_days(7)

    def test_not_for_a_day_that_it_runs_to_already(self, running):
        again = replace(extending(running), reason="not-yet", justification="Slipped.", ends_on=in_days(7))
        assert "already" in wrong(again)["ends_on"]

    def test_not_of_what_runs_no_more(self, running):
        Waiver.objects.filter(pk=running.pk).update(state="revoked")
        running.refresh_from_db()
        again = replace(extending(running), reason="not-yet", justification="Slipped.", ends_on=in_days(20))
        assert "does not run any more" in wrong(again)["ends_on"]
