"""From a push to a patch on the page, by the messages that workers get."""

from pathlib import Path

import pytest

from reviews import intake, tasks
from reviews.models import Patch, Repository, Scan, Team
from reviews.patches import asking
from reviews.patches.questions import Question
from reviews.waking import wake_menders
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.patches.mended import RULE, WAITS, applied, clone
from tests.reviews.running import scanned

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    commit_files(origin, {"pay.py": WAITS})
    return RepositoryFactory(team=team, url=f"file://{origin}")


def test_after_a_scan_the_fix_is_made_before_anybody_asks(repository, origin, tmp_path, messages) -> None:
    intake.request_scan(repository, trigger=Scan.Trigger.WEBHOOK)
    tasks.wake()
    finding = repository.findings.get(rule=RULE)
    assert Patch.objects.get(finding=finding).state == "wanted"
    assert any("make_patches" in message.read_text(encoding="utf-8") for message in messages.all())
    tasks.make_patches()
    patch = Patch.objects.get(finding=finding)
    assert patch.state == "ready"
    assert "timeout" in (applied(patch, clone(origin, tmp_path / "clone")) / "pay.py").read_text(encoding="utf-8")


def test_who_asks_wakes_a_worker(repository, messages) -> None:
    scanned(repository)
    asking.ask(repository, Question(RULE))
    wake_menders()
    assert any("make_patches" in one.read_text(encoding="utf-8") for one in messages.all())


def test_without_anything_to_make_nobody_is_woken(messages, db) -> None:
    tasks.make_patches()
    assert messages.all() == []
