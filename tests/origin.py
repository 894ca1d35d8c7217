"""Real git repositories to fetch from, made with plumbing: no working tree, no configuration of the machine."""

import os
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada Author",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Author",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def make_repository(path: Path, branch: str = "main") -> Path:
    """An empty bare repository at `path`, whose HEAD is `branch`."""
    path.mkdir(parents=True)
    _git(path, "init", "--quiet", "--bare", f"--initial-branch={branch}", ".")
    return path


def commit_files(
    repository: Path,
    files: dict[str, str | bytes | None],
    *,
    message: str = "Change files",
    branch: str = "main",
    date: str = "2026-01-05T12:00:00+00:00",
    author: str = "Ada Author <ada@example.org>",
) -> str:
    """Put `files` (path -> content, None removes) on top of `branch` and return the new commit's id."""
    ref = f"refs/heads/{branch}"
    parent = _git(repository, "for-each-ref", "--format=%(objectname)", ref)
    index = {"GIT_INDEX_FILE": str(repository / "index-of-commit-files")}
    _git(repository, "read-tree", *([parent] if parent else ["--empty"]), env=index)
    lines = [_index_line(repository, path, content) for path, content in files.items()]
    _git(repository, "update-index", "-z", "--index-info", env=index, stdin="".join(lines).encode())
    tree = _git(repository, "write-tree", env=index)
    name, _, address = author.rstrip(">").partition(" <")
    who = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    commit = _git(repository, "commit-tree", tree, *(["-p", parent] if parent else []), "-m", message, env=who)
    _git(repository, "update-ref", ref, commit)
    return commit


def _index_line(repository: Path, path: str, content: str | bytes | None) -> str:
    if content is None:
        return f"0 {'0' * 40}\t{path}\0"
    data = content.encode() if isinstance(content, str) else content
    blob = _git(repository, "hash-object", "-w", "--stdin", stdin=data)
    return f"100644 {blob}\t{path}\0"


def _git(repository: Path, *arguments: str, env: dict[str, str] | None = None, stdin: bytes = b"") -> str:
    command = ["git", "-C", str(repository), *arguments]
    done = subprocess.run(
        command, input=stdin, env=_ENVIRONMENT | (env or {}), capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().strip()
