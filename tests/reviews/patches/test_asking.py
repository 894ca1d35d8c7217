"""What a question comes to, when its answer goes on to hold, and what is made before anybody asks."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from reviews.models import Finding, Patch, Repository, Team
from reviews.patches import asking, turns
from reviews.patches.questions import Question, Stock
from scanners import registry
from tests.factories import RepositoryFactory
from tests.reviews.patches.mended import DROPS, RULE, WAITS
from tests.reviews.rows import finished
from tests.reviews.scanned import scan_of
from tests.reviews.waiver_rows import member, waiver

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, SECOND = "1" * 40, "2" * 40


@pytest.fixture
def repository(team: Team) -> Repository:
    made = RepositoryFactory(team=team, name="pay")
    scan_of(made, {"pay.py": WAITS, "load.py": DROPS, "other.py": "VALUE = 1\n"}, FIRST)
    return made


def answered(patch: Patch) -> Patch:
    """A row as a worker leaves it."""
    job = Stock(patch.repository).job(Question.of(patch))
    newest = patch.repository.latest_scan
    given = {"state": "ready", "body": b"x", "basis": job.basis, "rule_set": newest.rule_set}
    known = {"commit": newest.commit, "holds_at": newest.commit, "finished_at": timezone.now()}
    Patch.objects.filter(pk=patch.pk).update(**given, **known)
    patch.refresh_from_db()
    return patch


class TestAsk:
    def test_the_same_question_about_the_same_code_is_answered_once(self, repository) -> None:
        first = answered(asking.ask(repository, Question(RULE)))
        assert asking.ask(repository, Question(RULE)) == first
        assert asking.ask(repository, Question(RULE)).state == "ready"

    def test_a_push_elsewhere_leaves_the_answer_as_it_is(self, repository) -> None:
        answered(asking.ask(repository, Question(RULE)))
        scan_of(repository, {"pay.py": WAITS, "load.py": DROPS, "other.py": "VALUE = 2\n"}, SECOND)
        again = asking.ask(repository, Question(RULE))
        assert (again.state, again.commit, again.holds_at) == ("ready", FIRST, SECOND)
        assert asking.holds(again, repository)

    def test_a_push_to_a_file_of_it_makes_it_old(self, repository) -> None:
        row = answered(asking.ask(repository, Question(RULE)))
        scan_of(repository, {"pay.py": "TAX = 1\n" + WAITS, "load.py": DROPS}, SECOND)
        assert not asking.holds(row, repository)
        again = asking.ask(repository, Question(RULE))
        assert (again.pk, again.state) == (row.pk, "wanted")

    def test_many_at_once_make_one_row(self, repository) -> None:
        def work() -> None:
            asking.ask(repository, Question(RULE))
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Patch.objects.get().state == "wanted"

    def test_a_finding_that_is_excused_is_left_alone(self, repository, team, teammate) -> None:
        finding = repository.findings.get(rule=RULE)
        waiver(teammate, member(team, "pay-lead", "reviewer", "lead", "security"), repository, finding)
        with pytest.raises(ValidationError, match="not open"):
            asking.ask(repository, Question(finding=finding.pk))
        assert not Stock(repository).job(Question(RULE)).wanted

    def test_what_may_change_the_meaning_is_not_asked_for_in_bulk(self, repository) -> None:
        with pytest.raises(ValidationError, match="may change what code means"):
            asking.ask(repository, Question("subprocess-without-timeout"))

    def test_a_repository_that_was_never_scanned_has_nothing_to_mend(self, team) -> None:
        with pytest.raises(ValidationError, match="not scanned"):
            asking.ask(RepositoryFactory(team=team), Question())

    def test_findings_of_other_rules_are_not_looked_up(self, team) -> None:
        made = RepositoryFactory(team=team)
        finished(made, rule_set="older")
        with pytest.raises(ValidationError, match="other rules"):
            asking.ask(made, Question())


class TestPrepare:
    def test_the_whole_and_the_first_findings_are_made_before_anybody_asks(self, repository) -> None:
        assert asking.prepare(repository.latest_scan_id)
        rows = Patch.objects.all()
        assert {row.ahead for row in rows} == {True}
        assert {row.finding.rule for row in rows if row.finding} == {RULE, "cause-dropped"}
        assert [row.rule for row in rows if row.finding is None] == [""]

    def test_what_holds_goes_on_to_hold_without_a_worker(self, repository) -> None:
        asking.prepare(repository.latest_scan_id)
        for row in Patch.objects.select_related("repository__latest_scan"):
            answered(row)
        scan_of(repository, {"pay.py": WAITS, "load.py": DROPS}, SECOND)
        assert not asking.prepare(repository.latest_scan_id)
        assert set(Patch.objects.values_list("holds_at", flat=True)) == {SECOND}

    def test_what_was_mended_is_dropped_and_the_rest_made_anew(self, repository) -> None:
        asking.prepare(repository.latest_scan_id)
        for row in Patch.objects.select_related("repository__latest_scan"):
            answered(row)
        scan_of(repository, {"load.py": DROPS}, SECOND)
        assert asking.prepare(repository.latest_scan_id)
        states = dict(Patch.objects.values_list("finding__rule", "state"))
        assert states == {"cause-dropped": "ready", None: "wanted"}

    def test_an_older_scan_prepares_nothing(self, repository) -> None:
        older = repository.latest_scan_id
        scan_of(repository, {"pay.py": WAITS}, SECOND)
        assert not asking.prepare(older)
        assert not Patch.objects.exists()

    def test_what_somebody_waits_for_goes_first(self, repository) -> None:
        asking.prepare(repository.latest_scan_id)
        wanted = asking.ask(repository, Question(RULE))
        assert turns.due().first() == wanted


class TestTurns:
    def test_one_of_many_workers_gets_a_patch_and_one_of_a_repository_at_a_time(self, repository) -> None:
        asking.prepare(repository.latest_scan_id)
        taken = []

        def work() -> None:
            taken.append(turns.take())
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([one for one in taken if one]) == 1

    def test_what_a_dead_worker_held_is_taken_up_again_until_it_failed_too_often(self, repository, settings) -> None:
        settings.MAX_ATTEMPTS = 2
        row = asking.ask(repository, Question(RULE))
        for state in ("wanted", "failed"):
            turns.take()
            Patch.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
            turns.requeue_expired()
            Patch.objects.filter(state="wanted").update(available_at=timezone.now() - timedelta(seconds=1))
            row.refresh_from_db()
            assert (row.state, row.error_code) == (state, "crashed")

    def test_patches_are_dropped_after_their_time_and_with_their_repository(self, repository) -> None:
        old, new = (answered(asking.ask(repository, Question(rule))) for rule in (RULE, ""))
        Patch.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=31))
        assert turns.drop_old(timedelta(days=30)) == 1
        assert list(Patch.objects.all()) == [new]
        repository.delete()
        assert not Patch.objects.exists()

    def test_the_rules_of_a_row_are_those_of_its_scan(self, repository) -> None:
        assert repository.latest_scan.rule_set == registry.digest()
        assert Finding.objects.filter(rule=RULE).exists()
