"""The whole way round: git push -> webhook -> scan -> status at the forge -> gate, and for a pull request its comment.

`[DATABASE=postgresql REDIS_URL=redis://...] python -m benchmarks.loop [--package wagtail] [--pushes 30] [--pulls 10]`
after `python -m benchmarks.fetch_corpus`. A stand-in forge serves git over HTTP and its API on one port, reports each
push with a signed webhook, and checks what it is told against GitHub's documented contract; the site runs as `manage.py
up` runs it. Prints milliseconds from the end of `git push`: p50, p95 and the most.
"""

import argparse
import hashlib
import hmac
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

PORT = int(os.environ.setdefault("PORT", "8790"))
BASE = os.environ.setdefault("PLIMSOLL_BASE_URL", f"http://127.0.0.1:{PORT}")

from benchmarks import surroundings  # noqa: E402, F401 - sets Django up, with the port chosen above
from benchmarks.fetch_corpus import repository as of_corpus  # noqa: E402
from reviews import hooks, intake, tokens  # noqa: E402
from reviews.models import ApiToken, Forge, Repository, Team, User  # noqa: E402
from tests.forge_server import ForgeServer  # noqa: E402
from tests.git_server import Request, reply  # noqa: E402

TOKEN = "only-for-benchmarks"  # noqa: S105 - opens nothing but the stand-in
PATIENCE = 120.0
AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


class Reporter:
    """Sends the forge's webhooks: after each push that it took, as a forge does, from a thread of its own."""

    def __init__(self, forge: ForgeServer, url: str, secret: str) -> None:
        self.forge, self.url, self.secret = forge, url, secret
        self.sent = 0
        self.pushed_at = 0.0
        self.next: tuple[str, dict[str, Any]] = ("", {})
        api = forge.git.hook
        forge.git.hook = lambda request: self._after_push(request) or bool(api and api(request))

    def _after_push(self, request: Request) -> bool:
        if not (request.method == "POST" and request.path.endswith("/git-receive-pack")):
            return False
        answer = self.forge.git.backend(request)
        self.pushed_at = time.perf_counter()
        reply(request, *answer)
        threading.Thread(target=self.report, args=self.next, daemon=True).start()
        return True

    def report(self, event: str, payload: dict[str, Any]) -> None:
        """One delivery, signed as GitHub signs."""
        self.sent += 1
        raw = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": f"loop-{self.sent}",
            "X-Hub-Signature-256": f"sha256={hmac.new(self.secret.encode(), raw, hashlib.sha256).hexdigest()}",
        }
        answer = httpx.post(self.url, content=raw, headers=headers, timeout=10)
        if answer.status_code != 202:
            raise SystemExit(f"The hook answered {answer.status_code}: {answer.text}")


class Loop:
    """One registered repository with its forge, its clone and its gate."""

    def __init__(self, forge: ForgeServer, clone: Path, api: httpx.Client, repository: Repository) -> None:
        self.forge, self.clone, self.api, self.repository = forge, clone, api, repository
        hook, secret = hooks.make(repository, "github")
        self.reporter = Reporter(forge, hooks.url(hook), secret)

    def push(self, number: int) -> dict[str, float]:
        """Change one file on the branch, push, and wait for the gate and for the status."""
        commit = self._commit(f"def added_{number}() -> int:\n    return {number}\n", "main")
        self.reporter.next = ("push", {"ref": "refs/heads/main", "after": commit, "head_commit": {"id": commit}})
        self._git("push", "--quiet", "origin", "main")
        began = self.reporter.pushed_at
        gate = _until(lambda: self._gate(commit) not in ("pending", "stale"))
        told = _until(lambda: any(status.commit == commit for status in self.forge.statuses))
        return {"gate": gate - began, "status": told - began}

    def pull(self, number: int) -> dict[str, float]:
        """Propose a change with a fault, and wait for the status of its head and the comment below it."""
        self._git("checkout", "--quiet", "-B", f"wish-{number}", "main")
        fault = (
            f"import requests\n\n\ndef asked_{number}() -> None:\n    requests.get('https://example.org/{number}')\n"
        )
        commit = self._commit(fault, f"wish-{number}")
        head = {"ref": f"wish-{number}", "sha": commit}
        change = {"number": number, "state": "open", "title": f"Wish {number}", "head": head, "base": {"ref": "main"}}
        self.reporter.next = ("pull_request", {"action": "opened", "pull_request": change})
        self._git("push", "--quiet", "origin", f"wish-{number}", f"HEAD:refs/pull/{number}/head")
        began = self.reporter.pushed_at
        told = _until(lambda: any(status.commit == commit for status in self.forge.statuses))
        said = _until(lambda: bool(self.forge.comments(number)))
        self._git("checkout", "--quiet", "main")
        return {"status": told - began, "comment": said - began}

    def _gate(self, commit: str) -> str:
        answer = self.api.get(f"/api/v1/repositories/{self.repository.pk}/gate", params={"commit": commit})
        return str(answer.raise_for_status().json()["verdict"])

    def _commit(self, content: str, name: str) -> str:
        (self.clone / f"plimsoll_loop_{name.replace('-', '_')}.py").write_text(content, encoding="utf-8")
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", f"Change {name}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.clone), *arguments]
        environment = os.environ | AUTHOR
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE
        ).stdout


