"""The shape of a fix: its texts, its examples and the edits it makes at one finding."""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from scanners.fixes.spot import Spot


class NotOfferedError(Exception):
    """The finding is not of a shape that can be mended without a person; the message is a sentence for a page."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after. `path` says what class of file it is."""

    title: str
    before: str
    after: str
    path: str = "app.py"


@dataclass(frozen=True, slots=True)
class Declined:
    """A file in which nothing is offered for a finding of the rule, and a part of the reason that is given."""

    title: str
    source: str
    why: str
    path: str = "app.py"


class Fix:
    """What mends the findings of one rule. Its docstring says what it changes and when it is not offered."""

    rule: ClassVar[str]
    bulk: ClassVar[bool] = True
    """Whether it keeps what the code means, and may be part of a patch of many. If not, a person reads each one."""
    says: ClassVar[str]
    """What it does, as one sentence in the imperative."""
    fact: ClassVar[str] = ""
    """The kind of fact that tells of its place, for findings that the rule makes when files are joined."""
    asks_loggers: ClassVar[bool] = False
    """Whether it wants to know the loggers that other files keep."""
    examples: ClassVar[Sequence[Change]]
    declined: ClassVar[Sequence[Declined]] = ()

    def mend(self, spot: "Spot") -> None:
        """Make the edits at one finding. Raises NotOfferedError where the shape is not a plain one."""
        raise NotImplementedError

    @property
    def about(self) -> list[str]:
        """The paragraphs of its docstring."""
        return [" ".join(part.split()) for part in re.split(r"\n\s*\n", inspect.getdoc(type(self)) or "")]
