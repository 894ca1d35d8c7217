"""Operations of migrations in few words, and what a migration changes by them: the schema, the data or both."""

from typing import Any, Final

from scanners.tree import Fact

_TARGETLESS: Final = frozenset(
    {"execute", "bulk_insert", "get_bind", "get_context", "batch_alter_table", "f", "run_async"}
)
"""What alembic's `op` offers beside operations on tables."""
_ADDING: Final = frozenset({"AddField", "add_column"})
_NO_CHANGE: Final = frozenset({"noop", "AlterModelManagers", "AlterModelOptions"})


def text_of(made: dict[str, Any]) -> str:
    """One operation: `AddField order.total NOT NULL`, `RunPython fill`."""
    if "back" in made:
        return f"{made['op']} {made['code']}".strip()
    where = f"{made['table']}.{made['column']}" if made["column"] else made["table"]
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
