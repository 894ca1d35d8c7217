from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from reviews.models import Scan
from reviews.scans import SHOWN, ClassShare, changes, classes_of, coverage, progress_of
from scanners.finding import FileReport
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.rows import changed, finished, found, tree

pytestmark = pytest.mark.django_db


def running(**fields) -> Scan:
    now = timezone.now()
    given = {
        "state": Scan.State.RUNNING,
        "step": Scan.Step.SCAN,
        "started_at": now,
        "leased_until": now + timedelta(seconds=settings.LEASE_SECONDS),
        "progress": {"total": 412, "cached": 373, "scanned": 27, "steps": {"fetch": 1.8, "list": 0.1}},
    }
    return ScanFactory(**given | fields)


def test_steps_are_behind_here_or_ahead():
    steps = progress_of(running()).steps
    assert [(step.name, step.state, step.seconds) for step in steps] == [
        ("Fetch", "done", 1.8),
        ("List", "done", 0.1),
        ("Scan", "now", None),
        ("Match", "later", None),
        ("Score", "later", None),
    ]


@pytest.mark.parametrize(
    ("state", "step", "states"),
    [
        (Scan.State.REQUESTED, "", ["later"] * 5),
        (Scan.State.FAILED, "scan", ["done", "done", "broken", "later", "later"]),
        (Scan.State.DONE, "score", ["done"] * 5),
        (Scan.State.SUPERSEDED, "scan", ["done", "done", "done", "later", "later"]),
    ],
)
def test_steps_of_a_scan_that_does_not_run(state, step, states):
    assert [step.state for step in progress_of(running(state=state, step=step)).steps] == states


def test_files_are_kept_scanned_or_left():
    progress = progress_of(running())
    assert (progress.done, progress.left) == (400, 12)
    assert [(part.kind, part.width) for part in progress.bar] == [("cached", 90.5), ("accent", 6.6)]
    assert progress.words == "373 files taken from earlier scans, 27 scanned now, 12 left"
    assert progress.now == "Scan, step 3 of 5"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"scanned": 100, "in_step": 20.0}, 60.0),
        ({"scanned": 400, "in_step": 20.0}, 0.0),
        ({"scanned": 20, "in_step": 20.0}, None),
        ({"scanned": 100, "in_step": 1.0}, None),
        ({"scanned": 100}, None),
    ],
)
def test_what_is_left_is_told_once_there_is_something_to_go_by(told, seconds):
    scan = running(progress={"total": 500, "cached": 100, "steps": {}} | told)
    assert progress_of(scan).remaining == seconds


def test_nobody_guesses_when_a_worker_is_silent_or_files_are_done():
    told = {"total": 500, "cached": 100, "scanned": 100, "in_step": 20.0, "steps": {}}
    assert progress_of(running(step=Scan.Step.MATCH, progress=told)).remaining is None
    assert progress_of(running(leased_until=timezone.now(), progress=told)).remaining is None


def test_a_worker_that_stops_renewing_its_lease_is_silent():
    late = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS - 3 * settings.HEARTBEAT_SECONDS)
    assert [progress_of(running(leased_until=until)).silent for until in (late, late + timedelta(minutes=1))] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("state", "ended"), [(Scan.State.RUNNING, False), (Scan.State.DONE, True), (Scan.State.FAILED, True)]
)
def test_a_scan_that_ended_says_so(state, ended):
    assert progress_of(running(state=state)).ended is ended


def test_coverage_names_what_could_not_be_read_and_what_was_left_out():
    scan = finished(RepositoryFactory())
    tree(scan)
    read = coverage(scan)
    assert (read.python, read.other) == (2, 0)
    assert [(file.path, file.problem.line) for file in read.problems] == [("legacy.py", 14)]
    assert [(skip.path, skip.code) for skip in read.skipped] == [("vendor/six.py", "vendored")]
    assert read.excluded == {"vendored": 1}
    assert read.suppressions[0].reason == "the peer closes after 5 s"


def test_a_scan_that_left_no_tree_has_no_coverage():
    assert coverage(ScanFactory()) is None


def test_changes_tell_the_worst_news_first():
    repository = RepositoryFactory()
    scan = finished(repository)
    for line, (kind, severity) in enumerate(
        [("fixed", "high"), ("opened", "low"), ("opened", "high"), ("reopened", "low")]
    ):
        changed(found(repository, line=line, severity=severity), scan, kind)
    changed(found(repository, line=9), scan, "moved")
    told = changes(scan)
    assert [(event.kind, event.finding.severity) for event in told.events] == [
        ("reopened", "low"),
        ("opened", "high"),
        ("opened", "low"),
        ("fixed", "high"),
    ]
    assert (told.moved, told.more, told.counts["opened"]) == (1, 0, 2)


def test_many_changes_are_counted_and_not_all_shown():
    repository = RepositoryFactory()
    scan = finished(repository)
    for line in range(SHOWN + 3):
        changed(found(repository, line=line), scan)
    assert (len(changes(scan).events), changes(scan).more) == (SHOWN, 3)


def test_classes_name_the_files_that_their_content_moved():
    files = [
        FileReport("pay/load.py", "1", "python/service/", 9, cached=False, name="script"),
        FileReport("pay/api.py", "2", "python/service/", 9, cached=False, name="service"),
        FileReport("pay/models.py", "3", "python/service/", 9, cached=False, name="service"),
        FileReport("Dockerfile", "4", "dockerfile/service/", 9, cached=False, name="service"),
    ]
    assert classes_of(files) == (
        ClassShare("service", 2, ()),
        ClassShare("script", 1, ("pay/load.py",)),
    )
