"""Operations of migrations in few words, and what a migration changes by them: the schema, the data or both."""

from typing import Any, Final

from scanners.tree import Fact

_TARGETLESS: Final = frozenset(
    {"execute", "bulk_insert", "get_bind", "get_context", "batch_alter_table", "f", "run_async"}
)
"""What alembic's `op` offers beside operations on tables."""
_OF_TABLES: Final = frozenset(
    "add_column drop_column alter_column create_index drop_index create_table drop_table create_foreign_key "
    "create_unique_constraint create_check_constraint drop_constraint rename_table".split()
)
_OF_COLUMNS: Final = frozenset({"add_column", "drop_column", "alter_column"})
_ADDING: Final = frozenset({"AddField", "add_column"})
_NO_CHANGE: Final = frozenset({"noop", "AlterModelManagers", "AlterModelOptions"})


def text_of(made: dict[str, Any]) -> str:
    """One operation: `AddField order.total NOT NULL`, `RunPython fill`."""
    if "back" in made:
        return f"{made['op']} {made['code']}".strip()
    table = made["table"] or ("?" if made["op"] in _OF_TABLES else "")
    column = made["column"] or ("?" if made["op"] in _OF_COLUMNS else "")
    where = f"{table}.{column}" if column else table
    words = [made["op"], where]
    if made["to"]:
        words.append(f"to {made['to']}")
    if made["op"] in _ADDING and made["null"] is False and not made["m2m"]:
        words.append("NOT NULL" if made["default"] else "NOT NULL without a default")
    if made["op"] == "alter_column" and made["null"] is not None:
        words.append("NULL" if made["null"] else "NOT NULL")
    if made["op"] == "alter_column" and made["type"]:
        words.append(f"({made['type']})")
    if made["unique"] and made["op"] != "create_unique_constraint":
        words.append("unique")
    if made["state"] == "state":
        words.append("(state only)")
    return " ".join(word for word in words if word)


def texts_of(migration: Fact) -> list[str]:
    """The operations of a migration in the order in which they stand, with the statements that a revision executes."""
    told = [(made["line"], text_of(made)) for made in migration["operations"] if made["op"] not in _TARGETLESS]
    told += [(work["line"], _executed(work)) for work in migration.get("work", []) if work["changes"] != ""]
    return [text for _, text in sorted(told, key=lambda pair: pair[0])]


def _executed(work: dict[str, Any]) -> str:
    code = " ".join(str(work["code"]).split())
    return code if code in ("bulk_insert", "session.commit") else f"execute {code}".strip()


def changes_of(migration: Fact) -> str | None:
    """schema, data or both; "" for a migration without effect, None where a computed statement decides."""
    found = {made["changes"] for made in migration["operations"] if "changes" in made}
    found |= {work["changes"] for work in migration.get("work", [])}
    plain = [
        made
        for made in migration["operations"]
        if "changes" not in made and made["op"] not in _TARGETLESS | _NO_CHANGE and made["state"] != "state"
    ]
    kinds = ({"schema"} if plain else set()) | found - {"", None}
    if "both" in kinds or {"schema", "data"} <= kinds:
        return "both"
    if None in found:
        return None
    return next(iter(kinds), "")
