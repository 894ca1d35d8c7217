"""Which finding now is which finding known: what people do to code, case by case."""

from dataclasses import replace

import pytest

from reviews.matching import Gone, Ground, Pair, Seen, match

RULES = frozenset({"request-without-timeout", "broad-except"})
PATHS = frozenset({"pay.py", "bank.py", "new.py"})
GROUND = Ground(read=PATHS, rules=RULES)
CALL = Seen("request-without-timeout", "pay.py", "capture", "call", 0, 10, "text")
OTHER = replace(CALL, qualname="refund", anchor="other", line=30, line_hash="other text")


def ends(result):
    """How many findings ended where: pairs, new, reopened, fixed, gone, kept."""
    return tuple(
        len(part) for part in (result.pairs, result.new, result.reopened, result.fixed, result.gone, result.kept)
    )


# --- what stays the same finding


@pytest.mark.parametrize(
    "now",
    [
        CALL,
        replace(CALL, line=99),
        replace(CALL, line=99, line_hash="reformatted"),
        replace(CALL, ordinal=3, line=12),
        replace(CALL, qualname="settle", line=40, line_hash="x"),
        replace(CALL, qualname="settle", ordinal=2, line=40, line_hash="x"),
        replace(CALL, anchor="wrapped", line=14),
        replace(CALL, anchor="wrapped", qualname="settle", line=14),
        replace(CALL, anchor="edited", line_hash="edited"),
        replace(CALL, path="bank.py", line=3, line_hash="x"),
        replace(CALL, path="bank.py", ordinal=1, line=3, line_hash="x"),
    ],
    ids=[
        "nothing changed",
        "lines were added above",
        "it was reformatted",
        "an equal site before it was excused",
        "its function was renamed",
        "it moved to another function, behind equal sites",
        "its line is inside something new",
        "its line moved to another function and inside something new",
        "it was edited in place",
        "its function moved to another file",
        "its function moved to another file, behind an equal site",
    ],
)
def test_a_finding_is_followed(now):
    result = match([CALL, OTHER], [now, OTHER], GROUND)
    assert set(result.pairs) == {Pair(CALL, now), Pair(OTHER, OTHER)}
    assert ends(result) == (2, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("now", "moved", "changed"),
    [
        (replace(CALL, line=99, line_hash="x"), False, False),
        (replace(CALL, qualname="settle"), True, False),
        (replace(CALL, anchor="edited"), True, True),
    ],
)
def test_a_pair_tells_what_changed(now, moved, changed):
    pair = match([CALL], [now], GROUND).pairs[0]
    assert (pair.moved, pair.changed) == (moved, changed)


def equal_sites(*lines, **changes):
    """Equal sites of one function, numbered from the top."""
    return [replace(CALL, ordinal=ordinal, line=line, **changes) for ordinal, line in enumerate(lines)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"qualname": "settle"}, {"path": "bank.py"}],
    ids=["lines were added", "their function was renamed", "their function moved to another file"],
)
def test_equal_sites_stay_in_order(changes):
    known, now = equal_sites(10, 20, 30), equal_sites(15, 26, 37, **changes)
    assert match(known, now, GROUND).pairs == tuple(Pair(old, new) for old, new in zip(known, now, strict=True))


def test_equal_sites_with_other_numbers_are_paired_by_their_lines_when_as_many():
    known = [replace(CALL, ordinal=0, line=10), replace(CALL, ordinal=1, line=20)]
    now = [replace(CALL, ordinal=7, line=25), replace(CALL, ordinal=5, line=15)]
    assert match(known, now, GROUND).pairs == (Pair(known[0], now[1]), Pair(known[1], now[0]))


def test_of_equal_sites_the_last_counts_as_fixed():
    known = equal_sites(10, 20)
    assert match(known, equal_sites(20), GROUND).fixed == (known[1],)


def test_equal_lines_of_two_functions_are_told_apart():
    known = [CALL, replace(CALL, qualname="refund", line=50)]
    now = [replace(seen, anchor=f"wrapped {seen.qualname}", line=seen.line + 7) for seen in known]
    assert match(known, now, GROUND).pairs == tuple(Pair(old, new) for old, new in zip(known, now, strict=True))


