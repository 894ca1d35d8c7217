"""The killable child: blobs in, JSON lines out. It holds no Django, no database, no secret, and can die at any moment.

A request is a line of JSON {sha, path_class, size} and then `size` bytes; the answer is one line of JSON.
"""

import gc
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from scanners import registry
from scanners.engine import Engine
from scanners.finding import BlobAnswer
from scanners.paths import PathClass
from scanners.regex import regex

READY = b"ready\n"
RECURSION = 5000  # Deep enough for real code; a deeper file ends as "too-deep".
_ODD: Final = regex(r"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]")
"""NULs and halves of pairs of surrogates in JSON, and whatever looks so beside an escaped backslash."""
LONGEST = 4000  # Characters of a text in a fact; real ones stay below a quarter of it.


def serve(requests: BinaryIO, answers: BinaryIO, answer: Callable[[Mapping[str, Any], bytes], BlobAnswer]) -> None:
    """Say that all is loaded, then answer requests until their stream ends."""
    answers.write(READY)
    answers.flush()
    while line := requests.readline():
        request = json.loads(line)
        raw = requests.read(request["size"])
        answers.write(line_of(answer(request, raw)))
        answers.flush()


def line_of(said: BlobAnswer) -> bytes:
    """An answer as a line of JSON whose texts every database and terminal takes."""
    line = json.dumps(said, separators=(",", ":"))
    if _ODD.search(line) or ("\\ud" in line and "\\\\u" in line):
        line = json.dumps(_keepable(said), separators=(",", ":"))
    return line.encode() + b"\n"


def _keepable(value: Any) -> Any:
    """The same answer, NULs and halves of pairs of surrogates in its texts as visible escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    if isinstance(value, list | tuple):
        return [_keepable(part) for part in value]
    return {_keepable(name): _keepable(part) for name, part in value.items()} if isinstance(value, dict) else value


def shortened(value: Any) -> Any:
    """The same facts, each text in them cut. Who joins them has no child to lose, so no text may be of a megabyte."""
    if isinstance(value, str):
        return value[:LONGEST]
    if isinstance(value, list):
        return [shortened(part) for part in value]
    return {name: shortened(part) for name, part in value.items()} if isinstance(value, dict) else value


def main() -> None:
    """Serve whoever started this process."""
    gc.disable()  # Half of a parse is the collector looking for cycles that trees do not have.
    sys.setrecursionlimit(RECURSION)
    engine = Engine(registry.collectors())

    def answer(request: Mapping[str, Any], raw: bytes) -> BlobAnswer:
        said = engine.answer(raw, PathClass.read(request["path_class"]))
        return said | {"facts": shortened(said["facts"])} if len(raw) > LONGEST and "facts" in said else said

    serve(sys.stdin.buffer, sys.stdout.buffer, answer)


if __name__ == "__main__":
    main()
