from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.tree import Tree, TreeContext

_OFF = {
    "rq.decorators.job": "timeout",
    "rq.job": "timeout",
    "rq.Queue": "default_timeout",
    "rq.Queue.enqueue": "job_timeout",
    "rq.Queue.enqueue_call": "timeout",
    "dramatiq.actor": "time_limit",
}


class JobWithoutTimeLimit(Rule):
    """
    A job that hangs keeps its worker for good; a few of them stop the queue while every process looks healthy.

    Looks at Celery tasks: a limit may stand on the task, its base class, the application, the settings of any module or
    the command of a worker in a Dockerfile, compose file, manifest or Procfile. RQ (180 s) and dramatiq (600 s) have
    limits of their own: switching them off is reported.
    """

    id = "job-without-time-limit"
    area = "timeouts"
    item = "T2"
    title = "Background job without a time limit"
    severity = Severity.MEDIUM
    fix = "Set `task_time_limit` and a lower `task_soft_time_limit` for the application, and longer ones where needed."
    bad = (
        Example(
            "tasks of an application that sets no limit",
            {
                "shop/celery.py": 'from celery import Celery\napp = Celery("shop")\n',
                "shop/tasks.py": """\
from celery import shared_task
from shop.celery import app
@shared_task
def send(order):
    return order
@app.task(bind=True, max_retries=3)
def export(self, month):
    return month
""",
            },
            at=[("shop/tasks.py", 4), ("shop/tasks.py", 7)],
        ),
        Example(
            "a limit switched off",
            {
                "jobs.py": """\
import dramatiq
from rq import Queue
queue = Queue("reports", default_timeout=-1)
@dramatiq.actor(time_limit=None)
def render(month):
    return month
"""
            },
            at=[("jobs.py", 3), ("jobs.py", 4)],
        ),
    )
    good = (
        Example(
            "limits on the task, its base, or the worker's command",
            {
                "tasks.py": """\
import celery
class Bounded(celery.Task):
    time_limit = 300
@celery.shared_task(time_limit=60)
def send(order):
    return order
@celery.shared_task(base=Bounded)
def export(month):
    return month
"""
            },
        ),
        Example(
            "a limit for all in the settings",
            {
                "shop/settings.py": "CELERY_TASK_TIME_LIMIT = 300\n",
                "shop/tasks.py": "from celery import shared_task\n@shared_task\ndef send(order):\n    return order\n",
            },
        ),
        Example(
            "a limit in the command of the worker, and jobs of RQ",
            {
                "docker-compose.yml": "services:\n  worker:\n    command: celery -A shop worker --time-limit=300\n",
                "shop/tasks.py": "from celery import shared_task\n@shared_task\ndef send(order):\n    return order\n",
                "shop/jobs.py": 'from rq.decorators import job\n@job("low")\ndef render(month):\n    return month\n',
            },
        ),
    )
    calls = tuple(_OFF)

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.site(call)
        limit = call.keyword(_OFF[call.dotted])
        if limit is not None and ctx.constant(limit, call) in (-1, None):
            ctx.report(call, f"{_OFF[call.dotted]} switches the time limit off.")

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        bases = {fact["name"] for fact in tree.facts("job-base")}
        everywhere = bool(tree.facts("job-limit"))
        modules = {
            f"{fact.path.removesuffix('.py').removesuffix('/__init__')}/app" for fact in tree.facts("celery-app")
        }
        for job in tree.facts("job"):
            if job["app"] and not any(f"/{module}".endswith(f"/{job['app'].replace('.', '/')}") for module in modules):
                continue
            if everywhere or job["limited"] or job["base"] in bases:
                ctx.site(job.path, job.line)
            elif job["hidden"]:
                ctx.unresolved(job.path, job.line, "The limit may be among unpacked options.")
            else:
                message = f"Task `{job['name']}` may run for ever: neither it nor the application sets a time limit."
                sure = Confidence.MEDIUM if job["base"] else self.confidence
                ctx.report(
                    job.path,
                    job.line,
                    message,
                    anchor=job["name"],
                    text=job["text"],
                    confidence=sure,
                )
