"""Which entries of a tree are looked at, by their paths and what the repository says of them."""

from typing import Final, Protocol

from scanners.finding import BlobKey, Skipped
from scanners.options import Options
from scanners.parse import MAX_BYTES
from scanners.paths import PathClass, classify

UNSEEN: Final = {
    "vendored": "Other people's code, kept here.",
    "stub": "A stub: types only, nothing that runs.",
    "generated": "Generated code.",
}
"""The classes of files that nobody looks at, and why not."""
_MODES: Final = {
    "120000": ("symlink", "A symbolic link; its target is never opened."),
    "160000": ("submodule", "Not fetched."),
}


class Entry(Protocol):
    """One entry of a tree, as `scanners.git.store` and `scanners.folder` list it."""

    @property
    def path(self) -> str:
        """Below the sub-path."""

    @property
    def sha(self) -> str:
        """The id of the blob."""

    @property
    def mode(self) -> str:
        """As git writes it: 100644, 120000 for a symbolic link, 160000 for a submodule."""

    @property
    def size(self) -> int | None:
        """In bytes; None for a blob that was left out of the fetch."""


def sort_entry(entry: Entry, options: Options) -> BlobKey | Skipped | None:
    """What of an entry is looked at, or why it is not; None for a file that no rule and no fact wants."""
    path_class = class_of(entry.path, options)
    if entry.mode in _MODES:
        return Skipped(entry.path, *_MODES[entry.mode])
    if path_class is None:
        return None
    if options.excludes(entry.path):
        return Skipped(entry.path, "excluded", f"Excluded by {options.source}.")
    if path_class.name in UNSEEN:
        return Skipped(entry.path, path_class.name, UNSEEN[path_class.name])
    if entry.size is None or entry.size > MAX_BYTES:
        return Skipped(entry.path, "too-large", f"Over the limit of {MAX_BYTES:,} bytes.")
    return BlobKey(entry.sha, str(path_class))


def class_of(path: str, options: Options) -> PathClass | None:
    """The class of a path, by what the repository says of it or else by its name."""
    path_class, name = classify(path), options.class_of(path)
    return path_class.named(name) if path_class and name else path_class
