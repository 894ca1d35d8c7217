from typing import Any

import pytest

from scanners.scan import scan_files


def rows(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows of the table by their keys."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return {row["key"]: dict(row) for row in report.inventory["caches"]}


def told(source: str) -> tuple[Any, ...]:
    """Key, bound, eviction, sharing and the mark of the one row of a file."""
    ((key, row),) = rows({"shop/code.py": source}).items()
    cells = row["cells"]
    return key, cells["bound"], cells["eviction"], cells["shared"], row["marks"].get("bound", "")


LRU = "from functools import cache, lru_cache\nimport cachetools\n"
FUNCTIONS = [
    (f"{LRU}@lru_cache\ndef rate(country: str): pass\n", "lru_cache rate", "128", "LRU", "good"),
    (f"{LRU}@lru_cache(maxsize=32)\ndef rate(country: str): pass\n", "lru_cache rate", "32", "LRU", "good"),
    (f"{LRU}@lru_cache(maxsize=None)\ndef rate(country: str): pass\n", "lru_cache rate", "unbounded", "none", "bad"),
    (f"{LRU}@cache\ndef rate(country: str): pass\n", "lru_cache rate", "unbounded", "none", "bad"),
    (f"{LRU}@cache\ndef rate(is_net: bool): pass\n", "lru_cache rate", "unbounded", "none", ""),
    (f"{LRU}@cache\ndef rates(): pass\n", "lru_cache rates", "1", "none", "good"),
    (f"{LRU}@lru_cache(SIZE)\ndef rate(country: str): pass\n", "lru_cache rate", None, "LRU", "unknown"),
    (
        "from cachetools.func import ttl_cache\n@ttl_cache(maxsize=9, ttl=60)\ndef rate(country: str): pass\n",
        "cache rate",
        "9",
        "LRU, TTL 60 s",
        "good",
    ),
    (f"{LRU}rates = cachetools.TTLCache(100, ttl=30)\n", "cache rates", "100", "LRU, TTL 30 s", "good"),
    (f"{LRU}rates = cachetools.TTLCache(float('inf'), 30)\n", "cache rates", "by time", "TTL 30 s", ""),
    (
        f"{LRU}class Shop:\n    def __init__(self):\n        self.rates = cachetools.LRUCache(maxsize=7)\n",
        "cache Shop.rates",
        "7",
        "LRU",
        "good",
    ),
    (
        "import weakref\nseen = weakref.WeakValueDictionary()\n",
        "cache seen",
        "when nobody holds it",
        "when nobody holds it",
        "",
    ),
]


@pytest.mark.parametrize(("source", "key", "bound", "eviction", "mark"), FUNCTIONS)
def test_a_cache_is_told_with_its_bound(source: str, key: str, bound: str, eviction: str, mark: str) -> None:
    assert told(source) == (key, bound, eviction, "process", mark)


GROWN = "_cache = {}\ndef customer(number: str):\n    if number not in _cache:\n        _cache[number] = load(number)\n"


def test_a_container_that_grows_by_what_callers_ask_for_is_a_cache() -> None:
    assert told(GROWN) == ("container _cache", "unbounded", "none", "process", "bad")
    trimmed = f"{GROWN}def forget():\n    _cache.clear()\n"
    assert told(trimmed) == ("container _cache", "by its own code", "by its own code", "process", "")


QUEUES = [
    ("import queue\norders = queue.Queue(50)\n", "50", "good"),
    ("import asyncio\nLIMIT = 20\norders = asyncio.Queue(maxsize=LIMIT)\n", "20", "good"),
    ("import queue\norders = queue.Queue()\n", "unbounded", "unknown"),
    (
        (
            "import queue\norders = queue.Queue()\ndef work():\n    while True:\n        handle(orders.get())\n"
            "def add(order):\n    orders.put(order)\n"
        ),
        "unbounded",
        "bad",
    ),
    ("import queue\norders = queue.Queue(**options)\n", None, "unknown"),
    ("from collections import deque\norders = deque(maxlen=8)\n", "8", "good"),
]


@pytest.mark.parametrize(("source", "bound", "mark"), QUEUES)
def test_a_queue_is_told_with_its_bound(source: str, bound: str | None, mark: str) -> None:
    assert told(source) == ("queue orders", bound, "", "process", mark)


def test_what_one_def_fills_and_empties_is_no_queue_of_the_program() -> None:
    source = "import queue\ndef walk(root):\n    todo = queue.Queue()\n    todo.put(root)\n    return todo.get()\n"
    assert rows({"shop/code.py": source}) == {}


def test_a_pool_of_work_that_stays_has_a_line_without_end() -> None:
    stays = "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(max_workers=4)\n"
    assert told(stays)[:2] == ("pool of work pool", "4 at once, line unbounded")
    passing = (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(xs):\n    with ThreadPoolExecutor(4) as pool:\n"
        "        return list(pool.map(g, xs))\n"
    )
    assert rows({"shop/code.py": passing}) == {}


@pytest.mark.parametrize(
    ("entry", "bound", "eviction", "shared", "mark"),
    [
        ("'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'", "300", "TTL 300 s", "process", "good"),
        (
            "'BACKEND': 'django.core.cache.backends.redis.RedisCache', 'TIMEOUT': 60",
            "by the server",
            "TTL 60 s",
            "shared",
            "good",
        ),
        (
            "'BACKEND': 'django_redis.cache.RedisCache', 'TIMEOUT': None",
            "by the server",
            "none",
            "shared",
            "bad",
        ),
        (
            "'BACKEND': 'django.core.cache.backends.db.DatabaseCache', 'OPTIONS': {'MAX_ENTRIES': 5000}",
            "5000",
            "TTL 300 s",
            "shared",
            "good",
        ),
        ("'BACKEND': BACKEND", None, "TTL 300 s", None, "unknown"),
    ],
)
def test_caches_of_django_are_told(entry: str, bound: str, eviction: str, shared: str, mark: str) -> None:
    row = rows({"shop/settings.py": f"CACHES = {{'default': {{{entry}}}}}\n"})["django cache default"]
    cells = row["cells"]
    assert (cells["bound"], cells["eviction"], cells["shared"]) == (bound, eviction, shared)
    assert row["marks"]["bound"] == mark


REDIS = "import redis\nstore = redis.Redis(socket_timeout=2)\ndef keep(number):\n"


@pytest.mark.parametrize(
    ("call", "bound", "eviction", "mark"),
    [
        ("store.set(f'cart:{number}', 1)", "unbounded", "none", "bad"),
        ("store.set(f'cart:{number}', 1, ex=60)", "by time", "TTL 60 s", ""),
        ("store.setex(f'cart:{number}', 60, 1)", "by time", "TTL 60 s", ""),
        ("store.set(f'cart:{number}', 1)\n    store.expire(f'cart:{number}', 60)", None, None, "unknown"),
    ],
)
def test_keys_of_redis_without_an_end_are_told(call: str, bound: str, eviction: str, mark: str) -> None:
    assert told(f"{REDIS}    {call}\n") == ("redis key cart:{}", bound, eviction, "shared", mark)


def test_what_a_worker_takes_in_advance_is_told() -> None:
    assert told("CELERY_WORKER_PREFETCH_MULTIPLIER = 1\n")[:2] == ("queue celery prefetch", "1")
    assert told("worker_prefetch_multiplier = 0\n")[1:] == ("unbounded", "", "process", "bad")
