"""The map of what a service talks to: nothing overlaps, the worst is drawn first, and the many are folded."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.servicemap import (
    BAD,
    BOX_HEIGHT,
    GOOD,
    KINDS,
    MOST,
    PHONE,
    PLAIN,
    ROW,
    UNKNOWN,
    End,
    clipped,
    grouped,
    narrow,
    trunk,
    wide,
    width,
)

STATES = (BAD, UNKNOWN, GOOD, PLAIN)


def end(number=1, kind="http", state=GOOD, title="api.example.org"):
    return End(kind, f"{title} {number}", "requests · timeout 5 s", state, f"#row-{number}")


def opens(kind):
    return f"?facet={kind}"


def ends_of(drawing):
    return [node.end.title for node in drawing.nodes]


def test_one_boundary_stands_beside_the_service():
    drawing = wide("pay", grouped([end()], opens))
    (node,) = drawing.nodes
    assert node.edge.startswith(f"M{drawing.box_x + drawing.box_width:g} {drawing.height / 2:g} C")
    assert node.text_x > drawing.box_x + drawing.box_width
    assert drawing.left <= drawing.box_x


def test_kinds_stand_on_both_sides_in_their_order():
    found = grouped([end(n, kind) for n, kind in enumerate(["mail", "http", "sql", "http", "cache", "broker"])], opens)
    assert [group.title for group in found] == ["HTTP", "SQL", "Cache", "Broker", "Mail"]
    drawing = wide("pay", found)
    assert {head.anchor for head in drawing.heads} == {"start", "end"}
    assert [head.text for head in drawing.heads] == ["HTTP", "SQL", "Cache", "Broker", "Mail"]


def test_the_worst_of_a_kind_come_first():
    found = grouped([end(1, state=GOOD), end(2, state=PLAIN), end(3, state=BAD), end(4, state=UNKNOWN)], opens)
    assert [one.state for one in found[0].ends] == [BAD, UNKNOWN, GOOD, PLAIN]


def test_many_are_folded_into_one_that_opens_them_all():
    (group,) = grouped([end(n, state=GOOD) for n in range(60)], opens)
    fold = group.shown[-1]
    assert (fold.title, fold.href, fold.state) == (f"and {60 - MOST} more", "?facet=http", GOOD)
    assert len(group.shown) == MOST + 1


def test_a_fold_has_the_worst_state_of_what_it_hides():
    (group,) = grouped([*(end(n, state=BAD) for n in range(MOST)), end(98, state=UNKNOWN), end(99)], opens)
    assert group.shown[-1].state == UNKNOWN


def test_one_too_many_is_drawn_instead_of_folded():
    (group,) = grouped([end(n) for n in range(MOST + 1)], opens)
    assert group.more == 0


def test_an_unknown_kind_comes_last():
    assert [group.kind for group in grouped([end(1, "telepathy"), end(2, "other")], opens)] == ["other", "telepathy"]


@pytest.mark.parametrize("number", [0, 1, 2, 5, 12, 60, 400])
def test_every_label_has_a_row_of_its_own(number):
    kinds = KINDS[: max(number // 5, 1)]
    ends = [end(n, kinds[n % len(kinds)], STATES[n % 4], "settings.A_LONG_NAME_" * 5) for n in range(number)]
    for drawing in (wide("pay" * 30, grouped(ends, opens)), narrow("pay" * 30, grouped(ends, opens))):
        for anchor in ("start", "end"):
            rows = [node.hit_y for node in drawing.nodes if node.anchor == anchor]
            assert all(below - above >= ROW for above, below in pairwise(rows))
        assert all(node.hit_y >= 0 and node.hit_y + ROW <= drawing.height + 1 for node in drawing.nodes)


@given(st.lists(st.builds(end, st.integers(1, 999), st.sampled_from(KINDS), st.sampled_from(STATES)), max_size=120))
def test_nothing_leaves_the_drawing_and_nothing_is_lost(ends):
    found = grouped(ends, opens)
    assert sum(len(group.ends) + group.more for group in found) == len(ends)
    for drawing in (wide("pay", found), narrow("pay", found)):
        right = drawing.left + drawing.width
        assert all(drawing.left <= node.hit_x and node.hit_x + node.hit_width <= right + 1 for node in drawing.nodes)
        assert all(drawing.left <= head.x <= right and 0 <= head.y <= drawing.height for head in drawing.heads)


@given(st.text(max_size=200), st.floats(30, 400), st.sampled_from([12, 13]))
def test_a_label_fits_its_room(text, room, size):
    cut = clipped(text, room, size)
    assert width(cut, size) <= room
    assert cut == text or cut.endswith("\N{HORIZONTAL ELLIPSIS}")


def test_the_narrow_map_has_a_trunk_down_to_its_last_branch():
    drawing = narrow("pay", grouped([end(1), end(2, "sql")], opens))
    assert drawing.width == PHONE
    assert trunk(drawing) == f"M14 {BOX_HEIGHT + 1} V{drawing.nodes[-1].dot_y - 10:g}"
    assert trunk(narrow("pay", [])) == f"M14 {BOX_HEIGHT + 1} V{BOX_HEIGHT}"
