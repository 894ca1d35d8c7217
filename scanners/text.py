"""A non-Python file as rules see it."""

import tomllib
from functools import cached_property
from typing import Any

from scanners.paths import PathClass


class TextFile:
    """A file of a kind that `scanners.paths` knows. `role` is dev, test, production or empty, from its path."""

    def __init__(self, text: str, path_class: PathClass) -> None:
        self.text = text
        self.kind = path_class.kind
        self.role = path_class.role

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def toml(self) -> dict[str, Any]:
        """The content as TOML; empty when it is not."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError:
            return {}

    def line_of(self, needle: str) -> int:
        """The first line that holds `needle`, from 1; 1 when none does."""
        return next((number for number, line in enumerate(self.lines, 1) if needle in line), 1)
