"""Real Celery workers and beat as processes that can be killed at any moment."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

WORKERS, PROCESSES = 2, 2
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


@dataclass
class Fleet:
    """Two workers, one for errands, and beat, each the leader of a session of its own."""

    environment: dict[str, str]
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    errands: subprocess.Popen[bytes] | None = None
    beat: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all."""
        self.beat = self._celery("beat", "--schedule", str(self.log.with_name("beat")))
        self.errands = self._worker("errands", 1)
        self.workers = [self._worker() for _ in range(WORKERS)]

    def is_complete(self) -> bool:
        """Whether every worker has started its processes."""
        return all(len(psutil.Process(worker.pid).children()) >= PROCESSES for worker in self.workers)

    def stop(self) -> None:
        """Ask all to end, as a deployment does, and kill those that have not after ten seconds."""
        running = [process for process in [*self.workers, self.errands, self.beat] if process]
        for process in running:
            process.terminate()
        _, late = psutil.wait_procs([psutil.Process(process.pid) for process in running if process.poll() is None], 10)
        for process in late:
            os.killpg(process.pid, signal.SIGKILL)

    def kill_child(self, pid: int) -> set[int]:
        """SIGKILL one process of a worker, which the worker then replaces. Returns it."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return {pid}

    def kill_worker(self, pid: int) -> set[int]:
        """SIGKILL the worker that has this child, with all its children, and start another one. Returns the victims."""
        victims: set[int] = set()
        for number, worker in enumerate(self.workers):
            family = {worker.pid, *(child.pid for child in psutil.Process(worker.pid).children())}
            for victim in family if pid in family else ():
                victims |= self.kill_child(victim)
            self.workers[number] = self._worker() if pid in family else worker
        return victims

    def _worker(self, queue: str = "scans", processes: int = PROCESSES) -> subprocess.Popen[bytes]:
        options = ["--queues", queue, "--concurrency", str(processes), "--hostname", f"{queue}@%h"]
        return self._celery("worker", *options, "--without-gossip", "--without-mingle")

    def _celery(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "--quiet", "--app", "config", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none can hide."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def bury(pids: Iterable[int]) -> None:
    """Collect dead ones that were adopted, as the first process of a machine does."""
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
