"""What is asked of the child that mends files."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A finding inside its file."""

    rule: str
    qualname: str
    anchor: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class MendKey:
    """A file to be mended: its bytes by their sha, its path class, its findings, and loggers that it may import."""

    sha: str
    path_class: str
    wanted: tuple[Target, ...]
    loggers: tuple[str, ...] = ()

    def head(self) -> dict[str, Any]:
        """What the child is told of it."""
        wanted = [[target.rule, target.qualname, target.anchor, target.ordinal] for target in self.wanted]
        return {"sha": self.sha, "path_class": self.path_class, "wanted": wanted, "loggers": self.loggers}