def test_in_a_file_of_the_same_bytes_a_finding_is_what_stands_on_its_line():
    known = [CALL, replace(CALL, line=20, ordinal=1)]
    now = [replace(CALL, qualname="A.capture", anchor=f"anew {one.line}", line=one.line, ordinal=0) for one in known]
    result = match(known, now, replace(GROUND, same=frozenset({"pay.py"})))
    assert result.pairs == tuple(Pair(old, new) for old, new in zip(known, now, strict=True))


def test_an_edited_finding_is_looked_for_where_what_is_above_it_moved_to():
    above = replace(OTHER, line=8)
    edited = replace(CALL, qualname="settle", anchor="edited", line=15, line_hash="edited")
    elsewhere = replace(edited, line=16)
    assert match([above, CALL], [replace(above, line=13), edited], GROUND).pairs[1] == Pair(CALL, edited)
    assert ends(match([above, CALL], [replace(above, line=13), elsewhere], GROUND)) == (1, 1, 0, 1, 0, 0)


# --- renamed files


def test_a_finding_follows_its_renamed_file():
    known = [*equal_sites(10, 20, path="old.py", qualname=""), replace(CALL, path="old.py")]
    now = [replace(seen, path="new.py", line=seen.line + 5) for seen in known]
    result = match(known, now, GROUND, renames={"old.py": "new.py"})
    assert {(pair.known.ordinal, pair.known.qualname) for pair in result.pairs} == {(0, ""), (1, ""), (0, "capture")}
    assert ends(result) == (3, 0, 0, 0, 0, 0)


def test_a_renamed_file_can_be_edited_at_the_same_time():
    known = equal_sites(10, 20, 30, path="old.py")
    now = equal_sites(10, 20, path="new.py", qualname="settle")
    result = match(known, now, GROUND, renames={"old.py": "new.py"})
    assert [pair.known.ordinal for pair in result.pairs] == [0, 1]
    assert result.fixed == (known[2],)


def test_in_a_renamed_file_equal_sites_of_two_functions_are_told_apart():
    known = [*equal_sites(10, 20, path="old.py", qualname=""), *equal_sites(30, 40, path="old.py", qualname="refund")]
    now = [replace(seen, path="new.py", line=seen.line + 3) for seen in (known[0], known[2])]
    result = match(known, now, GROUND, renames={"old.py": "new.py"})
    assert result.pairs == (Pair(known[0], now[0]), Pair(known[2], now[1]))


def test_a_rename_of_a_file_that_is_still_there_is_not_believed():
    now = replace(CALL, qualname="settle")
    assert match([CALL], [now], GROUND, renames={"pay.py": "new.py"}).pairs == (Pair(CALL, now),)


def test_a_finding_at_module_level_does_not_wander_to_another_file():
    known = replace(CALL, qualname="")
    assert ends(match([known], [replace(known, path="bank.py")], GROUND)) == (0, 1, 0, 1, 0, 0)


# --- what is ambiguous


@pytest.mark.parametrize(
    ("known", "now"),
    [
        ([CALL], [replace(CALL, qualname="a"), replace(CALL, qualname="b")]),
        ([CALL, replace(CALL, qualname="refund")], [replace(CALL, qualname="a"), replace(CALL, qualname="b")]),
        ([CALL], [replace(CALL, path="bank.py"), replace(CALL, path="new.py")]),
    ],
    ids=["split in two", "two renamed at once", "copied to two files"],
)
def test_what_is_ambiguous_stays_unmatched(known, now):
    assert ends(match(known, now, GROUND)) == (0, len(now), 0, len(known), 0, 0)


def test_findings_of_different_rules_are_never_paired():
    assert ends(match([CALL], [replace(CALL, rule="broad-except")], GROUND)) == (0, 1, 0, 1, 0, 0)


# --- what is missing


