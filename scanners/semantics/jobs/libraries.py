"""Which decorators and base classes make a background job, by the library that runs it."""

import ast
from typing import Any, Final

from scanners.facts.jobs import is_task
from scanners.names import find
from scanners.place import Place
from scanners.regex import regex
from scanners.syntax import last_name, unparse

_EXACT: Final = {
    "dramatiq.actor": "dramatiq actor",
    "rq.decorators.job": "rq job",
    "rq.job": "rq job",
    "django_rq.job": "rq job",
    "django_rq.decorators.job": "rq job",
    "huey.contrib.djhuey.task": "huey task",
    "huey.contrib.djhuey.db_task": "huey task",
    "huey.contrib.djhuey.periodic_task": "huey task",
    "huey.contrib.djhuey.db_periodic_task": "huey task",
    "airflow.decorators.dag": "airflow dag",
    "airflow.sdk.dag": "airflow dag",
    "django.tasks.task": "django task",
    "django_tasks.task": "django task",
    "prefect.flow": "prefect flow",
    "flask_apscheduler.APScheduler.task": "scheduled job",
}
_ENDS: Final = (
    (regex(r"[Hh]uey\w*\.(periodic_)?task$"), "huey task"),
    (regex(r"(^|[._])[Bb]roker\w*\.task$"), "taskiq task"),
    (regex(r"procrastinate\..*\.(task|periodic)$|Blueprint\.task$"), "procrastinate task"),
    (regex(r"[Ss]cheduler\w*\.(scheduled_job|task)$"), "scheduled job"),
    (regex(r"^dramatiq\..*actor$|\bdramatiq\w*\.actor$"), "dramatiq actor"),
)
_BASES: Final = {
    "celery.Task": "celery task",
    "celery.app.task.Task": "celery task",
    "celery.task.Task": "celery task",
    "celery.task.base.Task": "celery task",
    "celery.task.PeriodicTask": "celery task",
    "django_cron.CronJobBase": "cron",
    "luigi.Task": "luigi task",
}
_COMMANDS: Final = regex(r"(^|\.)\w*(Base|NoArgs|Label|App)Command$|(^|\.)\w*Command$")
_DECORATORS: Final = frozenset(
    {"task", "shared_task", "periodic_task", "actor", "job", "scheduled_job", "db_task", "db_periodic_task"}
    | {"dag", "flow", "periodic", "on_after_configure"}
)


def kind_of(decorator: ast.expr, place: Place[Any]) -> tuple[str, bool]:
    """The kind of job that a decorator (without its call) makes, "" for none, and whether its name alone says so."""
    if last_name(decorator) not in _DECORATORS and not _renamed(decorator, place):
        return "", False
    name = place.name(decorator)
    if name in _EXACT:
        return _EXACT[name], True
    for pattern, kind in _ENDS:
        if pattern.search(name) or (not name and pattern.search(unparse(decorator))):
            return kind, True
    if is_task(decorator, place):
        return "celery task", True
    if name.endswith(".app.task") or (not name and unparse(decorator).endswith(("app.task", "celery.task"))):
        return "celery task", False
    return "", False


def _renamed(decorator: ast.expr, place: Place[Any]) -> bool:
    """Whether a plain name is an import under a name of its own."""
    found = find(decorator.id, place.scope) if isinstance(decorator, ast.Name) else None
    return bool(found and found[0][-1].kind == "import" and found[0][-1].value.rpartition(".")[2] in _DECORATORS)


def class_kind(node: ast.ClassDef, place: Place[Any]) -> str:
    """The kind of job that a class is by its bases: a task with a `run`, a management command, or ""."""
    methods = {stmt.name for stmt in node.body if isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for base in node.bases:
        name = place.name(base) or unparse(base)
        if name in _BASES and methods & {"run", "do"}:
            return _BASES[name]
        if node.name == "Command" and _COMMANDS.search(name):
            return "management command"
    return ""
