"""Whether a commit is still part of a history, without fetching more of it than it takes."""

from collections.abc import Callable, Collection
from pathlib import Path

from scanners.git.address import Source
from scanners.git.authors import FIRST_DEPTH, History
from scanners.git.credential import Credential
from scanners.git.fetch import fetch_history
from scanners.git.policy import Policy


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