@pytest.mark.parametrize(
    ("ground", "where"),
    [
        (GROUND, "fixed"),
        (replace(GROUND, read=PATHS - {"pay.py"}), "fixed"),
        (replace(GROUND, read=PATHS - {"pay.py"}, changed_rules=RULES), "fixed"),
        (replace(GROUND, read=PATHS - {"pay.py"}, unread=frozenset({"pay.py"})), "kept"),
        (replace(GROUND, read=PATHS - {"pay.py"}, left_out=frozenset({"pay.py"})), "gone"),
        (replace(GROUND, rules=frozenset()), "gone"),
        (replace(GROUND, changed_rules=RULES), "gone"),
        (replace(GROUND, suppressed=frozenset({("pay.py", CALL.rule)})), "gone"),
        (replace(GROUND, rules=frozenset(), read=frozenset(), unread=PATHS), "gone"),
    ],
    ids=[
        "code changed",
        "file deleted",
        "file deleted and rule changed",
        "file unreadable",
        "file excluded",
        "rule left",
        "rule changed",
        "suppressed",
        "rule left and file unreadable",
    ],
)
def test_a_missing_finding_is_fixed_only_if_the_code_is_better(ground, where):
    result = match([CALL], [], ground)
    assert {name: len(getattr(result, name)) for name in ("fixed", "gone", "kept") if getattr(result, name)} == {
        where: 1
    }


def test_what_is_gone_says_why():
    result = match([CALL], [], replace(GROUND, rules=frozenset()))
    assert result.gone == (Gone(CALL, "The rule is no longer part of the rule set."),)


def test_what_happens_to_a_renamed_file_happens_to_its_findings():
    known = replace(CALL, path="old.py")
    ground = Ground(read=frozenset(), unread=frozenset({"new.py"}), rules=RULES)
    assert match([known], [], ground, renames={"old.py": "new.py"}).kept == (known,)


def test_a_finding_in_an_unreadable_file_is_not_taken_for_an_equal_one_elsewhere():
    ground = replace(GROUND, read=frozenset({"bank.py"}), unread=frozenset({"pay.py"}))
    elsewhere = replace(CALL, path="bank.py")
    result = match([CALL], [elsewhere], ground)
    assert (result.new, result.kept) == ((elsewhere,), (CALL,))


# --- what comes back


def test_a_past_finding_that_comes_back_is_reopened():
    now = replace(CALL, line=44)
    result = match([OTHER], [now, OTHER], GROUND, past=[CALL])
    assert (result.reopened, ends(result)) == ((Pair(CALL, now),), (1, 0, 1, 0, 0, 0))


def test_a_past_finding_is_known_again_by_its_identity_only():
    result = match([], [replace(CALL, qualname="settle")], GROUND, past=[CALL])
    assert ends(result) == (0, 1, 0, 0, 0, 0)


def test_a_past_identity_is_not_given_to_a_finding_that_moved():
    result = match([OTHER], [replace(OTHER, qualname=CALL.qualname)], GROUND, past=[replace(OTHER, qualname="capture")])
    assert ends(result) == (0, 0, 1, 1, 0, 0)


def test_a_past_finding_that_stays_away_is_not_mentioned():
    assert ends(match([], [], GROUND, past=[CALL])) == (0, 0, 0, 0, 0, 0)


# --- identity


@pytest.mark.parametrize("change", [{"rule": "x"}, {"path": "x"}, {"qualname": "x"}, {"anchor": "x"}, {"ordinal": 7}])
def test_each_part_of_the_place_is_part_of_the_identity(change):
    assert replace(CALL, **change).identity != CALL.identity


def test_a_path_that_is_no_valid_text_has_an_identity_too():
    assert replace(CALL, path="pay\udcff.py").identity != replace(CALL, path="pay\udcfe.py").identity


@pytest.mark.parametrize("field", ["line", "line_hash", "key"])
def test_lines_and_keys_are_no_part_of_the_identity(field):
    assert replace(CALL, **{field: 7}).identity == CALL.identity


def test_parts_of_an_identity_do_not_run_together():
    assert replace(CALL, qualname="ab", anchor="c").identity != replace(CALL, qualname="a", anchor="bc").identity
