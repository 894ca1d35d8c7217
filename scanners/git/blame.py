"""
Which commits wrote lines that stand in a commit: read from a bare store with as much history as was fetched.

    with_history = fetch_content(source, commit, scratch, depths=(1000, 50), policy=..., tick=...)
    said = blame(with_history, commit, "pay.py", [10, 32], policy=..., tick=...)
    said[10].commit, said[10].author, said[10].authored_at
    said[10].is_whole       # False: it is as old as what was fetched, so that commit need not have written it

White space alone makes nobody the author of a line, and a renamed file keeps its authors.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanners.git.address import Source
from scanners.git.credential import Credential
from scanners.git.environment import clean_environment
from scanners.git.errors import SourceError
from scanners.git.fetch import fetch_history
from scanners.git.names import check_commit
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, run
from scanners.git.store import MAX_NAME, clean, moment
from scanners.regex import regex

_HEAD = regex(rb"([0-9a-f]{40}) \d+ (\d+)(?: \d+)?")
_SMALLER_HELPS = frozenset({"repository_too_large", "remote_timeout", "server_floods"})


@dataclass(frozen=True, slots=True)
class Origin:
    """The commit that wrote a line; with `is_whole` False only the oldest one known to have it."""

    commit: str
    author: str
    authored_at: datetime
    is_whole: bool


def fetch_content(
    source: Source,
    commit: str,
    scratch: Path,
    *,
    depths: Sequence[int],
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
) -> Path:
    """Fetch a commit and what leads to it with its files, as deep as the limits allow, into a store; return it.

    `depths` are numbers of generations, tried in their order. `scratch` is an empty directory. Raises SourceError.
    """
    content: tuple[list[str], ...] = ([f"--filter=blob:limit={policy.max_blob_bytes}"], [])
    for depth in depths[:-1]:
        try:
            return _fetched(source, commit, scratch, depth, content, policy, tick, credential)
        except SourceError as failure:
            if failure.code not in _SMALLER_HELPS:
                raise
    return _fetched(source, commit, scratch, depths[-1], content, policy, tick, credential)


def _fetched(
    source: Source,
    commit: str,
    scratch: Path,
    depth: int,
    content: Sequence[list[str]],
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None,
) -> Path:
    place = scratch / str(depth)
    place.mkdir()
    return fetch_history(
        source, [commit], place, depth=depth, policy=policy, tick=tick, credential=credential, filters=content
    )


def blame(
    store: Path,
    commit: str,
    path: str,
    lines: Iterable[int],
    *,
    policy: Policy,
    tick: Callable[[], None],
    seconds: float,
) -> dict[int, Origin]:
    """Say who wrote these lines of a file of the commit; what cannot be told is not there.

    Empty when the file was not fetched, has no such line, or takes longer than `seconds`.
    """
    ranges = [f"-L{line},{line}" for line in sorted(set(lines))]
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    command = [git(), f"--git-dir={store}", "blame", "--line-porcelain", "--root", "-w", *ranges, check_commit(commit)]
    try:
        done = run(
            [*command, "--", path], allowed, clean_environment(), seconds=seconds, max_output=16 * MIB, tick=tick
        )
    except SourceError:
        return {}
    return dict(_origins(done.stdout, _cut(store))) if done.returncode == 0 else {}


def _cut(store: Path) -> frozenset[str]:
    """Commits whose parents were not fetched: they seem to have written all that is older than they are."""
    shallow = store / "shallow"
    return frozenset(shallow.read_text(encoding="ascii").split() if shallow.exists() else ())


def _origins(told: bytes, cut: frozenset[str]) -> Iterator[tuple[int, Origin]]:
    commit, line = "", 0
    fields: dict[bytes, bytes] = {}
    for row in told.split(b"\n"):
        if row.startswith(b"\t"):
            yield line, _origin(commit, fields, cut)
            commit, fields = "", {}
        elif not commit and (head := _HEAD.fullmatch(row)):
            commit, line = head[1].decode(), int(head[2])
        else:
            key, _, value = row.partition(b" ")
            fields[key] = value


def _origin(commit: str, fields: Mapping[bytes, bytes], cut: frozenset[str]) -> Origin:
    seconds = fields.get(b"author-time", b"0")
    author = clean(fields.get(b"author", b""), MAX_NAME)
    return Origin(commit, author, moment(int(seconds) if seconds.lstrip(b"-").isdigit() else 0), commit not in cut)
