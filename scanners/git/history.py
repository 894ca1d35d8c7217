"""The earlier commits of a repository on this machine, for filling a trend with its past."""

from pathlib import Path

from scanners.git.address import Source, parse_source
from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.names import check_branch
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, run
from scanners.git.store import CommitInfo, Store


def history(source: Source, branch: str, limit: int, *, policy: Policy) -> list[CommitInfo]:
    """Return the last `limit` first-parent commits of a branch, oldest first. Local repositories only."""
    checked = parse_source(source.url, policy)
    if not checked.is_local:
        raise error("local_path_not_allowed")
    git_dir = local_git_dir(checked)
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    ref = f"refs/heads/{check_branch(branch)}"
    command = [git(), f"--git-dir={git_dir}", "rev-list", "--first-parent", f"--max-count={int(limit)}", ref, "--"]
    done = run(
        command, allowed, clean_environment(), seconds=policy.list_seconds, max_output=16 * MIB, tick=lambda: None
    )
    if done.returncode != 0:
        raise error("branch_not_found")
    with Store(git_dir, policy) as store:
        return [store.commit(sha) for sha in reversed(done.stdout.decode().split())]


def local_git_dir(source: Source) -> Path:
    """Return where a local repository keeps its objects. Raises SourceError not_a_repository."""
    path = Path(source.path)
    git_dir = path / ".git" if (path / ".git").is_dir() else path
    if not (git_dir / "objects").is_dir():
        raise error("repository_not_found")
    return git_dir
