"""Queues between threads, tasks and processes, pools of work, and how much a worker of celery takes in advance."""

import ast
from typing import Any, Final

from scanners.constants import UNKNOWN, fold
from scanners.context import Context
from scanners.place import Bound, Call
from scanners.rule import Collector
from scanners.semantics.concurrency.queues import QUEUES, holder_of, is_crossed, is_emptied_by_thread, opinion
from scanners.semantics.memory.cachemakers import kept_by

_POOLS: Final = ("concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor")
_PREFETCH: Final = frozenset(
    {"worker_prefetch_multiplier", "CELERY_WORKER_PREFETCH_MULTIPLIER", "CELERYD_PREFETCH_MULTIPLIER"}
)


class Queues(Collector):
    """Fact `queue`: name, kind (queue, pool of work, prefetch), library, `state` (limited, endless, watched, signal,
    hidden), `size` if fixed, and whether it is `busy` without end.
    """

    classes = frozenset({"service"})
    calls = (*QUEUES, *_POOLS)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record a queue or a pool of work that outlives the def which makes it."""
        if call.dotted in _POOLS:
            name, size = kept_by(call), call.argument(0, "max_workers")
            if name:
                value = fold(size, call.scope) if size is not None else None
                fixed = value if isinstance(value, int) else None
                state = "hidden" if call.unpacks or value is UNKNOWN else "limited" if fixed else "default"
                _note(call, name, "pool of work", state, fixed, False, ctx)
        elif call.last == "deque":
            self._deque(call, ctx)
        else:
            found = opinion(call, ctx)
            if found.state != "internal":
                _note(call, kept_by(call) or holder_of(call), "queue", found.state, found.size, found.busy, ctx)

    def _deque(self, call: Call, ctx: Context) -> None:
        most, name = call.argument(1, "maxlen"), holder_of(call)
        kept = kept_by(call)
        if most is not None and kept:
            value = fold(most, call.scope)
            _note(call, kept, "queue", "limited", value if isinstance(value, int) else None, False, ctx)
        elif most is None and name and is_crossed(name, ctx):
            _note(call, kept or name, "queue", "endless", None, is_emptied_by_thread(name, ctx), ctx)


class Prefetch(Collector):
    """Fact `queue` of the kind prefetch: how many jobs a process of a worker takes in advance."""

    @staticmethod
    def binds(name: str) -> bool:
        """Whether the name is celery's setting."""
        return name in _PREFETCH

    def visit_binding(self, bound: Bound, ctx: Context) -> None:
        """Record the setting."""
        value: Any = fold(bound.value, bound.scope) if isinstance(bound.value, ast.expr) else UNKNOWN
        state = "hidden" if not isinstance(value, int) else "limited" if value > 0 else "endless"
        size = value if isinstance(value, int) else None
        _note(bound, "celery prefetch", "prefetch", state, size, state == "endless", ctx)


def _note(place: Any, name: str, kind: str, state: str, size: int | None, busy: bool, ctx: Context) -> None:
    library = getattr(place, "dotted", "") or "celery"
    ctx.fact("queue", place, name=name, kind=kind, library=library, state=state, size=size, busy=busy)
