from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.locks import ACQUIRES, LOCKS, is_own, is_used_up_here, release_of, stands_in
from scanners.semantics.concurrency.threads import PROCESSES, THREADS, forks_after_threads, given_to, runs_before_exec
from scanners.semantics.waits import never_waits


class ThreadApiMisused(Rule):
    """
    Threads fail quietly: a lock that each call makes for itself guards nothing, one that an exception leaves taken stops all
    others for ever, and a thread that was given the result of a call instead of the function does nothing at all.

    Looks at locks made where they are taken, `acquire` whose `release` an exception skips (a release in another def is of low
    confidence), threads without a target or with `target=f()`, `preexec_fn`, and `os.fork` after threads were started. `with`,
    `finally`, subclasses with `run` and functions that return a function are good.
    """

    id = "thread-api-misused"
    area = "concurrency"
    item = "K4"
    title = "Lock or thread that does not do what it seems to"
    severity = Severity.HIGH
    fix = (
        "Make the lock once, take it by `with`; pass the function itself; use start_new_session instead of preexec_fn."
    )
    bad = (
        Example(
            "locks, threads, forks",
            {
                "shop/work.py": """\
import os
import subprocess
import threading
from threading import Lock, Thread
lock = Lock()
def count(rows):
    with threading.Lock():
        rows.append(1)
def total(rows):
    mine = Lock()
    with mine:
        rows.append(1)
def save(rows):
    lock.acquire()
    rows.save()
    lock.release()
def work():
    print("works")
def start():
    Thread(target=work()).start()
    Thread().start()
    subprocess.Popen(["ls"], preexec_fn=os.setsid)
def both():
    Thread(target=work).start()
    return os.fork()
def alone(rows):
    own = Lock()
    own.acquire()
    rows.save()
    own.release()
"""
            },
            at=[("shop/work.py", line) for line in (7, 10, 14, 20, 21, 22, 25, 27)],
        ),
    )
    good = (
        Example(
            "made once, given back, handed as functions",
            {
                "shop/work.py": (
                    "import os\nimport subprocess\nimport threading\nfrom threading import Lock, Thread\n"
                    "lock = Lock()\nclass Store:\n    def __init__(self):\n        self.lock = threading.Lock()\n"
                    "    def save(self, rows):\n        with self.lock:\n            rows.save()\n"
                    "    def __enter__(self):\n        self.lock.acquire()\n        return self\n"
                    "def save(rows):\n    lock.acquire()\n    try:\n        rows.save()\n    finally:\n"
                    "        lock.release()\n    if lock.acquire(blocking=False):\n        try:\n"
                    "            rows.save()\n        finally:\n            lock.release()\ndef maker(name):\n"
                    "    def work():\n        print(name)\n    return work\nclass Worker(Thread):\n"
                    '    def run(self):\n        print("works")\ndef start(rows):\n    mine = Lock()\n'
                    "    def work():\n        with mine:\n            rows.append(1)\n"
                    '    Thread(target=work).start()\n    Thread(target=maker("a")).start()\n'
                    "    Worker().start()\n    threading.Timer(5, work).start()\n"
                    '    subprocess.Popen(["ls"], start_new_session=True, preexec_fn=None)\ndef both(path):\n'
                    '    if os.fork() == 0:\n        Thread(target=maker("b")).start()\n'
                    "    guard = threading.Lock()\n    if path:\n        guard = FileLock(path)\n"
                    "    with guard:\n        print(path)\n"
                )
            },
        ),
    )
    calls = (*LOCKS, *ACQUIRES, *THREADS, *PROCESSES, "os.fork")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in LOCKS:
            message = "The lock is made anew for each call: nobody else ever holds it."
            self._say(call, message if is_used_up_here(call) else "", ctx)
        elif call.last == "acquire":
            self._acquired(call, ctx)
        elif call.dotted in THREADS:
            self._thread(call, ctx)
        elif call.dotted == "os.fork":
            message = "Only the calling thread lives on in the child: locks of the others stay taken."
            self._say(call, message if forks_after_threads(call) else "", ctx)
        else:
            self._before_exec(call, ctx)

    def _say(self, call: Call, fault: str, ctx: Context) -> None:
        if fault:
            ctx.report(call, fault)
        else:
            ctx.site(call)

    def _acquired(self, call: Call, ctx: Context) -> None:
        how = "" if is_own(call) else release_of(call)
        if how == "elsewhere" and not stands_in(call) and call.dropped:
            ctx.unresolved(call, "The lock is given back elsewhere, if at all.")
        else:
            message = "An exception before `release` leaves the lock taken for ever. Use `with`."
            self._say(call, message if how == "later" and not never_waits(call) else "", ctx)

    def _thread(self, call: Call, ctx: Context) -> None:
        given = given_to(call, ctx)
        if given == "unknown":
            ctx.unresolved(call, "What the call returns is not known here; it may be a function.")
        elif given == "nothing":
            ctx.report(call, "The thread has no target: it ends at once.")
        elif given:
            self._say(call, f"`{given}` runs here, in this thread; the new one gets its result.", ctx)
        else:
            ctx.site(call)

    def _before_exec(self, call: Call, ctx: Context) -> None:
        runs = runs_before_exec(call)
        if runs is None:
            return
        if runs == "unknown":
            ctx.unresolved(call, "Whether anything is passed is up to the caller.")
        elif runs:
            sure = Confidence.MEDIUM if ctx.imports("threading", "concurrent", "asyncio") else Confidence.LOW
            message = "`preexec_fn` runs Python between fork and exec: with threads around, it may hang there."
            ctx.report(call, message, severity=Severity.MEDIUM, confidence=sure)
        else:
            ctx.site(call)
