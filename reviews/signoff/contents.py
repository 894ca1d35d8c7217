"""The files of a repository at one commit, fetched anew for as long as they are read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reviews.models import Repository
from reviews.sources import credential, policy
from scanners.evidence import EvidenceError
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.listing import Entry
from scanners.git.store import Store

_MODES = {
    "120000": ("symbolic-link", "This is a symbolic link.", "Name the file that it leads to."),
    "160000": ("submodule", "This is a submodule, a repository of its own.", "Attach a link to it."),
}


class Contents:
    """The files of one commit below the repository's sub-path."""

    def __init__(self, store: Store, entries: dict[str, Entry]) -> None:
        self._store = store
        self._entries = entries

    def blob(self, path: str) -> str:
        """The id of a file's content; empty when the commit has no such file."""
        return self._entries[path].sha if path in self._entries else ""

    def read(self, path: str) -> bytes:
        """What is in a file. Raises EvidenceError, which says what to do."""
        entry = self._entries.get(path)
        if entry is None:
            raise EvidenceError("no-such-file", "The commit has no such file.", "Remove this and name another file.")
        if entry.mode in _MODES:
            raise EvidenceError(*_MODES[entry.mode])
        content = self._store.read(entry.sha)
        if content is None:
            message = f"The file is larger than {policy().max_blob_bytes:,} bytes."
            raise EvidenceError("too-large", message, "Attach the part that matters as an upload.")
        return content


@contextmanager
def contents(repository: Repository, commit: str, scratch: Path, tick: Callable[[], None]) -> Iterator[Contents]:
    """The files of a full commit id; `scratch` and `tick` as of `fetch`. Raises SourceError."""
    rules = policy()
    fetched = fetch(
        parse_source(repository.url, rules),
        commit,
        scratch,
        policy=rules,
        tick=tick,
        credential=credential(repository),
    )
    with Store(fetched.git_dir, rules) as store:
        entries = store.entries(fetched.commit, repository.sub_path)
        yield Contents(store, {entry.path: entry for entry in entries})
