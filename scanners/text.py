"""A non-Python file as rules see it."""

import tomllib
from functools import cached_property
from typing import Any

from scanners import dockerfile, yamltree
from scanners.paths import PathClass
from scanners.yamltree import Yaml


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

    @cached_property
    def yaml(self) -> list[Yaml]:
        """The documents of a YAML file, with lines; those before the break when it is broken."""
        return self._composed[0]

    @property
    def yaml_problem(self) -> str:
        """Why the YAML is not whole; empty where it is."""
        return self._composed[1]

    @cached_property
    def _composed(self) -> tuple[list[Yaml], str]:
        return yamltree.documents(self.text)

    @cached_property
    def dockerfile(self) -> dockerfile.Dockerfile:
        """The content as a Dockerfile."""
        return dockerfile.read(self.text)

    def line_of(self, needle: str) -> int:
        """The first line that holds `needle`, from 1; 1 when none does."""
        return next((number for number, line in enumerate(self.lines, 1) if needle in line), 1)
