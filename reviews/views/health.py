import functools
import re
import subprocess

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scanners.git.process import GIT_FLOOR

UNMIGRATED = {"code": "unmigrated", "message": "Migrations are not applied.", "next": "Run `manage.py migrate`."}
UNREACHABLE = {
    "code": "database-unreachable",
    "message": "The database does not answer.",
    "next": "Check that it runs and that DATABASE_URL names it.",
}


class Unmigrated(Exception):
    """Raised and not returned, so that only a yes is remembered."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when this process can serve: the database answers and has every migration. Else 503 with the reasons."""
    reasons = _reasons()
    body = {"status": "unready" if reasons else "ready", "reasons": reasons, "git": git()}
    return JsonResponse(body, status=503 if reasons else 200)


def _reasons() -> list[dict[str, str]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        is_migrated()
    except DatabaseError:
        return [UNREACHABLE]
    except Unmigrated:
        return [UNMIGRATED]
    return []


@functools.cache
def is_migrated() -> bool:
    """True when every migration is applied, remembered because finding out is dear. Raises Unmigrated otherwise."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Unmigrated
    return True


@functools.cache
def git() -> dict[str, object]:
    """The git of this machine: {"version": text or None, "floor": text, "ok": whether it is at or above the floor}."""
    floor = ".".join(map(str, GIT_FLOOR))
    try:
        answer = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {"version": None, "floor": floor, "ok": False}
    version = ".".join(re.findall(r"\d+", answer)[:3])
    return {"version": version, "floor": floor, "ok": tuple(map(int, version.split("."))) >= GIT_FLOOR}
