import csv
import io
import json

from scanners.inventory import export
from scanners.inventory.table import Column, Place, Row, Table

TABLE = Table(
    "jobs", "Jobs", (Column("name", "Job"), Column("limit", "Limit"), Column("from", "Asked for in")), lambda _: ()
)
ROWS = [
    Row("a", {"name": "=HYPERLINK(1)", "limit": None, "from": ["a.py", "b.py"]}, (Place("jobs.py", 7),)),
    Row("b", {"name": "mail", "limit": True, "from": []}, (), {"limit": "good"}, "its queue is computed"),
]


def test_csv_has_one_line_a_row_and_no_formula() -> None:
    head, first, second = csv.reader(io.StringIO(export.as_csv(TABLE, ROWS)))
    assert head == ["name", "limit", "from", "unresolved", "path", "line", "places"]
    assert first == ["'=HYPERLINK(1)", "?", "a.py, b.py", "", "jobs.py", "7", "1"]
    assert second == ["mail", "yes", "", "its queue is computed", "", "", "0"]


def test_json_can_be_read_back() -> None:
    content = json.loads(export.as_json([(TABLE, ROWS)]))
    assert [Row.read(row) for row in content["jobs"]["rows"]] == ROWS
    assert content["jobs"]["columns"][0] == {"name": "name", "title": "Job"}


def test_text_says_where_a_row_stands_what_it_is_and_what_is_not_known() -> None:
    text = export.as_text([(TABLE, ROWS)])
    assert text.startswith("Jobs: 2\n  jobs.py:7\n      Job: =HYPERLINK(1)\n      Limit: ?\n")
    assert "      Limit: yes  [good]\n" in text
    assert "      Not resolved: its queue is computed\n" in text