def _until(is_so: Callable[[], bool]) -> float:
    """The moment at which it is so. Ends the benchmark when that takes too long."""
    end = time.perf_counter() + PATIENCE
    while not is_so():
        if time.perf_counter() > end:
            raise SystemExit(f"Nothing came within {PATIENCE:.0f} seconds.")
        time.sleep(0.01)
    return time.perf_counter()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _shown(what: str, seconds: list[float]) -> None:
    ordered = sorted(1000 * one for one in seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    print(f"{what:28}{statistics.median(ordered):>9.0f}{p95:>9.0f}{ordered[-1]:>9.0f}")


def _measure(forge: ForgeServer, clone: Path, client: httpx.Client, repository: Repository, chosen: Any) -> None:
    loop = Loop(forge, clone, client, repository)
    _until(lambda: repository.scans.filter(state="done").exists())
    first = repository.scans.get(state="done")
    print(f"{chosen.package}: {first.progress['files']:,} files, {first.lines:,} lines of Python")
    print(f"{'milliseconds after git push':28}{'p50':>9}{'p95':>9}{'most':>9}")
    pushes = [loop.push(number) for number in range(1, chosen.pushes + 1)]
    _shown("push to gate", [one["gate"] for one in pushes])
    _shown("push to status", [one["status"] for one in pushes])
    pulls = [loop.pull(number) for number in range(1, chosen.pulls + 1)]
    _shown("pull request to status", [one["status"] for one in pulls])
    _shown("pull request to comment", [one["comment"] for one in pulls])
    made = [len(forge.comments(number)) for number in range(1, chosen.pulls + 1)]
    print(f"{loop.reporter.sent} deliveries, {len(forge.statuses)} statuses, comments a pull request: {set(made)}")
    print(f"against the forge's contract: {forge.violations or 'nothing'}")


def main() -> None:
    """Set up, measure, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", default="wagtail")
    parser.add_argument("--pushes", type=int, default=30)
    parser.add_argument("--pulls", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root, clone = Path(place) / "root", Path(place) / "clone"
        with ForgeServer("github", token=TOKEN, root=root) as forge:
            shutil.copytree(of_corpus(chosen.package), root / forge.home)
            url = forge.repository_url.replace("://", f"://ada:{TOKEN}@")
            subprocess.run(["git", "clone", "--quiet", url, str(clone)], check=True, timeout=PATIENCE)
            team = Team.objects.create(name="Loop", slug="loop")
            ada = User.objects.create_user("ada")
            wish = intake.Registration("payments", forge.repository_url, credential=TOKEN)
            repository = intake.register(team, wish, by=ada)
            Forge.objects.create(repository=repository, api_url=forge.api_url, posts_statuses=True, posts_comments=True)
            secret = tokens.make(team, "loop", [ApiToken.Scope.READ], 30, by=ada)[1]
            with (
                subprocess.Popen([sys.executable, "manage.py", "up"], stdout=subprocess.DEVNULL) as site,
                httpx.Client(base_url=BASE, headers={"Authorization": f"Bearer {secret}"}, timeout=30) as client,
            ):
                try:
                    _until(lambda: _answers(client))
                    _measure(forge, clone, client, repository, chosen)
                finally:
                    site.terminate()


if __name__ == "__main__":
    main()
