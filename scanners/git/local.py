"""Repositories on this machine: only below the operator's directories, and only if all of one lies there."""

from pathlib import Path

from scanners.git.errors import error

# Parts of a repository that may be links, and files that make git look for objects somewhere else.
PARTS = ("", "HEAD", "config", "objects", "objects/info", "objects/pack", "packed-refs", "refs", "refs/heads")
LEADING_AWAY = ("commondir", "objects/info/alternates", "objects/info/http-alternates")


def check_local_path(text: str, roots: tuple[Path, ...]) -> Path:
    """Return the resolved directory of a repository. Raises SourceError local_path_not_allowed.

    Links are followed before the check. A directory that does not exist passes, if it would be below a root.
    """
    if not text.startswith("/") or "%" in text:
        raise error("local_path_not_allowed")
    allowed = [root.resolve() for root in roots]
    try:
        path = Path(text).resolve()
        parts = [(git_dir(path) / part).resolve() for part in PARTS]
    except (OSError, RuntimeError):
        raise error("local_path_not_allowed") from None
    inside = any(all(part.is_relative_to(root) for part in (path, *parts)) for root in allowed)
    endless = any(part.is_symlink() for part in (path, *parts))  # Python 3.13 leaves a link in a circle as it is.
    if (
        not inside
        or endless
        or (path / ".git").is_file()
        or any((git_dir(path) / name).exists() for name in LEADING_AWAY)
    ):
        raise error("local_path_not_allowed")
    return path


def git_dir(path: Path) -> Path:
    """Return where the repository at a path keeps its objects: in the directory itself or in its .git."""
    return path / ".git" if (path / ".git").is_dir() else path
