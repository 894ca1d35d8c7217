"""The earlier commits of a repository on this machine, for filling a trend with its past."""

from pathlib import Path

from scanners.git.address import Source, parse_source
from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.local import git_dir
from scanners.git.names import check_branch
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, run
from scanners.git.store import CommitInfo, Store


def history(source: Source, branch: str, limit: int, *, policy: Policy) -> list[CommitInfo]:
    """Return the last `limit` first-parent commits of a branch, oldest first. Local repositories only."""
    checked = parse_source(source.url, policy)
    if not checked.is_local:
        raise error("local_path_not_allowed")
    store = git_dir(Path(checked.path))
    if not (store / "objects").is_dir():
        raise error("repository_not_found")
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    ref = f"refs/heads/{check_branch(branch)}"
    command = [git(), f"--git-dir={store}", "rev-list", "--first-parent", f"--max-count={int(limit)}", ref, "--"]
    done = run(
        command, allowed, clean_environment(), seconds=policy.list_seconds, max_output=16 * MIB, tick=lambda: None
    )
    if done.returncode != 0:
        raise error("branch_not_found")
    with Store(store, policy) as opened:
        return [opened.commit(sha) for sha in reversed(done.stdout.decode().split())]
