import ast
from typing import Any, Final

from scanners.context import Context
from scanners.facts.callgraph import called_target
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.concurrency.computing import computes, computing_defs
from scanners.semantics.concurrency.reach import Names
from scanners.tree import Tree, TreeContext

_TARGETS: Final = {
    "threading.Thread": (1, "target"),
    "concurrent.futures.ThreadPoolExecutor.submit": (0, "fn"),
    "concurrent.futures.ThreadPoolExecutor.map": (0, "fn"),
    "multiprocessing.pool.ThreadPool.map": (0, "func"),
    "multiprocessing.pool.ThreadPool.apply_async": (0, "func"),
    "asyncio.to_thread": (0, "func"),
}


class ThreadsForCpuWork(Rule):
    """
    Only one thread at a time runs Python code. Threads that do nothing but compute take turns on one processor: the work takes
    longer than in a row, and threads that serve requests wait meanwhile.

    Looks at threads, thread pools and `to_thread` with a target of the repository, and at what it calls in its own file, two
    calls deep: all of it must be loops over arithmetic, builtins and `math`. Anything that may wait or release the
    interpreter (numpy, hashlib, zlib, input and output, calls of other files) makes it good.
    """

    id = "threads-for-cpu-work"
    area = "concurrency"
    item = "K5"
    title = "Threads for work that only computes"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Use ProcessPoolExecutor (or a job queue), or a library that computes outside of the interpreter."
    bad = (
        Example(
            "a pool and a thread that count",
            {
                "shop/prime.py": """\
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
def divisors(number):
    found = 0
    for part in range(1, number):
        if number % part == 0:
            found += 1
    return found
def score(row):
    return divisors(row) + max(divisors(row + 1), 2)
def run(rows):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(score, rows))
    Thread(target=divisors, args=(7,)).start()
    return found
"""
            },
            at=[("shop/prime.py", 13), ("shop/prime.py", 14)],
        ),
        Example(
            "a thread that counts in another file",
            {
                "shop/sums.py": "def total(rows):\n    found = 0\n    for row in rows:\n        found += row * row\n    return found\n",
                "shop/run.py": "import asyncio\nfrom shop.sums import total\n\n\nasync def show(rows):\n    return await asyncio.to_thread(total, rows)\n",
            },
            at=[("shop/run.py", 6)],
        ),
    )
    good = (
        Example(
            "processes, waiting, and what computes outside",
            {
                "shop/prime.py": """\
import hashlib
import requests
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Thread
def divisors(number):
    found = 0
    for part in range(1, number):
        if number % part == 0:
            found += 1
    return found
def fetch(url):
    total = 0
    for part in range(3):
        total += len(requests.get(url, timeout=5).text) * part
    return total
def digest(rows):
    total = 0
    for row in rows:
        total += hashlib.sha256(row).digest()[0]
    return total
def run(rows, other):
    with ProcessPoolExecutor(8) as pool:
        found = list(pool.map(divisors, rows))
    with ThreadPoolExecutor(8) as threads:
        threads.submit(fetch, rows[0])
        threads.submit(digest, rows)
        threads.submit(other, rows)
    Thread(target=fetch).start()
    return found
"""
            },
        ),
    )
    calls = tuple(_TARGETS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        position, word = _TARGETS[call.dotted]
        target = call.argument(position, word)
        made: Any = ctx.definition(call.resolve(target)) if isinstance(target, (ast.Name, ast.Attribute)) else None
        if made is None:
            name = called_target(target, call.scope, set()) if isinstance(target, (ast.Name, ast.Attribute)) else ""
            if name:
                ctx.fact("thread-target", call, target=name, text=ctx.source_lines[call.line - 1].strip())
            ctx.unresolved(call, "What the thread runs is not in this file.")
        elif computes(made, ctx):
            ctx.report(call, f"`{made.name}` only computes: threads take turns at it and gain nothing.")
        else:
            ctx.site(call)

    def visit_module(self, ctx: Context) -> None:
        found = computing_defs(ctx)
        if found:
            ctx.fact("computes", 1, names=found)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        found = {(fact.path, name) for fact in tree.facts("computes") for name in fact["names"]}
        noted = tree.facts("thread-target") if found else []
        names = Names(tree, found) if noted else None
        for fact in noted:
            meant = names.meant(fact["target"], fact.path) if names is not None else None
            if meant is not None:
                message = f"`{meant[1]}` of {meant[0]} only computes: threads take turns at it and gain nothing."
                ctx.report(fact.path, fact.line, message, text=fact["text"])
