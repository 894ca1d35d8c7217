"""All tables of the inventory, in the order in which people read them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanners.inventory import boundaries, caches, dependencies, endpoints, jobs, migrations, mocks, stores, variables
from scanners.inventory.table import Row, Table
from scanners.tree import Tree

TABLES: Final[Mapping[str, Table]] = {
    module.TABLE.name: module.TABLE
    for module in (boundaries, mocks, variables, endpoints, jobs, stores, migrations, caches, dependencies)
}


def take(tree: Tree) -> dict[str, list[Row]]:
    """The inventory of a commit: the rows of every table by its name."""
    return {name: table.rows(tree) for name, table in TABLES.items()}


def plain(tree: Tree, tick: Callable[[], None] = lambda: None) -> dict[str, list[dict[str, Any]]]:
    """The same as plain JSON values. `tick` is called before each table."""
    found = {}
    for name, table in TABLES.items():
        tick()
        found[name] = table.plain(tree)
    return found
