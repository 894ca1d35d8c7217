"""The killable child: blobs in, JSON lines out. It holds no Django, no database, no secret, and can die at any moment.

A request is a line of JSON {sha, path_class, size} and then `size` bytes; the answer is one line of JSON.
"""

import gc
import json
import sys
from typing import BinaryIO

from scanners import registry
from scanners.engine import Engine
from scanners.paths import PathClass

READY = b"ready\n"
_RECURSION = 5000  # Deep enough for real code; a deeper file ends as "too-deep".


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Say that the rules are loaded, then answer requests until their stream ends."""
    engine = Engine(registry.collectors())
    answers.write(READY)
    answers.flush()
    while line := requests.readline():
        request = json.loads(line)
        raw = requests.read(request["size"])
        answer = engine.answer(raw, PathClass.read(request["path_class"]))
        answers.write(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    gc.disable()  # Half of a parse is the collector looking for cycles that trees do not have.
    sys.setrecursionlimit(_RECURSION)
    serve(sys.stdin.buffer, sys.stdout.buffer)
