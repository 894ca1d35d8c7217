"""
What the past of a repository costs a worker, from the fetch to the rows; `benchmarks.history --site` runs it.

`python -m benchmarks.history_site REPOSITORY COUNT TITLE`: registers a bare repository in an empty database, scans its
head, fills in its past and does the scans one after the other in this process, as a worker would.
"""

import os
import sys
from pathlib import Path

PLACE = Path(sys.argv[1])
os.environ["PLIMSOLL_LOCAL_ROOTS"] = str(PLACE.parent)

from benchmarks import surroundings  # noqa: E402, F401 - sets Django up, with the roots named above
from benchmarks.history import spent  # noqa: E402
from reviews import intake, past, queue, scanning  # noqa: E402
from reviews.models import Scan, Team  # noqa: E402
from reviews.warm import pool  # noqa: E402


def work() -> int:
    """Do every scan that is due, and say how many that were. The child is ended, so that its CPU seconds count."""
    done = 0
    while lease := queue.lease("benchmark"):
        scanning.run(lease)
        done += 1
    pool().close()
    return done


def main() -> None:
    """Print one line."""
    count, title = int(sys.argv[2]), sys.argv[3]
    team = Team.objects.create(name="Bench", slug="bench")
    wish = intake.Registration("bench", f"file://{PLACE}")
    start = spent()
    repository = intake.register(team, wish)
    work()
    repository.refresh_from_db()
    middle = spent()
    asked = past.ask(repository, count, seconds=300)
    done = work()
    end = spent()
    failed = Scan.objects.exclude(state=Scan.State.DONE).values_list("error_code", "state")
    if failed:
        raise SystemExit(f"Scans failed: {set(failed)}")
    wall, cpu = ((end[which] - middle[which]) / (middle[which] - start[which]) for which in (0, 1))
    print(
        f"  {title + ', a worker':38} {done} of {asked.listed} commits   first scan {middle[1] - start[1]:.2f} s CPU   "
        f"{cpu:.2f} first scans in CPU, {wall:.2f} in wall time"
    )


if __name__ == "__main__":
    main()
