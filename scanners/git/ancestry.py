"""How commits of a history are related, without fetching more of it than it takes."""

from collections.abc import Callable, Collection
from pathlib import Path

from scanners.git.address import Source
from scanners.git.authors import FIRST_DEPTH, History
from scanners.git.credential import Credential
from scanners.git.environment import clean_environment
from scanners.git.errors import error
from scanners.git.fetch import fetch_history
from scanners.git.policy import MIB, Policy
from scanners.git.process import Limits, git, run


def is_part(
    source: Source,
    commits: Collection[str],
    head: str,
    scratch: Path,
    *,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
    limit: int = 1000,
) -> bool | None:
    """Say whether one of `commits` is `head` or leads to it; None when that takes more than `limit` generations.

    `scratch` is an empty directory; `tick` as of `fetch`. Raises SourceError.
    """
    for depth in (min(FIRST_DEPTH, limit), limit):
        place = scratch / str(depth)
        place.mkdir(exist_ok=True)
        store = fetch_history(source, [head], place, depth=depth, policy=policy, tick=tick, credential=credential)
        history = History(store, head, "", policy, tick)
        if not set(commits).isdisjoint(history.commits()):
            return True
        if not history.is_cut:
            return False
    return None


def merge_base(
    source: Source,
    head: str,
    branch: str,
    scratch: Path,
    *,
    policy: Policy,
    tick: Callable[[], None],
    credential: Credential | None = None,
    limit: int = 1000,
) -> str | None:
    """Return the newest commit that leads to both `head` and `branch`; None without one within `limit` generations.

    `scratch` is an empty directory; `tick` as of `fetch`. Raises SourceError.
    """
    for depth in (min(FIRST_DEPTH, limit), limit):
        place = scratch / str(depth)
        place.mkdir(exist_ok=True)
        both = list(dict.fromkeys([head, branch]))
        store = fetch_history(source, both, place, depth=depth, policy=policy, tick=tick, credential=credential)
        found = _common(store, head, branch, policy, tick)
        if found or not (store / "shallow").exists():
            return found
    return None


def _common(store: Path, head: str, branch: str, policy: Policy, tick: Callable[[], None]) -> str | None:
    allowed = Limits(memory=policy.max_memory_bytes, file_size=0, cpu=policy.cpu_seconds)
    command = [git(), f"--git-dir={store}", "merge-base", head, branch]
    done = run(command, allowed, clean_environment(), seconds=policy.list_seconds, max_output=MIB, tick=tick)
    if done.returncode not in (0, 1):
        raise error("store_unreadable")
    return done.stdout.decode("ascii", "replace").strip() or None
