"""The messages of the file broker, read when none is half written."""

from dataclasses import dataclass
from pathlib import Path

from reviews.waking import waker
from tests.services import wait_until


@dataclass(frozen=True)
class Messages:
    """The folder that the broker writes to."""

    folder: Path

    def all(self) -> list[Path]:
        """Every message, once the thread that publishes has nothing more to do."""
        wait_until(waker().is_idle)
        return sorted(self.folder.glob("*.msg"))
