from celery import current_app

from config.celery import app

ROUND_TRIP = """
from config.celery import app
app.send_task("config.probe", args=["hello"])
"""


def test_ours_is_the_app_that_shared_tasks_join():
    assert current_app.main == app.main == "plimsoll"


def test_a_task_is_done_when_it_has_ended_and_handed_out_again_when_its_worker_dies():
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)


def test_only_json_is_read():
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.task_serializer == "json"


def test_a_task_cannot_run_for_ever_and_is_not_handed_out_twice_before(settings):
    assert settings.SCAN_SECONDS < app.conf.task_soft_time_limit < app.conf.task_time_limit


def test_hints_that_nobody_took_in_time_are_dropped():
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"]
