"""The whole paths that a service answers at, as far as each can be told."""

from collections import defaultdict

from scanners.inventory.endpoints import TABLE
from scanners.tree import Tree

_PREFIXED = ("root_path", "FORCE_SCRIPT_NAME", "APPLICATION_ROOT", "SCRIPT_NAME")


def whole_paths(tree: Tree) -> dict[str, list[str]]:
    """By their last part, the paths of all endpoints that end so; without those of which one has a computed part.

    Nothing where no probe asks, or where the whole application may be served below a prefix.
    """
    asked = any(fact["probe"] for fact in tree.facts("image")) or any(fact["probes"] for fact in tree.facts("service"))
    if not asked or any(fact["name"] in _PREFIXED for fact in tree.facts("env-read")):
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    unsure = set()
    for row in TABLE.rows(tree):
        path = str(row.cells["path"] or "…")
        last = path.strip("/").rpartition("/")[2].lower()
        found[last].append(path)
        if "…" in path or row.unresolved:
            unsure.add(last)
    return {last: paths for last, paths in found.items() if last not in unsure}
