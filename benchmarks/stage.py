"""One stage of the engine over a folder, in a process of its own: `parse` is `ast.parse` alone, `scan` is everything.

Prints JSON: CPU seconds without start, imports and reading; files, lines, findings and unparsed files.
"""

import ast
import gc
import json
import sys
import time
from pathlib import Path

from scanners import registry
from scanners.engine import Engine
from scanners.paths import PathClass, classify


def parse(sources: list[tuple[PathClass, bytes]]) -> tuple[int, int]:
    """Parse all, findings none."""
    unparsed = 0
    for _, raw in sources:
        try:
            ast.parse(raw)
        except (SyntaxError, ValueError):
            unparsed += 1
    return 0, unparsed


def scan(sources: list[tuple[PathClass, bytes]]) -> tuple[int, int]:
    """Look at all with every rule and every fact; return findings and unparsed files."""
    engine, findings, unparsed = Engine(registry.collectors()), 0, 0
    for path_class, raw in sources:
        answer = engine.answer(raw, path_class)
        findings += len(answer.get("findings", ()))
        unparsed += answer["problem"] is not None
    return findings, unparsed


def main() -> None:
    """Run one stage."""
    gc.disable()
    root = Path(sys.argv[2])
    paths = [path for path in sorted(root.rglob("*.py")) if classify(path.relative_to(root).as_posix())]
    sources = [(classify(path.relative_to(root).as_posix()), path.read_bytes()) for path in paths]
    registry.collectors()
    start = time.process_time()
    findings, unparsed = {"parse": parse, "scan": scan}[sys.argv[1]](sources)
    cpu = time.process_time() - start
    lines = sum(raw.count(b"\n") for _, raw in sources)
    print(json.dumps({"cpu": cpu, "files": len(sources), "lines": lines, "findings": findings, "unparsed": unparsed}))


if __name__ == "__main__":
    main()
