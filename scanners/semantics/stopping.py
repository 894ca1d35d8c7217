"""Commands that go on running, and periods of grace in seconds."""

import re
from typing import Final

from scanners.semantics.servers import SERVERS, WORKERS

_UNIT: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


_PYTHON: Final = re.compile(r"\bpython[\d.]*\s+(-u\s+)?(-m\s+)?[\w./-]+")


CELERY: Final = re.compile(r"\bcelery\b.*\bworker\b")


_ENDS: Final = re.compile(r"\b(migrate|pytest|test|--version|--help|collectstatic|-c)\b")


def is_lasting(text: str) -> bool:
    return bool(SERVERS.search(text) or WORKERS.search(text) or (_PYTHON.search(text) and not _ENDS.search(text)))


def seconds(text: str) -> float | None:
    """A period as compose (`1m30s`) or Kubernetes (`30`) writes it."""
    if re.match(r"^\d+(\.\d+)?$", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    return sum(float(number) * _UNIT[unit] for number, unit in parts) if parts else None
