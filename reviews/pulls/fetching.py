"""The two trees that a scan of a pull request looks at: its head, and where it left the branch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from reviews.models import Comparison, Repository, Scan
from reviews.pulls.comparing import Start
from reviews.sources import credential, policy
from scanners.git.address import parse_source
from scanners.git.ancestry import is_part, merge_base
from scanners.git.errors import SourceError
from scanners.git.fetch import Fetched, fetch, ls_remote

Answer = TypeVar("Answer")
_GONE = ("commit_gone", "branch_not_found", "empty_repository")


@dataclass(frozen=True, slots=True)
class Trees:
    """Two stores; `start` says what the base is."""

    head: Fetched
    base: Fetched
    start: Start


def trees(scan: Scan, scratch: Path, tick: Callable[[], None]) -> Trees:
    """Fetch the head of a scan's pull request and what it is compared with, below `scratch`, an empty directory.

    Without a common commit within reach the branch's head is the base. Raises SourceError.
    """
    server = _Server(scan.repository, scratch, tick)
    head = server.first_of(_heads(server, scan))
    branch = server.at(scan.repository.branch)
    point = server.unless_gone(lambda: server.merge_base(head.commit, branch))
    base = server.unless_gone(lambda: _other(server, head, point)) if point else None
    if base is not None:
        return Trees(head, base, Start(base.commit, Comparison.Base.MERGE_BASE))
    return Trees(head, _other(server, head, branch), Start(branch, Comparison.Base.BRANCH))


def _heads(server: "_Server", scan: Scan) -> list[str]:
    """What to ask for, the best first. The event is a hint, the ref counts, unless the server shows it late."""
    wanted, ref = scan.wanted_commit, scan.branch
    if not wanted:
        return [ref]
    at = wanted if ref.endswith("/merge") else server.unless_gone(lambda: server.at(ref))
    if at in (None, wanted) or server.unless_gone(lambda: server.leads_to(at or "", wanted)):
        return [wanted, ref]
    return [ref, wanted]


def _other(server: "_Server", head: Fetched, commit: str) -> Fetched:
    return head if commit == head.commit else server.fetch(commit)


class _Server:
    """Where a repository is fetched from; each exchange has a directory of its own."""

    def __init__(self, repository: Repository, scratch: Path, tick: Callable[[], None]) -> None:
        rules = policy()
        self._source = parse_source(repository.url, rules)
        self._scratch = scratch
        self._with: dict[str, Any] = {"policy": rules, "tick": tick, "credential": credential(repository)}

    def fetch(self, ref: str) -> Fetched:
        """The commit that a ref or commit id names."""
        return fetch(self._source, ref, self._room(), **self._with)

    def at(self, ref: str) -> str:
        """The commit id that a ref has now."""
        return ls_remote(self._source, ref, self._room(), **self._with)

    def leads_to(self, commit: str, head: str) -> bool:
        """Whether a commit is certainly part of what led to another one."""
        return is_part(self._source, [commit], head, self._room(), **self._with) is True

    def merge_base(self, head: str, branch: str) -> str | None:
        """Where `head` left the history of `branch`."""
        return merge_base(self._source, head, branch, self._room(), **self._with)

    def first_of(self, refs: list[str]) -> Fetched:
        """The first of some refs that the server has."""
        *others, last = refs
        found = (self.unless_gone(partial(self.fetch, ref)) for ref in others)
        return next(filter(None, found), None) or self.fetch(last)

    def unless_gone(self, ask: Callable[[], Answer]) -> Answer | None:
        """An answer; None when the server does not have what is asked for. Raises other SourceErrors."""
        try:
            return ask()
        except SourceError as error:
            if error.code not in _GONE:
                raise
            return None

    def _room(self) -> Path:
        room = self._scratch / str(sum(1 for _ in self._scratch.iterdir()))
        room.mkdir()
        return room
