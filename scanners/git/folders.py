"""
The folders of a tree by the ids that git gives them, so that the next list reads only folders that changed.

    folder = gathered(root, records)                 # of all that git lists
    again = changed(folder, root, reader, policy)    # another tree; None where git itself has to list it

Equal folders have equal ids: what stands in one is taken over as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scanners.git.blobs import BlobReader
from scanners.git.listing import Entry, Record, shown_path
from scanners.git.policy import Policy

_FOLDER = b"40000"
_DEEPEST = 100
_ID_BYTES = 20


@dataclass(slots=True, eq=False, weakref_slot=True)
class Folder:
    """One folder: its id, its path with a slash at the end (empty for the root), the files and the folders in it.

    Never changed once it is whole, so that what is known of one holds as long as it stands in the tree.
    """

    sha: str
    path: bytes
    files: dict[bytes, Entry] = field(default_factory=dict)
    folders: dict[bytes, "Folder"] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Entry]:
        for folder in self.all():
            yield from folder.files.values()

    def all(self) -> Iterator["Folder"]:
        """This folder and all below it."""
        waiting = [self]
        while waiting:
            folder = waiting.pop()
            yield folder
            waiting += folder.folders.values()


class _GitMustListError(Exception):
    """Something is too large, too deep or not as expected."""


def gathered(root: str, records: Iterable[Record]) -> Folder:
    """The folders of a tree of which git lists everything: folders before what is in them."""
    whole = Folder(root, b"")
    known = {b"": whole}
    for record in records:
        above, _, name = record.path.rpartition(b"/")
        if record.is_folder:
            known[record.path] = known[above].folders[name] = Folder(record.entry.sha, record.path + b"/")
        else:
            known[above].files[name] = record.entry
    return whole


def changed(known: Folder, root: str, reader: BlobReader, policy: Policy) -> Folder | None:
    """Another tree, by what is `known` of one much like it. None for one that git itself has to list and to judge."""
    try:
        found = _read(known, root, reader, policy, 0)
    except _GitMustListError:
        return None
    return found if sum(len(folder.files) for folder in found.all()) <= policy.max_entries else None


def _read(known: Folder, sha: str, reader: BlobReader, policy: Policy, depth: int) -> Folder:
    if known.sha == sha:
        return known
    raw = reader.read(sha, "tree")
    if raw is None or depth > _DEEPEST:
        raise _GitMustListError
    folder = Folder(sha, known.path)
    for mode, name, child in _children(raw):
        path = known.path + name
        if name in folder.files or name in folder.folders:
            raise _GitMustListError
        if mode == _FOLDER:
            before = known.folders.get(name) or Folder("", path + b"/")
            folder.folders[name] = _read(before, child, reader, policy, depth + 1)
        else:
            folder.files[name] = _file(known.files.get(name), path, mode.decode(), child, reader, policy)
    return folder


def _file(known: Entry | None, path: bytes, mode: str, sha: str, reader: BlobReader, policy: Policy) -> Entry:
    mode = mode.zfill(6)
    if known is not None and (known.sha, known.mode) == (sha, mode):
        return known
    found = reader.info(sha) if mode != "160000" else None
    return Entry(shown_path(path, policy.max_path_bytes), sha, mode, found.size if found else None)


def _children(raw: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    """Mode, name and id of everything in a folder, as git keeps it."""
    at = 0
    while at < len(raw):
        middle = raw.find(b"\0", at)
        mode, _, name = raw[at:middle].partition(b" ")
        at = middle + 1 + _ID_BYTES
        if middle < 0 or not mode.isdigit() or not name or b"/" in name or at > len(raw):
            raise _GitMustListError
        yield mode, name, raw[middle + 1 : at].hex()
