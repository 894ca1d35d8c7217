"""Objects, packs and packets that git itself would not write."""

import hashlib
import subprocess
import zlib
from pathlib import Path

from tests.scanners.git.cast import MIB


def packet(data: bytes) -> bytes:
    return b"%04x%s" % (len(data) + 4, data)


def delta_bomb() -> bytes:
    """A pack of a 16 MiB blob of zeros and a delta that repeats it 200 times."""
    size = 16 * MIB
    base = object_head(3, size) + zlib.compress(bytes(size), 9)
    copy = b"\xf0\xff\xff\xff"  # copy 2^24-1 bytes from offset 0
    steps = number(size) + number((size - 1) * 200) + copy * 200
    delta = object_head(6, len(steps)) + offset(len(base)) + zlib.compress(steps)
    pack = b"PACK\0\0\0\2\0\0\0\2" + base + delta
    return pack + hashlib.sha1(pack).digest()


def number(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + number(rest) if rest else bytes([low])


def object_head(kind: int, size: int) -> bytes:
    first, rest = (kind << 4) | (size & 15), size >> 4
    return bytes([first | 128]) + number(rest) if rest else bytes([first])


def offset(distance: int) -> bytes:
    data = [distance & 127]
    while distance := distance >> 7:
        distance -= 1
        data.insert(0, 128 | (distance & 127))
    return bytes(data)


def make_object(repository: Path, kind: str, data: bytes) -> str:
    command = ["git", "-C", str(repository), "hash-object", "-w", "-t", kind, "--literally", "--stdin"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()


def point_main_at(repository: Path, tree: str) -> None:
    commit = make_object(
        repository, "commit", f"tree {tree}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx".encode()
    )
    subprocess.run(["git", "-C", str(repository), "update-ref", "refs/heads/main", commit], check=True)


def nested(repository: Path, inner: str, mode: bytes, width: int, depth: int) -> str:
    """A tree of `depth` levels with `width` entries each: few objects, many paths."""
    for _ in range(depth):
        names = sorted(b"%02d" % number for number in range(width))
        inner = make_object(
            repository, "tree", b"".join(mode + b" %s\0" % name + bytes.fromhex(inner) for name in names)
        )
        mode = b"40000"
    return inner
