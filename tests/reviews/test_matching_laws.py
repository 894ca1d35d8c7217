"""What holds for the matching of any findings."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reviews.matching import Ground, Seen, match

RULES = frozenset({"request-without-timeout", "broad-except"})
PATHS = frozenset({"pay.py", "bank.py", "new.py"})
GROUND = Ground(read=PATHS, rules=RULES)

seen = st.builds(
    Seen,
    rule=st.sampled_from(sorted(RULES)),
    path=st.sampled_from(sorted(PATHS)),
    qualname=st.sampled_from(["", "f", "g"]),
    anchor=st.sampled_from(["a", "b"]),
    ordinal=st.integers(0, 2),
    line=st.integers(1, 9),
    line_hash=st.sampled_from(["x", "y"]),
)
trees = st.lists(seen, max_size=12, unique_by=lambda one: one.identity)


@given(trees)
def test_the_same_tree_twice_changes_nothing(found):
    result = match(found, found, GROUND)
    assert {pair.known for pair in result.pairs} == set(found)
    assert [pair for pair in result.pairs if pair.known != pair.now] == []
    assert (result.new, result.reopened, result.fixed, result.gone, result.kept) == ((), (), (), (), ())


@given(trees, st.integers(0, 500))
def test_a_shift_of_all_lines_keeps_everything(found, lines):
    shifted = [replace(one, line=one.line + lines) for one in found]
    result = match(found, shifted, GROUND)
    assert {(pair.known.identity, pair.now.identity) for pair in result.pairs} == {(o.identity,) * 2 for o in found}


@given(trees)
def test_a_rename_of_every_file_keeps_everything(found):
    moved = [replace(one, path=f"moved/{one.path}") for one in found]
    ground = Ground(read=frozenset(f"moved/{path}" for path in PATHS), rules=RULES)
    result = match(found, moved, ground, renames={path: f"moved/{path}" for path in PATHS})
    assert {(pair.known, pair.now) for pair in result.pairs} == set(zip(found, moved, strict=True))


@given(trees, trees, trees)
def test_every_finding_ends_in_one_place(known, now, past):
    past = [one for one in past if one.identity not in {other.identity for other in known}]
    result = match(known, now, GROUND, past=past)
    assert sorted([*(pair.known for pair in result.pairs), *result.fixed], key=repr) == sorted(known, key=repr)
    both = (*result.pairs, *result.reopened)
    assert sorted([*(pair.now for pair in both), *result.new], key=repr) == sorted(now, key=repr)


@given(trees, trees, trees)
def test_no_two_findings_get_the_same_identity(known, now, past):
    """Moved findings can be written in any order."""
    past = [one for one in past if one.identity not in {other.identity for other in known}]
    result = match(known, now, GROUND, past=past)
    taken = {one.identity for one in (*known, *past)}
    given_out = [pair.now.identity for pair in result.pairs if pair.moved] + [one.identity for one in result.new]
    assert taken.isdisjoint(given_out)
    assert len(set(given_out)) == len(given_out)


@given(trees, trees, trees, st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(known, now, past, random):
    before = match(known, now, GROUND, past=past)
    mixed = [random.sample(found, len(found)) for found in (known, now, past)]
    assert match(mixed[0], mixed[1], GROUND, past=mixed[2]) == before
