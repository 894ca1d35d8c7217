"""Which file is which under another name, by its bytes and by what was found in it."""

from dataclasses import replace

from reviews.matching import Seen
from reviews.renaming import renames, unchanged
from scanners.scan import scan_files

CALL = Seen("request-without-timeout", "pay.py", "capture", "call", 0, 10, "text")
SECOND = replace(CALL, qualname="refund", anchor="other")


def report(*paths):
    """A report about files, each with bytes of its own."""
    return scan_files({path: f"x = {path!r}\n".encode() for path in paths})


def before(*paths):
    return {path: f"sha of {path}" for path in paths}


def at(path, *found):
    return [replace(seen, path=path) for seen in found]


def test_a_file_with_the_bytes_of_one_that_left_was_moved():
    now = report("money/pay.py")
    assert renames({"pay.py": now.files[0].sha}, now) == {"pay.py": "money/pay.py"}


def test_of_two_with_the_same_bytes_nobody_knows_which():
    now = scan_files({"a.py": b"x = 1\n", "b.py": b"x = 1\n"})
    assert renames({"pay.py": now.files[0].sha}, now) == {}


def test_an_edited_file_is_known_by_its_findings():
    known, now = at("pay.py", CALL, SECOND), at("money/till.py", CALL, SECOND)
    assert renames(before("pay.py"), report("money/till.py"), known, now) == {"pay.py": "money/till.py"}


def test_one_finding_is_enough_for_a_file_of_the_same_name_only():
    known = at("pay.py", CALL)
    assert renames(before("pay.py"), report("money/pay.py"), known, at("money/pay.py", CALL)) == {
        "pay.py": "money/pay.py"
    }
    assert renames(before("pay.py"), report("till.py"), known, at("till.py", CALL)) == {}


def test_of_equally_like_files_none_is_taken():
    known = at("pay.py", CALL, SECOND)
    now = at("a/till.py", CALL, SECOND) + at("b/till.py", CALL, SECOND)
    assert renames(before("pay.py"), report("a/till.py", "b/till.py"), known, now) == {}


def test_the_end_of_the_path_decides_between_files_with_the_same_findings():
    known = at("old/a/views.py", CALL) + at("old/b/views.py", CALL)
    now = at("new/a/views.py", CALL) + at("new/b/views.py", CALL)
    found = renames(before("old/a/views.py", "old/b/views.py"), report("new/a/views.py", "new/b/views.py"), known, now)
    assert found == {"old/a/views.py": "new/a/views.py", "old/b/views.py": "new/b/views.py"}


def test_a_file_with_few_of_the_findings_is_another_one():
    others = [replace(CALL, anchor=f"own {number}") for number in range(3)]
    known, now = at("pay.py", CALL, *others), at("x/pay.py", CALL, *(replace(one, rule="y") for one in others))
    assert renames(before("pay.py"), report("x/pay.py"), known, now) == {}


def test_a_file_that_stayed_is_never_renamed():
    now = report("pay.py", "till.py")
    assert renames(before("pay.py"), now, at("pay.py", CALL, SECOND), at("till.py", CALL, SECOND)) == {}


def test_unchanged_files_are_named_as_they_are_now():
    now = report("new.py", "pay.py")
    shas = {"old.py": now.files[0].sha, "pay.py": "other bytes"}
    assert unchanged(shas, now, {"old.py": "new.py"}) == {"new.py"}
