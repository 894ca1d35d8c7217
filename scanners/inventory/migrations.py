"""The table of migrations."""

from collections.abc import Iterator

from scanners.inventory.table import Column, Row, Table
from scanners.tree import Tree


def _rows(tree: Tree) -> Iterator[Row]:
    yield from ()


TABLE = Table("migrations", "Migrations", (Column("name", "Name"),), _rows)
