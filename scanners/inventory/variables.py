"""The table of variables."""

from collections.abc import Iterator

from scanners.inventory.table import Column, Row, Table
from scanners.tree import Tree


def _rows(tree: Tree) -> Iterator[Row]:
    yield from ()


TABLE = Table("variables", "Configuration", (Column("name", "Name"),), _rows)
