"""What an operation of a migration does to the code that still runs while it is applied."""

from typing import Any, Final, NamedTuple

from scanners.finding import Confidence

_DROPS: Final = frozenset({"RemoveField", "DeleteModel", "drop_column", "drop_table"})
_RENAMES: Final = frozenset({"RenameField", "RenameModel", "rename_table"})
_INDEXES: Final = {
    "AddIndex": "Use AddIndexConcurrently in a migration with atomic = False.",
    "AddField": "Add the column with db_index=False, and its index with AddIndexConcurrently.",
    "AlterField": "Use AddIndexConcurrently in a migration with atomic = False.",
    "AlterIndexTogether": "Use AddIndexConcurrently in a migration with atomic = False.",
    "AlterUniqueTogether": "Build a unique index concurrently, then attach the constraint to it.",
    "AddConstraint": "Add it NOT VALID first, or build its unique index concurrently, and validate it afterwards.",
    "CREATE INDEX": "Write CREATE INDEX CONCURRENTLY, outside a transaction.",
    "create_index": "Pass postgresql_concurrently=True inside an autocommit block.",
    "create_unique_constraint": "Build a unique index concurrently, then attach the constraint to it.",
    "create_foreign_key": "Pass postgresql_not_valid=True and validate it in a later migration.",
    "create_check_constraint": "Pass postgresql_not_valid=True and validate it in a later migration.",
}
_UNTOLD: Final = "Which database is used cannot be told."
_TEXTS: Final = frozenset(
    {"CharField", "TextField", "SlugField", "URLField", "EmailField", "FilePathField", "FileField"}
)


class Danger(NamedTuple):
    """What an operation breaks; `doubt` when it cannot be decided: then the text, if any, is what it may break."""

    text: str
    doubt: str = ""
    sure: Confidence = Confidence.MEDIUM


class Repository(NamedTuple):
    """What the rest of the repository says: its engines, the columns still declared (by table), earlier fields."""

    engines: frozenset[str]
    declared: dict[str, set[str]]
    fields: dict[tuple[str, str], dict[str, Any]]


def danger(made: dict[str, Any], known: Repository) -> Danger | None:
    """What is unsafe about one operation, None when it is safe."""
    name = made["op"]
    if name in _DROPS:
        return _dropped(made, known)
    if name in _RENAMES or (name == "alter_column" and made["to"]):
        what = f"`{made['table']}{'.' if made['column'] else ''}{made['column']}`"
        return Danger(
            f"{what} is renamed while code that runs still uses the old name; add the new one, copy, then drop."
        )
    if name in _INDEXES and name not in ("AddField", "AlterField") and not made["safe"]:
        return _locked(made, known)
    if name in ("AddField", "add_column", "alter_column", "AlterField"):
        return _changed(made, known)
    return None


def _dropped(made: dict[str, Any], known: Repository) -> Danger:
    where = f"{made['table']}.{made['column']}" if made["column"] else made["table"]
    if made["op"] in ("drop_column", "drop_table"):
        columns = known.declared.get(made["table"])
        read = columns is not None and (made["op"] == "drop_table" or made["column"] in columns)
        if not read:
            return Danger("", "No model declares it any more; whether the release that runs reads it cannot be told.")
        return Danger(f"`{where}` is dropped while a model still declares it: every query of that model fails.")
    return Danger(
        f"`{where}` is dropped with the code that used it, which still runs meanwhile; remove it from the state in one "
        "release (SeparateDatabaseAndState) and from the database in the next."
    )


def _locked(made: dict[str, Any], known: Repository) -> Danger | None:
    if known.engines and "postgresql" not in known.engines:
        return None
    where = f" on `{made['table']}`" if made["table"] else ""
    kind = "a unique" if made["unique"] else "an indexed"
    what = f"{made['op']} of {kind} column" if made["op"] in ("AddField", "AlterField") else made["op"]
    unique = made["unique"] and made["op"] in ("AddField", "AlterField")
    advice = _INDEXES["AlterUniqueTogether" if unique else made["op"]]
    if known.engines:
        return Danger(f"{what}{where} blocks writes until it is done. {advice}")
    return Danger(f"On PostgreSQL {what}{where} blocks writes until it is done. {advice}", _UNTOLD, Confidence.LOW)


def _changed(made: dict[str, Any], known: Repository) -> Danger | None:
    where = f"`{made['table']}.{made['column']}`"
    before = known.fields.get((made["table"], made["column"]), {})
    if made["op"] in ("AddField", "add_column"):
        if made["m2m"] or made["null"] is not False or made["default"] == "constant":
            keyed = made["op"] == "AddField" and (made["index"] or made["unique"]) and not made["m2m"]
            return _locked(made, known) if keyed else None
        why = "with a default that is computed" if made["default"] else "without a default"
        return Danger(f"{where} is added NOT NULL {why}: rows that running code writes without it are refused.")
    if made["op"] == "alter_column":
        if made["type"]:
            return Danger(
                f"The type of {where} changes, which rewrites the table under a lock that blocks all readers."
            )
        if made["null"] is False:
            return Danger(
                f"{where} becomes NOT NULL: the table is scanned under a lock, and running code may still write NULL."
            )
        return None
    return _altered(made, before, where, known)


def _altered(made: dict[str, Any], before: dict[str, Any], where: str, known: Repository) -> Danger | None:
    if not before or made["m2m"]:
        return None
    if before["type"] and made["type"] and before["type"] != made["type"] and not _is_kin(before["type"], made["type"]):
        return Danger(
            f"The type of {where} changes from {before['type']} to {made['type']}: the table is rewritten under a lock."
        )
    if before["null"] is True and made["null"] is False:
        return Danger(
            f"{where} becomes NOT NULL: the table is scanned under a lock, and running code may still write NULL."
        )
    if (made["unique"] and not before["unique"]) or (made["index"] and not before["index"]):
        return _locked(made, known)
    return None


def _is_kin(before: str, after: str) -> bool:
    """Whether two types are stored alike, or differ only in Python."""
    if before in _TEXTS and after in _TEXTS:
        return True
    known = (
        "IntegerField",
        "FloatField",
        "DecimalField",
        "BooleanField",
        "DateField",
        "DateTimeField",
        "JSONField",
        "UUIDField",
    )
    plain = before.endswith(known) or before in _TEXTS
    return not (plain and (after.endswith(known) or after in _TEXTS)) or before.replace(
        "Positive", ""
    ) == after.replace("Positive", "")
