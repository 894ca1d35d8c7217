from scanners.inventory.table import Column, Place, Row, Table, difference
from scanners.scan import scan_files
from scanners.tree import Tree


def row(key: str, line: int = 1, **cells: str) -> Row:
    return Row(key, cells, (Place("app.py", line, "here"),), {"timeout": "bad"}, "the address is computed")


def test_rows_survive_being_written_down() -> None:
    assert Row.read(row("payments", timeout="none").as_json()) == row("payments", timeout="none")


def test_rows_stand_in_order_whatever_order_they_were_made_in() -> None:
    table = Table("jobs", "Jobs", (Column("name", "Job"),), lambda _: [row("b"), row("a", 9), row("a", 2)])
    found = table.rows(Tree("worker", {}, {}))
    assert [(one.key, one.places[0].line) for one in found] == [("a", 2), ("a", 9), ("b", 1)]


def test_a_difference_tells_new_gone_and_changed_rows_apart() -> None:
    before = [row("gone", timeout="5 s"), row("kept", timeout="5 s"), row("changed", timeout="5 s", retry="none")]
    after = [row("kept", 70, timeout="5 s"), row("changed", timeout="none", retry="none"), row("new", timeout="5 s")]
    found = difference(before, after)
    assert [one.key for one in found.added] == ["new"]
    assert [one.key for one in found.removed] == ["gone"]
    assert [(one.after.key, one.columns) for one in found.changed] == [("changed", ("timeout",))]


def test_moved_rows_are_no_difference() -> None:
    assert not difference([row("kept", 3)], [row("kept", 70)])


def test_a_second_row_of_a_key_is_a_row_of_its_own() -> None:
    found = difference([row("twice")], [row("twice"), row("twice", 9)])
    assert [one.places[0].line for one in found.added] == [9]


def test_every_scan_has_every_table() -> None:
    assert set(scan_files({"app.py": b"import os\n"}).inventory) == {
        "boundaries", "mocks", "variables", "endpoints", "jobs", "stores", "migrations", "caches", "dependencies",
    }  # fmt: skip
