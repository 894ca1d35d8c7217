"""Time as the command sees it: how much of it is left, and how to let some pass."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_FIRST: Final = 0.5
_LONGEST: Final = 15.0


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` counts seconds and never goes back; `sleep` lets some pass. Tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which all is done, however many tries it takes."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> "Deadline":
        """The deadline that many seconds from now."""
        return cls(clock, clock.now() + seconds)

    @property
    def left(self) -> float:
        """The seconds until then; 0 when it is over."""
        return max(0.0, self.at - self.clock.now())

    def pause(self, seconds: float, most: float = 3600.0) -> None:
        """Let about that many seconds pass, but no more than `most`, and none beyond the deadline.

        A little is added at random, so that pipelines that began together do not ask together for ever.
        """
        wanted = seconds * random.uniform(1, 1.25)  # noqa: S311 - spreads load, guards nothing
        self.clock.sleep(min(wanted, most, self.left))


def backoff(tries: int) -> float:
    """The seconds to wait after that many failures in a row: doubling, a quarter of a minute at most."""
    return min(_LONGEST, _FIRST * 2.0 ** min(tries - 1, 10))
