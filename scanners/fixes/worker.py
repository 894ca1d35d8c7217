"""The child that mends files, as `scanners.worker` looks at them: it may crash or be killed, and costs one file."""

import gc
import sys
from collections.abc import Mapping
from typing import Any

from scanners import registry
from scanners.engine import Engine
from scanners.fixes import mending
from scanners.worker import RECURSION, serve


def main() -> None:
    """Serve whoever started this process. The collector stays on: concrete trees refer in circles."""
    sys.setrecursionlimit(RECURSION)
    engine = Engine(registry.collectors())

    def answer(request: Mapping[str, Any], raw: bytes) -> dict[str, Any]:
        try:
            return mending.answer(engine, request, raw)
        finally:
            gc.collect()

    serve(sys.stdin.buffer, sys.stdout.buffer, answer)


if __name__ == "__main__":
    main()
