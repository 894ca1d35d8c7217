"""Writes a bare git repository from a list of commits, the same bytes for the same list."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanners.git.environment import clean_environment
from scanners.git.process import Limits, git, start

_LIMITS = Limits(memory=1 << 30, file_size=1 << 30, cpu=300)
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on top of the one before. `author` is "Name <address>"; in `files`, None removes a path."""

    message: str
    author: str
    at: datetime
    files: Mapping[str, str | bytes | None]


def write(
    path: Path,
    commits: Iterable[Commit],
    branch: str = "main",
    pulls: Mapping[int, Iterable[Commit]] | None = None,
) -> None:
    """Make the bare repository `path` with `commits` on `branch`. It appears at once, whole, or not at all.

    `pulls` are the commits of pull requests, by number, each on top of the branch. Raises OSError, also when git
    refuses what it is given.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _git(["init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(draft)], b"")
        stream = _stream(commits, branch, pulls or {})
        _git([f"--git-dir={draft}", "fast-import", "--quiet", "--date-format=raw"], stream)
        draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def mirror(checkout: Path, path: Path, branch: str = "main") -> None:
    """Make or bring up to date the bare repository `path`, whose `branch` is what is checked out in `checkout`.

    Raises OSError when git refuses.
    """
    if not path.exists():
        write(path, [], branch)
    with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as config:
        # The checkout may belong to another account of this machine.
        config.write("[safe]\n    directory = *\n")
        config.flush()
        environment = clean_environment(protocol="file", config_file=Path(config.name))
        _git([f"--git-dir={path}", "fetch", "--quiet", "--no-tags", str(checkout), f"+HEAD:{branch}"], b"", environment)


def _stream(commits: Iterable[Commit], branch: str, pulls: Mapping[int, Iterable[Commit]]) -> bytes:
    head = f"refs/heads/{branch}"
    proposed = (_commits(made, pull_ref(number), head) for number, made in pulls.items())
    return b"".join([_commits(commits, head), *proposed])


def pull_ref(number: int) -> str:
    """Where a forge shows the head of a pull request."""
    return f"refs/pull/{number}/head"


def _commits(commits: Iterable[Commit], ref: str, start: str = "") -> bytes:
    """A stream of commits on `ref`, the first on top of `start`."""
    lines: list[bytes] = []
    for number, commit in enumerate(commits):
        who = f"{commit.author} {int(commit.at.timestamp())} +0000"
        lines.append(f"commit {ref}\nauthor {who}\ncommitter {who}\n".encode())
        lines.append(_data(commit.message))
        lines.append(f"from {start}\n".encode() if start and not number else b"")
        for path, content in sorted(commit.files.items()):
            lines.append(f"D {path}\n".encode() if content is None else f"M 100644 inline {path}\n".encode())
            lines.append(b"" if content is None else _data(content))
    return b"".join(lines)


def _data(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return b"data %d\n%s\n" % (len(raw), raw)


def _git(arguments: list[str], stdin: bytes, environment: Mapping[str, str] | None = None) -> None:
    process = start([git(), *arguments], _LIMITS, environment or clean_environment(), stdin=subprocess.PIPE)
    process.communicate(stdin, timeout=_SECONDS)
    if process.returncode:
        raise OSError(f"git {arguments[-1]} ended with {process.returncode}")
