import subprocess
import sys

import pytest
from celery import Celery, current_app
from structlog.testing import capture_logs

from config import env
from config.celery import Hint, app
from tests.services import free_port, surroundings, wait_until

# Sends one message as a page does: inside a request's log context.
SEND = """
import django, structlog
django.setup()
from reviews import tasks
structlog.contextvars.bind_contextvars(request_id="request-7")
tasks.requeue.delay()
"""


def test_ours_is_the_app_that_shared_tasks_join():
    assert current_app.main == app.main == "plimsoll"


def test_a_task_is_done_when_it_has_ended_and_handed_out_again_when_its_worker_dies():
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)


def test_only_json_is_read():
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.task_serializer == "json"


def test_a_task_cannot_run_for_ever(settings):
    assert settings.SCAN_SECONDS < app.conf.task_soft_time_limit < app.conf.task_time_limit


@pytest.mark.parametrize("name", app.conf.beat_schedule)
def test_a_regular_hint_names_a_task_and_is_dropped_when_nobody_took_it_in_time(name):
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule[name]
    assert entry["task"] in app.tasks
    assert entry["options"]["expires"] <= entry["schedule"]


def test_what_fetches_waits_in_a_line_of_its_own():
    app.loader.import_default_modules()
    ours = [name for name in app.tasks if name.startswith("reviews.")]
    lines = {name.rpartition(".")[2]: app.amqp.router.route({}, name)["queue"].name for name in ours}
    fetching = {"wake", "read_for_reviews", "read_advisories", "make_patches", "trace_introductions"}
    assert {name for name, line in lines.items() if line == "scans"} == fetching
    assert set(lines.values()) == {"scans", "errands"}
    assert {queue.routing_key for queue in app.amqp.queues.values()} == set(app.amqp.queues) == {"scans", "errands"}


def probe() -> None:
    """What a message would ask for."""


def test_a_broker_that_is_down_costs_the_caller_no_error():
    dead = Celery("dead", broker=f"redis://127.0.0.1:{free_port()}/0", task_cls=Hint, set_as_current=False)
    dead.conf.task_publish_retry = app.conf.task_publish_retry
    with capture_logs() as logs:
        assert dead.task(probe, name="probe").delay() is None
    assert [(entry["event"], entry["task"]) for entry in logs] == [("broker-unreachable", "probe")]


@pytest.fixture
def variables(tmp_path) -> dict[str, str]:
    return {
        "PLIMSOLL_DATA": str(tmp_path / "data"),
        "PLIMSOLL_SCAN_CONCURRENCY": "1",
        "PLIMSOLL_LOG_FORMAT": "json",
        "PLIMSOLL_LOG_LEVEL": "DEBUG",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def lines_of_a_worker_that_got_a_message(variables: dict[str, str], log) -> list[str]:
    """Migrate, start a worker, send it one message in a request's name, and return what it logged about that."""
    child = {"env": surroundings(**variables), "cwd": env.BASE_DIR}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, timeout=60, **child)
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "config", "worker"]
    with log.open("wb") as out:
        worker = subprocess.Popen(command, stdout=out, stderr=out, **child)
    try:
        subprocess.run([sys.executable, "-c", SEND], check=True, timeout=60, **child)
        wait_until(lambda: "task_succeeded" in log.read_text(encoding="utf-8"))
        return [line for line in log.read_text(encoding="utf-8").splitlines() if "request-7" in line]
    finally:
        worker.kill()
        worker.wait()


def test_a_message_in_files_reaches_the_worker_with_the_request_that_sent_it(variables, tmp_path):
    assert lines_of_a_worker_that_got_a_message(variables, tmp_path / "log")


def test_a_message_in_redis_reaches_the_worker_with_the_request_that_sent_it(variables, tmp_path, redis_url):
    assert lines_of_a_worker_that_got_a_message(variables | {"REDIS_URL": redis_url}, tmp_path / "log")
