"""The table of boundaries."""

from collections.abc import Iterator

from scanners.inventory.table import Column, Row, Table
from scanners.tree import Tree


def _rows(tree: Tree) -> Iterator[Row]:
    yield from ()


TABLE = Table("boundaries", "What it talks to", (Column("name", "Name"),), _rows)
