"""Shapes of waits, jobs and retries that do not belong on the page of a rule: what is reported, and what is not."""

import pytest

from scanners.finding import Confidence
from scanners.scan import scan_files

WAIT, PROCESS, JOB = "wait-without-timeout", "subprocess-without-timeout", "job-without-time-limit"
LIMIT, BACKOFF = "retry-without-limit", "retry-without-backoff"


def lines(rule: str, source: str, **others: str) -> list[int]:
    """The lines of shop/code.py that the rule reports, however sure it is."""
    files = {"shop/code.py": source.encode()} | {
        path.replace("__", "."): text.encode() for path, text in others.items()
    }
    report = scan_files(files)
    assert [file.problem for file in report.files if file.problem] == []
    return [finding.line for finding in report.findings if finding.rule == rule and finding.path == "shop/code.py"]


REPORTED = [
    (
        PROCESS,
        "a method that holds the process",
        (
            "import subprocess\nclass A:\n    def start(self):\n        self.p = subprocess.Popen(['a'])\n"
            "    def end(self):\n        self.p.wait()\n"
        ),
        6,
    ),
    (
        WAIT,
        "a queue of the object",
        (
            "import queue\nclass A:\n    def __init__(self):\n        self.q = queue.Queue()\n    def f(self):\n"
            "        return self.q.get()\n"
        ),
        6,
    ),
    (
        WAIT,
        "a future of an executor",
        (
            "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as p:\n"
            "    f = p.submit(print)\n    f.result()\n"
        ),
        4,
    ),
    (WAIT, "a queue of an annotation", "import queue\ndef f(q: 'queue.Queue[int]'):\n    return q.get()\n", 3),
    (LIMIT, "told never to stop", "from tenacity import retry, stop_never\n@retry(stop=stop_never)\ndef f(): ...\n", 2),
    (
        LIMIT,
        "a state that is polled",
        (
            "import time\ndef f(job):\n    while True:\n        if job.status == 'done':\n            return\n"
            "        time.sleep(1)\n"
        ),
        3,
    ),
    (
        BACKOFF,
        "a loop that breaks",
        (
            "import requests, time\ndef f(u):\n    for attempt in range(4):\n        try:\n"
            "            r = requests.get(u, timeout=1)\n            break\n        except OSError:\n"
            "            time.sleep(1)\n"
        ),
        3,
    ),
    (JOB, "a task of an imported application", "from .celery import app\n@app.task\ndef f(): ...\n", 3),
]


QUIET = [
    (
        WAIT,
        "methods of other things",
        "def f(d, parts, t):\n    d.get('a')\n    t.wait()\n    return ','.join(parts)\n",
    ),
    (WAIT, "a queue that is never full", "import queue\nq = queue.Queue()\nq.put(1)\n"),
    (
        WAIT,
        "a thread told by a flag",
        (
            "import threading\nclass A:\n    def __init__(self):\n        self.t = threading.Thread()\n"
            "    def stop(self):\n        self.running = False\n        self.t.join()\n"
        ),
    ),
    (
        WAIT,
        "the callback of a future",
        "from concurrent.futures import Future\ndef done(f: Future):\n    return f.result()\n",
    ),
    (
        WAIT,
        "a lock behind a with of one's own",
        (
            "import threading\nclass A:\n    def __init__(self):\n        self.l = threading.Lock()\n"
            "    def __enter__(self):\n        self.l.acquire()\n"
        ),
    ),
    (
        LIMIT,
        "a worker's loop",
        "import time\ndef f(queue):\n    while True:\n        queue.work()\n        time.sleep(1)\n",
    ),
    (
        LIMIT,
        "an event that ends the loop",
        (
            "import time\ndef f(stop):\n    while True:\n        if stop.is_set():\n            return\n"
            "        time.sleep(1)\n"
        ),
    ),
    (
        LIMIT,
        "an attempt that is the last one",
        (
            "import requests\ndef f(u):\n    while True:\n        try:\n            r = requests.get(u, timeout=1)\n"
            "            if r.ok:\n                return r\n        except OSError:\n"
            "            print('no')\n        return None\n"
        ),
    ),
    (BACKOFF, "two attempts", "from urllib3 import Retry\nr = Retry(total=1)\n"),
    (
        JOB,
        "a limit in the configuration",
        (
            "from celery import Celery\napp = Celery('a')\napp.conf.update(task_time_limit=60)\n"
            "@app.task\ndef f(): ...\n"
        ),
    ),
    (JOB, "a task of something else", "from prefect import task\n@task\ndef f(): ...\n"),
]


@pytest.mark.parametrize(("rule", "source", "line"), [pytest.param(r, s, n, id=f"{r}: {t}") for r, t, s, n in REPORTED])
def test_a_call_without_an_end_is_reported_at_its_line(rule: str, source: str, line: int) -> None:
    assert lines(rule, source) == [line]


@pytest.mark.parametrize(("rule", "source"), [pytest.param(r, s, id=f"{r}: {t}") for r, t, s in QUIET])
def test_what_is_bounded_or_something_else_is_not_reported(rule: str, source: str) -> None:
    assert lines(rule, source) == []


def test_a_worker_that_waits_in_its_loop_is_only_suspected() -> None:
    source = b"import queue\nq = queue.Queue()\ndef work():\n    while True:\n        q.get()\n"
    (finding,) = [found for found in scan_files({"shop/code.py": source}).findings if found.rule == WAIT]
    assert finding.confidence is Confidence.LOW


def test_a_lock_that_nobody_else_has_is_only_suspected() -> None:
    source = b"import threading\ndef f():\n    lock = threading.Lock()\n    lock.acquire()\n"
    (finding,) = [found for found in scan_files({"shop/code.py": source}).findings if found.rule == WAIT]
    assert finding.confidence is Confidence.LOW


def test_a_task_of_an_application_made_in_another_file_is_a_job() -> None:
    task = "from shop.worker import app\n@app.task\ndef f(): ...\n"
    assert lines(JOB, task, shop_worker__py="") == []
    files = {"shop/code.py": task, "shop/worker.py": "import celery\napp = celery.Celery('shop')\n"}
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [(found.path, found.line) for found in report.findings if found.rule == JOB] == [("shop/code.py", 3)]


def test_a_limit_for_one_run_of_a_task_is_no_limit_for_all() -> None:
    source = "from celery import shared_task\n@shared_task\ndef f(): ...\ndef g():\n    f.apply_async(time_limit=5)\n"
    assert lines(JOB, source) == [3]
