"""Expressions whose value is another one each time that they are evaluated: the time, ids, random numbers."""

from typing import Final

MOVING: Final = (
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "django.utils.timezone.now",
    "django.utils.timezone.localtime",
    "django.utils.timezone.localdate",
    "arrow.utcnow",
    "arrow.now",
    "pendulum.now",
    "time.time",
    "time.monotonic",
    "time.time_ns",
    "time.perf_counter",
    "uuid.uuid1",
    "uuid.uuid4",
    "random.random",
    "random.randint",
    "random.choice",
    "random.uniform",
    "random.randrange",
    "secrets.token_hex",
    "secrets.token_urlsafe",
    "secrets.token_bytes",
    "os.urandom",
)
"""Functions by dotted name."""
