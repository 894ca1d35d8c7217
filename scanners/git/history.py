"""The earlier commits of a repository, for filling a trend with its past."""

from collections.abc import Callable
from pathlib import Path

from scanners.git.address import Source, parse_source
from scanners.git.credential import Credential
from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.fetch import fetch_history
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


def past(
    source: Source,
    head: str,
    scratch: Path,
    *,
    limit: int,
    every: int = 1,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
) -> list[str]:
    """Return the ids of `limit` first-parent commits that lead to `head`, each `every`-th of them, oldest first.

    `head` is left out. `scratch` is an empty directory; `tick` as of `fetch`. Raises SourceError.
    """
    farthest = limit * every
    store = fetch_history(source, [head], scratch, depth=farthest + 1, policy=policy, tick=tick, credential=credential)
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    command = [git(), f"--git-dir={store}", "rev-list", "--first-parent", f"--max-count={farthest + 1}", head, "--"]
    done = run(command, allowed, clean_environment(), seconds=policy.list_seconds, max_output=16 * MIB, tick=tick)
    if done.returncode != 0:
        raise error("malformed_repository")
    return done.stdout.decode().split()[1:][every - 1 :: every][::-1]
