"""Patches as rows: every kind of line, names as git writes them, and what a browser can copy."""

import pytest

from reviews.patches.diff import Row, copied, files
from scanners.fixes.patching import patch
from tests.reviews.patches.mended import BODY

SLY = b"""\
diff --git a/x.py b/x.py
--- a/x.py
+++ b/x.py
@@ -1,2 +1,2 @@
--- a/other.py
-+++ b/other.py
+++ more
+-- less
@@ -9 +9 @@ def pay():
-last
\\ No newline at end of file
+end
\\ No newline at end of file
"""


def test_rows_have_the_numbers_of_their_own_side() -> None:
    (file,) = files(BODY)
    assert file.path == "capture/bank.py"
    assert [(row.kind, row.number) for row in file.rows] == [
        ("hunk", None),
        ("same", 117),
        ("del", 118),
        ("add", 118),
        ("same", 119),
    ]


def test_code_that_looks_like_a_head_is_code() -> None:
    (file,) = files(SLY)
    assert file.path == "x.py"
    assert file.rows[1:5] == (
        Row("del", 1, "-- a/other.py"),
        Row("del", 2, "+++ b/other.py"),
        Row("add", 1, "++ more"),
        Row("add", 2, "-- less"),
    )
    assert file.rows[5].text == "@@ -9 +9 @@ def pay():"
    assert file.rows[7].kind == "note"


@pytest.mark.parametrize("name", ["a b.py", 'say "so".py', "caf\u00e9.py", "tab\there.py", "it's.py"])
def test_names_are_read_as_they_were_written(name: str) -> None:
    said = {"problem": None, "hunks": "@@ -1 +1 @@\n-a\n+b\n"}
    assert [file.path for file in files(patch([(name, said), ("z.py", said)]))] == [name, "z.py"]


def test_no_more_rows_than_a_page_holds() -> None:
    assert [len(file.rows) for file in files(BODY * 3, most=7)] == [5, 2]


@pytest.mark.parametrize("body", [BODY.replace(b"\n", b"\r\n"), BODY + b"\xff", BODY + b"x" * 100_000])
def test_what_would_not_come_out_the_same_is_not_copied(body: bytes) -> None:
    assert copied(body) == ""
    assert copied(BODY) == BODY.decode()
    assert files(body)[0].path.rstrip() == "capture/bank.py"
