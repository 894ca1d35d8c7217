from typing import Any

from scanners.scan import scan_files

TASKS = "from celery import shared_task\nfrom shop.models import Order\n\n\n"


def jobs(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows by their keys."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    return {row["key"]: row for row in report.inventory["jobs"]}


def cells(row: dict[str, Any], *names: str) -> list[Any]:
    return [row["cells"][name] for name in names]


def test_a_task_is_joined_with_its_calls_its_schedule_and_its_route() -> None:
    found = jobs({
        "shop/__init__.py": "",
        "shop/tasks.py": TASKS + "@shared_task(soft_time_limit=30, time_limit=60, acks_late=True, autoretry_for=(OSError,), retry_backoff=True, max_retries=5)\ndef send(order_id: int, again: bool = False):\n    return order_id\n",
        "shop/views.py": "from shop.tasks import send\n\n\ndef order(request):\n    send.delay(1)\n    send.apply_async(args=[2], countdown=5)\n",
        "shop/settings.py": "from celery.schedules import crontab\nCELERY_TASK_ROUTES = {'shop.tasks.*': {'queue': 'mail'}}\nCELERY_BEAT_SCHEDULE = {'nightly': {'task': 'shop.tasks.send', 'schedule': crontab(hour=4)}}\n",
    })  # fmt: skip
    row = found["celery task send"]
    assert cells(row, "limit", "retries", "acknowledged", "queue", "schedule", "enqueued_from") == [
        "soft 30 s, hard 60 s", "5 tries, backoff, jitter, on OSError", "late", "mail", "crontab(hour=4)", 2,
    ]  # fmt: skip
    assert row["cells"]["payload"] == ["order_id: int", "again: bool"]
    assert [place[:2] for place in row["places"]] == [
        ["shop/tasks.py", 6], ["shop/views.py", 5], ["shop/views.py", 6], ["shop/settings.py", 3],
    ]  # fmt: skip
    assert (row["marks"]["limit"], row["marks"]["retries"]) == ("good", "good")


def test_a_task_without_limit_is_marked_and_a_limit_for_all_is_told() -> None:
    task = TASKS + "@shared_task\ndef send(order_id):\n    return order_id\n"
    bare = jobs({"shop/tasks.py": task})["celery task send"]
    assert (bare["cells"]["limit"], bare["marks"]["limit"]) == ("none", "bad")
    bounded = jobs({"shop/tasks.py": task, "shop/settings.py": "CELERY_TASK_TIME_LIMIT = 300\n"})["celery task send"]
    assert (bounded["cells"]["limit"], bounded["marks"]["limit"]) == ("hard 300 s for all", "good")


def test_unpacked_options_leave_doubt() -> None:
    row = jobs({"shop/tasks.py": TASKS + "@shared_task(**OPTIONS)\ndef send(order_id):\n    return order_id\n"})
    assert cells(row["celery task send"], "limit", "retries") == [None, None]
    assert row["celery task send"]["marks"]["limit"] == "unknown"


def test_a_model_as_payload_is_marked() -> None:
    found = jobs({
        "shop/models.py": "from django.db import models\n\n\nclass Order(models.Model):\n    name = models.CharField(max_length=9)\n",
        "shop/tasks.py": TASKS + "@shared_task\ndef send(order: Order):\n    return order\n",
    })  # fmt: skip
    assert found["celery task send"]["marks"]["payload"] == "bad"


def test_limits_and_retries_come_from_the_base_class_of_another_file() -> None:
    found = jobs({
        "shop/base.py": "import celery\n\n\nclass Bounded(celery.Task):\n    time_limit = 90\n    acks_late = True\n",
        "shop/tasks.py": "from celery import shared_task\nfrom shop.base import Bounded\n\n\n@shared_task(base=Bounded, bind=True)\ndef send(self, order_id):\n    self.retry(countdown=10, max_retries=2)\n",
    })  # fmt: skip
    row = found["celery task send"]
    assert cells(row, "limit", "acknowledged", "retries", "payload") == [
        "hard 90 s", "late", "2 tries, after 10 s", ["order_id"],
    ]  # fmt: skip


def test_an_endless_retry_is_marked() -> None:
    row = jobs({"tasks.py": TASKS + "@shared_task(bind=True, max_retries=None)\ndef send(self):\n    self.retry()\n"})
    assert (row["celery task send"]["cells"]["retries"], row["celery task send"]["marks"]["retries"]) == (
        "endless",
        "bad",
    )


def test_other_libraries_keep_their_own_habits() -> None:
    found = jobs({
        "a.py": "import dramatiq\n\n\n@dramatiq.actor(queue_name='mail', max_retries=3, time_limit=5000)\ndef send(pk: int):\n    return pk\n\n\ndef order():\n    send.send(1)\n",
        "b.py": "from rq.decorators import job\n\n\n@job('low', timeout=30)\ndef render(month):\n    return month\n",
        "c.py": "from huey import RedisHuey\nhuey = RedisHuey('shop')\n\n\n@huey.task(retries=2)\ndef export():\n    return 1\n",
    })  # fmt: skip
    assert cells(found["dramatiq actor send"], "queue", "limit", "retries", "enqueued_from") == [
        "mail",
        "5 s",
        "3 tries",
        1,
    ]
    assert cells(found["rq job render"], "queue", "limit", "retries") == ["low", "30 s", "none"]
    assert cells(found["huey task export"], "limit", "retries") == ["none", "2 tries"]


def test_management_commands_are_named_after_their_files() -> None:
    found = jobs({"shop/management/commands/purge.py": "from django.core.management.base import BaseCommand\n\n\nclass Command(BaseCommand):\n    def handle(self, *args, **options):\n        return None\n"})  # fmt: skip
    assert found["management command purge"]["places"][0][:2] == ["shop/management/commands/purge.py", 4]


def test_cron_jobs_of_kubernetes_say_what_bounds_them() -> None:
    manifest = "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: purge\nspec:\n  schedule: '0 4 * * *'\n  concurrencyPolicy: Forbid\n  jobTemplate:\n    spec:\n      activeDeadlineSeconds: 600\n      backoffLimit: 2\n"
    row = jobs({"k8s/purge.yaml": manifest})["kubernetes cronjob purge"]
    assert cells(row, "schedule", "limit", "retries", "overlap") == ["0 4 * * *", "600 s", "2 tries", "forbid"]
    free = jobs({"k8s/purge.yaml": manifest.replace("  concurrencyPolicy: Forbid\n", "")})["kubernetes cronjob purge"]
    assert (free["cells"]["overlap"], free["marks"]["overlap"]) == ("allow", "bad")


def test_work_after_an_answer_is_lost_on_exit() -> None:
    found = jobs({"app.py": "from fastapi import BackgroundTasks, FastAPI\napp = FastAPI()\n\n\ndef mail(to):\n    return to\n\n\n@app.post('/orders')\ndef order(tasks: BackgroundTasks):\n    tasks.add_task(mail, 'a')\n    return {}\n"})  # fmt: skip
    row = found["background task mail"]
    assert (row["cells"]["acknowledged"], row["marks"]["acknowledged"]) == ("lost on exit", "bad")


def test_a_planned_job_of_elsewhere_is_a_row_with_doubt() -> None:
    found = jobs({"shop/settings.py": "CELERY_BEAT_SCHEDULE = {'x': {'task': 'other.tasks.sync', 'schedule': 60.0}}\n"})
    row = found["celery task sync"]
    assert row["cells"]["schedule"] == "every minute"
    assert row["cells"]["limit"] is None
    assert "does not look" in row["unresolved"]


def test_keys_stay_where_code_moves() -> None:
    task = TASKS + "@shared_task\ndef send(order_id):\n    return order_id\n"
    assert jobs({"shop/tasks.py": task}).keys() == jobs({"mail/jobs.py": f"# moved\n{task}"}).keys()
