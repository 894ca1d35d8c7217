"""Who wrote the commits of a history: authors, committers and co-authors, read from the commits alone.

A mailmap is not applied: it is content of the repository, and whoever can change it could hide an author with it.
"""

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from scanners.git.address import Source
from scanners.git.blobs import BlobReader
from scanners.git.credential import Credential
from scanners.git.environment import clean_environment
from scanners.git.errors import SourceError, error
from scanners.git.fetch import fetch_history
from scanners.git.names import UNSEEN
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, run
from scanners.git.store import clean

MAX_TEXT = 320  # An address may be as long as this.
MAX_CO_AUTHORS = 1000
MAX_COMMIT_BYTES = 16 * MIB
FIRST_DEPTH = 250

Person = tuple[str, str]
ENCODINGS = frozenset(
    b"iso-8859-1 iso-8859-2 iso-8859-15 latin1 latin-1 cp1250 cp1251 cp1252 windows-1250 windows-1251 windows-1252 "
    b"koi8-r koi8-u shift_jis euc-jp euc-kr gbk gb18030 big5".split()
)
CO_AUTHOR = b"co-authored-by"


@dataclass(frozen=True)
class Authors:
    """`people` are (name, address, number of commits), those with most commits first.

    `complete` is False when the history or its list of co-authors goes on beyond the limit. `since` is the commit up
    to which was read; empty when that one is gone from the server or none was named, so that all commits count.
    """

    people: tuple[tuple[str, str, int], ...]
    complete: bool
    since: str = ""


def authors(
    source: Source,
    commit: str,
    since: str,
    scratch: Path,
    *,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
    limit: int = 1000,
) -> Authors:
    """Return who wrote the commits that lead to `commit` and not to `since`, the newest `limit` of them.

    Empty `since` means all. `scratch` is an empty directory; `tick` as of `fetch`. Raises SourceError.
    """
    if commit == since:
        return Authors((), complete=True, since=since)
    depths = (FIRST_DEPTH, limit + 1) if since and limit > FIRST_DEPTH else (limit + 1,)
    for depth in depths:
        place = scratch / str(depth)
        place.mkdir()
        fetch = partial(fetch_history, source, depth=depth, policy=policy, tick=tick, credential=credential)
        history = History(*_fetch(fetch, commit, since, place), policy, tick)
        if history.is_exact and history.since == since:
            break
    commits = history.commits(limit + 1)
    people, all_named = history.people(commits[:limit])
    complete = all_named and len(commits) <= limit and not history.is_cut
    return Authors(people, complete, history.since)


def _fetch(fetch: Callable[..., Path], commit: str, since: str, scratch: Path) -> tuple[Path, str, str]:
    """The store, the commit, and `since`, which is empty when the server does not have it any more."""
    for number, commits in enumerate([[commit, since], [commit]] if since else [[commit]]):
        place = scratch / str(number)
        place.mkdir()
        try:
            store = fetch(commits, place)
            break
        except SourceError as failure:
            if failure.code != "commit_gone" or commits == [commit]:
                raise
    with BlobReader(store) as reader:
        # A server that gives out heads alone still sends what lies within the depth.
        return store, commit, since if since and reader.info(since) else ""


class History:
    """The commits of a store that lead to `commit` and not to `since`, as far as they were fetched."""

    def __init__(self, store: Path, commit: str, since: str, policy: Policy, tick: Callable[[], None]) -> None:
        self.since = since
        self._store = store
        self._range = [commit, *([f"^{since}"] if since else []), "--"]
        self._policy = policy
        self._tick = tick

    @cached_property
    def _cut(self) -> frozenset[str]:
        """Commits whose parents were not fetched."""
        shallow = self._store / "shallow"
        return frozenset(shallow.read_text(encoding="ascii").split() if shallow.exists() else ())

    @cached_property
    def _ends(self) -> list[str]:
        return self._list("--max-parents=0") if self._cut else []

    @property
    def is_cut(self) -> bool:
        """Whether there are earlier commits that were not fetched."""
        return not self._cut.isdisjoint(self._ends)

    @property
    def is_exact(self) -> bool:
        """Whether more depth would change nothing: every line of commits ends at one that leads to `since`."""
        return not self._ends

    def commits(self, limit: int = -1) -> list[str]:
        """Their ids, the newest first; all of them without a limit."""
        return self._list(f"--max-count={limit}")

    def people(self, commits: Sequence[str]) -> tuple[tuple[tuple[str, str, int], ...], bool]:
        """Who wrote these commits, and whether all of them are there. Those with most commits come first."""
        wrote: Counter[Person] = Counter()
        named: Counter[Person] = Counter()
        deadline = time.monotonic() + self._policy.list_seconds
        with BlobReader(self._store, MAX_COMMIT_BYTES) as reader:
            for commit in commits:
                self._tick()
                raw = reader.read(commit, "commit")
                if raw is None or time.monotonic() > deadline:
                    raise error("resource_limit")
                own, others = people_of(raw)
                wrote.update(own)
                named.update(other for other in others - own if other in named or len(named) < MAX_CO_AUTHORS)
        full = len(named) >= MAX_CO_AUTHORS
        ranked = sorted((wrote + named).items(), key=lambda person: (-person[1], person[0]))
        return tuple((name, email, count) for (name, email), count in ranked), not full

    def _list(self, option: str) -> list[str]:
        allowed = Limits(memory=self._policy.max_memory_bytes, file_size=0, cpu=self._policy.cpu_seconds)
        command = [git(), f"--git-dir={self._store}", "rev-list", option, *self._range]
        seconds = self._policy.list_seconds
        done = run(command, allowed, clean_environment(), seconds=seconds, max_output=16 * MIB, tick=self._tick)
        if done.returncode != 0:
            raise error("store_unreadable")
        return done.stdout.decode("ascii", "replace").split()


def people_of(raw: bytes) -> tuple[set[Person], set[Person]]:
    """Author and committer of a commit as it is stored, and those whom its message names as co-authors."""
    head, _, message = raw.partition(b"\n\n")
    fields = [line.partition(b" ")[::2] for line in head.split(b"\n")]
    encoding = next((value for key, value in fields if key == b"encoding" and value.lower() in ENCODINGS), b"")
    read = partial(_person, encoding=encoding.decode() or "utf-8")
    own = {read(value) for key, value in fields if key in (b"author", b"committer")}
    lines = (line.strip().partition(b":") for line in re.split(rb"[\r\n\0]", message))
    return own, {read(value) for key, _, value in lines if key.strip().lower() == CO_AUTHOR} - {("", "")}


def _person(line: bytes, *, encoding: str) -> Person:
    name, _, rest = line.partition(b"<")
    return _readable(name, encoding), _readable(rest.partition(b">")[0], encoding)


def _readable(text: bytes, encoding: str) -> str:
    words = text.strip()[: 8 * MAX_TEXT].decode(encoding, "replace").split()
    seen = "".join(letter for letter in " ".join(words) if unicodedata.category(letter) not in UNSEEN)
    return clean(seen, MAX_TEXT)
