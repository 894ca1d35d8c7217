"""Which operations of a migration hold a lock on a table of PostgreSQL for long, in few words."""

from typing import Any, Final

from scanners.semantics.data.unsafeops import Repository, danger

_DROPPED: Final = frozenset({"RemoveField", "DeleteModel", "drop_column", "drop_table"})
_RENAMED: Final = frozenset({"RenameField", "RenameModel", "rename_table"})
_WORDS: Final = {
    "AddIndex": "index on {table}, not concurrent",
    "create_index": "index on {table}, not concurrent",
    "AlterIndexTogether": "index on {table}, not concurrent",
    "AlterUniqueTogether": "unique constraint on {table}",
    "create_unique_constraint": "unique constraint on {table}",
    "create_foreign_key": "foreign key of {table}, validated at once",
    "create_check_constraint": "check of {table}, validated at once",
}


def lock_of(made: dict[str, Any], known: Repository) -> str | None:
    """What an operation locks: "" for nothing of note, None where it cannot be told."""
    if made["op"] in _DROPPED or made["op"] in _RENAMED or (made["op"] == "alter_column" and made["to"]):
        return ""
    found = danger(made, known)
    if found is None:
        return ""
    if found.doubt:
        return None
    words = _words(made, known)
    return words.format(table=made["table"] or "a table", column=f"{made['table']}.{made['column']}")


def _words(made: dict[str, Any], known: Repository) -> str:
    if made["op"] == "AddConstraint":
        return "unique constraint on {table}" if made["unique"] else "check of {table}, validated at once"
    if made["op"] in _WORDS:
        return _WORDS[made["op"]]
    if made["op"] in ("AddField", "add_column"):
        if made["null"] is False and made["default"] != "constant":
            return "{column} NOT NULL with a computed default" if made["default"] else "{column} NOT NULL, no default"
        return "index on {column}, not concurrent"
    if made["op"] == "alter_column":
        return f"type of {{column}}: {made['type']}" if made["type"] else "{column} becomes NOT NULL"
    before = known.fields.get((made["table"], made["column"]), {})
    if before.get("null") is True and made["null"] is False:
        return "{column} becomes NOT NULL"
    if before.get("type") != made["type"] and not (made["unique"] or made["index"]):
        return f"type of {{column}}: {before.get('type')} -> {made['type']}"
    return "unique index on {column}" if made["unique"] and not before.get("unique") else "index on {column}"
