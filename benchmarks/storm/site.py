"""The real site as processes: web, workers, scheduler and Redis, each started and stopped on its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.env import BASE_DIR
from reviews.demo.origin import Commit, write
from reviews.management.commands.up import AFTER_WEB, BEAT, ERRANDS, WEB, WORKER
from reviews.models import Hook, Repository, Scan, Team
from tests.processes import below
from tests.services import free_port, listens

SECRET = "only-for-storms"  # noqa: S105 - it guards a benchmark
PATIENCE = 300


class Site:
    """What runs on which port, with the data of this process."""

    def __init__(self, data: Path, redis_program: str) -> None:
        self.port, self.redis_port = free_port(), free_port()
        self._redis = [redis_program, "--port", str(self.redis_port), "--save", "", "--appendonly", "no"]
        self._data = data
        self._log = data / "storm.log"
        self.environment = os.environ | {
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "PORT": str(self.port),
            "PLIMSOLL_LOCAL_ROOTS": str(data / "origins"),
            "PLIMSOLL_LOG_LEVEL": "INFO",
            "PLIMSOLL_LOG_FORMAT": "json",
        }

    @contextmanager
    def running(self, *names: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """These services, until the block ends."""
        started: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in names:
                started[name] = self._start(name)
            yield started
        finally:
            for process in reversed(started.values()):
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in started.values():
                _wait(process)

    def web_seconds(self) -> float:
        """The processor time that the web processes have taken so far."""
        spent = [process.cpu_times() for process in below(os.getpid(), "gunicorn")]
        return sum(times.user + times.system for times in spent)

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        workers = {"worker": AFTER_WEB + WORKER, "errands": AFTER_WEB + ERRANDS}
        commands = {"web": WEB, "beat": BEAT, "redis": self._redis} | workers
        settings = {"DJANGO_SETTINGS_MODULE": "benchmarks.storm.settings"} if name == "web" else {}
        environment = self.environment | settings
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                commands[name], env=environment, cwd=BASE_DIR, stdout=log, stderr=log, start_new_session=True
            )
        ports = {"web": self.port, "redis": self.redis_port}
        if name in ports:
            wait_until(lambda: listens(ports[name]))
        return process

    def service(self, name: str, files: int, commits: int = 1) -> Repository:
        """A registered repository of real code; each commit after the first changes half of its files."""
        sources = sorted(Path(os.__file__).parent.glob("*.py"))[:files]
        texts = {path.name: path.read_text(encoding="utf-8") for path in sources}
        path = self._data / "origins" / f"{name}.git"
        write(path, [_commit(texts, step) for step in range(commits)])
        team, _ = Team.objects.get_or_create(name="Storm", slug="storm")
        return Repository.objects.create(team=team, name=name, slug=name, url=f"file://{path}", provider="github")

    def hook(self, repository: Repository) -> Hook:
        """The hook of a repository."""
        return Hook.objects.create(repository=repository, key=f"storm-{repository.pk}", secret=SECRET)


def wait_until(what: Callable[[], object], seconds: float = PATIENCE) -> float:
    """The seconds until `what` is true. Ends the process when that takes too long."""
    start = time.monotonic()
    while not what():
        if time.monotonic() > start + seconds:
            sys.exit(f"not within {seconds} seconds: {what}")
        time.sleep(0.05)
    return time.monotonic() - start


def busy() -> int:
    """How many scans run at this moment."""
    return Scan.objects.filter(state=Scan.State.RUNNING).count()


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _commit(texts: dict[str, str], step: int) -> Commit:
    changed = list(texts.items())[step % 2 :: 2] if step else texts.items()
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=step)
    return Commit(f"Step {step}", "Ada <ada@example.org>", at, {name: f"# {step}\n{text}" for name, text in changed})
