from typing import Any

from scanners.scan import scan_files

TASKS = "from celery import shared_task\nfrom shop.models import Order\n\n\n"


def jobs(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows by their keys."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    return {row["key"]: row for row in report.inventory["jobs"]}


def cells(row: dict[str, Any], *names: str) -> list[Any]:
    return [row["cells"][name] for name in names]


SENT = {
    "shop/__init__.py": "",
    "shop/tasks.py": TASKS
    + """\
@shared_task(soft_time_limit=30, time_limit=60, acks_late=True, autoretry_for=(OSError,),
    retry_backoff=True, max_retries=5)
def send(order_id: int, again: bool = False):
    return order_id
""",
    "shop/views.py": """\
from shop.tasks import send


def order(request):
    send.delay(1)
    send.apply_async(args=[2], countdown=5)
""",
    "shop/settings.py": """\
from celery.schedules import crontab
CELERY_TASK_ROUTES = {'shop.tasks.*': {'queue': 'mail'}}
CELERY_BEAT_SCHEDULE = {'nightly': {'task': 'shop.tasks.send', 'schedule': crontab(hour=4)}}
""",
}


def test_a_task_is_joined_with_its_calls_its_schedule_and_its_route() -> None:
    found = jobs(SENT)
    row = found["celery task send"]
    assert cells(row, "limit", "retries", "acknowledged", "queue", "schedule", "enqueued_from") == [
        "soft 30 s, hard 60 s",
        "5 tries, backoff, jitter, on OSError",
        "late",
        "mail",
        "crontab(hour=4)",
        2,
    ]
    assert row["cells"]["payload"] == ["order_id: int", "again: bool"]
    assert [place[:2] for place in row["places"]] == [
        ["shop/tasks.py", 7],
        ["shop/views.py", 5],
        ["shop/views.py", 6],
        ["shop/settings.py", 3],
    ]
    assert (row["marks"]["limit"], row["marks"]["retries"]) == ("good", "good")


def test_a_task_without_limit_is_marked_and_a_limit_for_all_is_told() -> None:
    task = TASKS + "@shared_task\ndef send(order_id):\n    return order_id\n"
    bare = jobs({"shop/tasks.py": task})["celery task send"]
    assert (bare["cells"]["limit"], bare["marks"]["limit"]) == ("none", "bad")
    bounded = jobs(
        {
            "shop/tasks.py": task,
            "shop/settings.py": """\
CELERY_TASK_TIME_LIMIT = 300
""",
        }
    )["celery task send"]
    assert (bounded["cells"]["limit"], bounded["marks"]["limit"]) == ("hard 300 s for all", "good")


def test_unpacked_options_leave_doubt() -> None:
    row = jobs({"shop/tasks.py": TASKS + "@shared_task(**OPTIONS)\ndef send(order_id):\n    return order_id\n"})
    assert cells(row["celery task send"], "limit", "retries") == [None, None]
    assert row["celery task send"]["marks"]["limit"] == "unknown"


def test_a_model_as_payload_is_marked() -> None:
    found = jobs(
        {
            "shop/models.py": """\
from django.db import models


class Order(models.Model):
    name = models.CharField(max_length=9)
""",
            "shop/tasks.py": TASKS + "@shared_task\ndef send(order: Order):\n    return order\n",
        }
    )
    assert found["celery task send"]["marks"]["payload"] == "bad"


BASED = {
    "shop/base.py": """\
import celery


class Bounded(celery.Task):
    time_limit = 90
    acks_late = True
""",
    "shop/tasks.py": """\
from celery import shared_task
from shop.base import Bounded


@shared_task(base=Bounded, bind=True)
def send(self, order_id):
    self.retry(countdown=10, max_retries=2)
""",
}


def test_limits_and_retries_come_from_the_base_class_of_another_file() -> None:
    found = jobs(BASED)
    row = found["celery task send"]
    assert cells(row, "limit", "acknowledged", "retries", "payload") == [
        "hard 90 s",
        "late",
        "2 tries, after 10 s",
        ["order_id"],
    ]


def test_an_endless_retry_is_marked() -> None:
    row = jobs(
        {
            "tasks.py": TASKS
            + """\
@shared_task(bind=True, max_retries=None)
def send(self):
    self.retry()
"""
        }
    )
    assert (row["celery task send"]["cells"]["retries"], row["celery task send"]["marks"]["retries"]) == (
        "endless",
        "bad",
    )


LIBRARIES = {
    "a.py": """\
import dramatiq


@dramatiq.actor(queue_name='mail', max_retries=3, time_limit=5000)
def send(pk: int):
    return pk


def order():
    send.send(1)
""",
    "b.py": """\
from rq.decorators import job


@job('low', timeout=30)
def render(month):
    return month
""",
    "c.py": """\
from huey import RedisHuey
huey = RedisHuey('shop')


@huey.task(retries=2)
def export():
    return 1
""",
}


def test_other_libraries_keep_their_own_habits() -> None:
    found = jobs(LIBRARIES)
    assert cells(found["dramatiq actor send"], "queue", "limit", "retries", "enqueued_from") == [
        "mail",
        "5 s",
        "3 tries",
        1,
    ]
    assert cells(found["rq job render"], "queue", "limit", "retries") == ["low", "30 s", "none"]
    assert cells(found["huey task export"], "limit", "retries") == ["none", "2 tries"]


def test_management_commands_are_named_after_their_files() -> None:
    found = jobs(
        {
            "shop/management/commands/purge.py": """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        return None
"""
        }
    )
    assert found["management command purge"]["places"][0][:2] == ["shop/management/commands/purge.py", 4]


MANIFEST = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: purge
spec:
  schedule: '0 4 * * *'
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      activeDeadlineSeconds: 600
      backoffLimit: 2
"""


def test_cron_jobs_of_kubernetes_say_what_bounds_them() -> None:
    row = jobs({"k8s/purge.yaml": MANIFEST})["kubernetes cronjob purge"]
    assert cells(row, "schedule", "limit", "retries", "overlap") == ["0 4 * * *", "600 s", "2 tries", "forbid"]
    free = jobs(
        {
            "k8s/purge.yaml": MANIFEST.replace(
                """\
  concurrencyPolicy: Forbid
""",
                "",
            )
        }
    )["kubernetes cronjob purge"]
    assert (free["cells"]["overlap"], free["marks"]["overlap"]) == ("allow", "bad")


def test_work_after_an_answer_is_lost_on_exit() -> None:
    found = jobs(
        {
            "app.py": """\
from fastapi import BackgroundTasks, FastAPI
app = FastAPI()


def mail(to):
    return to


@app.post('/orders')
def order(tasks: BackgroundTasks):
    tasks.add_task(mail, 'a')
    return {}
"""
        }
    )
    row = found["background task mail"]
    assert (row["cells"]["acknowledged"], row["marks"]["acknowledged"]) == ("lost on exit", "bad")


def test_a_planned_job_of_elsewhere_is_a_row_with_doubt() -> None:
    found = jobs(
        {
            "shop/settings.py": """\
CELERY_BEAT_SCHEDULE = {'x': {'task': 'other.tasks.sync', 'schedule': 60.0}}
"""
        }
    )
    row = found["celery task sync"]
    assert row["cells"]["schedule"] == "every minute"
    assert row["cells"]["limit"] is None
    assert "does not look" in row["unresolved"]


def test_keys_stay_where_code_moves() -> None:
    task = TASKS + "@shared_task\ndef send(order_id):\n    return order_id\n"
    assert jobs({"shop/tasks.py": task}).keys() == jobs({"mail/jobs.py": f"# moved\n{task}"}).keys()


def test_a_function_that_a_queue_is_given_is_a_job() -> None:
    source = "from rq import Queue\nfrom shop.mail import send\nqueue = Queue('mail', connection=redis)\n"
    call = "\n\ndef order():\n    queue.enqueue(send, 1, job_timeout=20)\n"
    row = jobs({"app.py": source + call})["rq job send"]
    assert cells(row, "limit", "retries", "enqueued_from") == ["20 s", "none", 1]


IMPORTED = {
    "desk/worker/app.py": """\
from celery import Celery
app = Celery('desk')
""",
    "desk/mail.py": """\
from desk.worker.app import app


@app.task(time_limit=20)
def send(ticket):
    pass
""",
}


def test_a_task_of_an_application_of_another_file_is_one_beyond_doubt() -> None:
    (row,) = jobs(IMPORTED).values()
    assert (row["cells"]["kind"], row["unresolved"]) == ("celery task", "")


def test_a_crontab_tells_its_jobs_by_its_name_or_its_folder() -> None:
    line = b"5 4 * * * root /usr/bin/clean --all\n"
    report = scan_files(dict.fromkeys(("deploy/cron.d/clean", "nightly.cron", "crontab", "notes.txt"), line))
    told = [(row["cells"]["schedule"], row["places"][0][0]) for row in report.inventory["jobs"]]
    assert sorted(told) == [("5 4 * * *", path) for path in ("crontab", "deploy/cron.d/clean", "nightly.cron")]
