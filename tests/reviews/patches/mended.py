"""Repositories with findings that can be mended, patches as a worker makes them, and clones to apply them to."""

import subprocess
from pathlib import Path
from typing import Any

from django.utils import timezone

from reviews.models import Finding, Patch, Repository
from reviews.patches import asking, working
from reviews.patches.questions import Question

RULE = "request-without-timeout"
WAITS = "import requests\n\n\ndef pay(url):\n    return requests.get(url)\n"
BOUNDED = WAITS.replace("get(url)", "get(url, timeout=(3.05, 10))")
DROPS = (
    "def load(text):\n    try:\n        return int(text)\n    except ValueError as error:\n"
    "        raise RuntimeError('no number')\n"
)
GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin"}


BODY = b"""\
diff --git a/capture/bank.py b/capture/bank.py
--- a/capture/bank.py
+++ b/capture/bank.py
@@ -117,3 +117,3 @@
     body = {}
-    answer = session.post(url)
+    answer = session.post(url, timeout=(3.05, 10))
     return answer
"""


def ready(repository: Repository, rule: str = "", finding: Finding | None = None, **fields: Any) -> Patch:
    """A patch that holds at the newest scan and clears some findings."""
    newest = repository.latest_scan
    cleared = [finding] if finding else list(repository.findings.filter(state="open", rule=rule or RULE))
    given = {"state": Patch.State.READY, "body": BODY, "files": 1, "finished_at": timezone.now()} | fields
    of_commit = {"commit": newest.commit, "holds_at": newest.commit, "rule_set": newest.rule_set, "basis": "b"}
    told = [{"finding": one.pk, "rule": one.rule, "path": one.path, "line": one.line, "title": ""} for one in cleared]
    return Patch.objects.create(
        repository=repository, rule=rule, finding=finding, **{"fixed": told} | of_commit | given
    )


def made(repository: Repository, rule: str = "", finding: int | None = None) -> Patch:
    """The patch of a question, worked out."""
    asked = asking.ask(repository, Question(rule, finding))
    while working.do_one():
        pass
    return Patch.objects.get(pk=asked.pk)


def clone(origin: Path, into: Path) -> Path:
    """A clone with a working tree."""
    git(origin, "clone", "--quiet", str(origin), str(into))
    return into


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What git says in a folder."""
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, input=stdin, env=GIT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def applied(patch: Patch, folder: Path) -> Path:
    """A clone to which a patch was applied, after git said that it fits."""
    git(folder, "apply", "--check", "-", stdin=bytes(patch.body))
    git(folder, "apply", "-", stdin=bytes(patch.body))
    return folder
