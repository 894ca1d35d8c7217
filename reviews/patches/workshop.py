"""Where files of one commit are mended and proved: the store it was fetched into, and a child that may be killed."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType

from reviews.advisories import stored
from reviews.cache import DatabaseCache
from reviews.models import Scan
from reviews.sources import credential, policy
from reviews.warm import pool
from scanners import registry
from scanners.finding import BlobAnswer, Report
from scanners.fixes.request import MendKey, Target
from scanners.fixes.tree import Outcome, mend_tree
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.listing import Entry
from scanners.git.store import Store
from scanners.pool import Pool, Read
from scanners.scan import scan_commit
from scanners.wanted import Entry as AnyEntry

_SECONDS_A_FILE = 30.0
_CHILD = "scanners.fixes.worker"


class Workshop:
    """The commit of one scan. It is fetched when it is first needed, and once.

    `scratch` is an empty directory; `tick` is called at least five times a second, and what it raises ends the work.
    A context manager, for one thread.
    """

    def __init__(self, scan: Scan, scratch: Path, tick: Callable[[], None]) -> None:
        self.scan = scan
        self._scratch = scratch
        self._tick = tick
        self._open = ExitStack()

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def mend(self, wanted: Iterable[tuple[str, Target]], mended: Callable[[MendKey], None]) -> Outcome:
        """What comes of the wanted findings, as (path, target); `mended` is called after each file.

        Raises SourceError.
        """
        store = self._store
        return mend_tree(
            self._before,
            self._entries,
            store.read,
            wanted,
            menders=_Told(self._child, mended),
            rescan=self._report,
            tick=self._tick,
        )

    @cached_property
    def _store(self) -> Store:
        rules, repository = policy(), self.scan.repository
        fetched = fetch(
            parse_source(repository.url, rules),
            self.scan.commit,
            self._scratch,
            policy=rules,
            tick=self._tick,
            credential=credential(repository),
        )
        return self._open.enter_context(Store(fetched.git_dir, rules))

    @cached_property
    def _child(self) -> Pool:
        return self._open.enter_context(Pool(1, _SECONDS_A_FILE, _CHILD))

    @cached_property
    def _entries(self) -> list[Entry]:
        return list(self._store.entries(self.scan.commit, self.scan.repository.sub_path))

    @cached_property
    def _before(self) -> Report:
        return self._report(self._entries, self._store.read)

    def _report(self, entries: Iterable[AnyEntry], read: Read) -> Report:
        """What the rules say of a tree. Only files that no scan has seen yet are looked at."""
        authored = self.scan.authored_at
        return scan_commit(
            self.scan.commit,
            entries,
            read,
            kind=self.scan.repository.kind,
            children=pool(),
            cache=DatabaseCache(registry.digest()),
            progress=lambda _: self._tick(),
            date=authored.date() if authored else None,
            advisories=stored.current(),
        )


class _Told:
    """A child that says which file it is done with."""

    def __init__(self, child: Pool, mended: Callable[[MendKey], None]) -> None:
        self._child = child
        self._mended = mended

    def answers(
        self, read: Read, wanted: Iterable[MendKey], tick: Callable[[], None]
    ) -> Iterator[tuple[MendKey, BlobAnswer]]:
        """As those of the child."""
        for key, answer in self._child.answers(read, wanted, tick):
            yield key, answer
            self._mended(key)
