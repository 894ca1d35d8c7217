"""A plain folder as a tree of blobs: for a laptop, pre-commit and CI, where the code is trusted to be there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanners.scan import blob_sha

_LEFT_OUT = frozenset("venv __pycache__ node_modules build dist".split())
_KEPT = frozenset(
    ".github .gitlab .circleci .gitea .forgejo .buildkite .azure-pipelines .ci .woodpecker .semaphore .builds".split()
)
"""Folders with a dot that describe the pipeline; others hold caches, environments and histories."""


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """One file below the folder, as `scanners.scan` wants it."""

    path: str
    sha: str
    mode: str
    size: int | None


class Folder:
    """Lists and reads the files below a folder. Links are named, never followed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths: dict[str, Path] = {}

    def entries(self) -> Iterator[FolderEntry]:
        """Every file, in order of path. Pipes and devices are none, as in git: to read one may take for ever."""
        for directory, names, files in os.walk(self._root):
            names[:] = sorted(filter(_is_code, names))
            for file in (Path(directory, name) for name in sorted(files)):
                if file.is_symlink() or file.is_file():
                    yield self._entry(file)

    def _entry(self, file: Path) -> FolderEntry:
        path = file.relative_to(self._root).as_posix()
        if file.is_symlink():
            return FolderEntry(path, "", "120000", None)
        sha = blob_sha(file.read_bytes())
        self._paths[sha] = file
        return FolderEntry(path, sha, "100644", file.stat().st_size)

    def read(self, sha: str) -> bytes | None:
        """The bytes that were listed under `sha`, None for what was not."""
        return self._paths[sha].read_bytes() if sha in self._paths else None


def _is_code(name: str) -> bool:
    return name in _KEPT or not (name.startswith(".") or name in _LEFT_OUT)
