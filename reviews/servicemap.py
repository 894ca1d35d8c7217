"""
The map of what a service talks to: boundaries in, SVG attributes out. Knows neither the database nor markup.

    groups = grouped(ends)                 # by kind, the worst first, the many folded into "and 14 more"
    wide("pay", groups)                    # Drawing: the service in the middle, kinds on both sides of it
    narrow("pay", groups)                  # the same below the service, for phones

Lengths are px at the drawing's own size. Every label has a row of its own, so nothing overlaps however many there are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

GOOD, BAD, UNKNOWN, PLAIN = "good", "bad", "unknown", "plain"
_WORST = (BAD, UNKNOWN, GOOD, PLAIN)
MOST, FEWEST = 24, 2
"""How many ends a map shows at most, and how many of a kind at least."""

BOX_WIDTH, BOX_HEIGHT = 208, 56
HEAD, ROW, GAP = 26, 42, 14
SIDE, REACH = 420, 116
"""The width of the labels on a side, and of the edges between them and the service."""
PHONE, TRUNK, TEXT = 358, 14, 52
TITLE, DETAIL, NAME = 13, 12, 16
"""The sizes of the type of the two lines of a label, and of the service's name."""
KINDS = ("http", "rpc", "sql", "cache", "broker", "mail", "object store", "process", "ssh", "directory", "other")
_BROAD, _WIDE, _USUAL = frozenset("mwMW@%_+=&"), 0.72, 0.54
_KIND_NAMES = {"http": "HTTP", "rpc": "RPC", "sql": "SQL", "ssh": "SSH"}


@dataclass(frozen=True, slots=True)
class End:
    """What an edge leads to. `state` is that of its timeout and retry; PLAIN where neither is judged."""

    kind: str
    title: str
    detail: str
    state: str
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """The ends of one kind that are drawn; `more` are folded into one, which opens `href` and has the worst state."""

    kind: str
    ends: tuple[End, ...]
    more: int = 0
    more_state: str = PLAIN
    more_href: str = ""

    @property
    def title(self) -> str:
        """The kind as people write it."""
        return _KIND_NAMES.get(self.kind, self.kind.capitalize())

    @property
    def shown(self) -> tuple[End, ...]:
        """What is drawn, the fold included."""
        if not self.more:
            return self.ends
        return (*self.ends, End(self.kind, f"and {self.more:,} more", "", self.more_state, self.more_href))

    @property
    def height(self) -> int:
        """How much room it takes."""
        return HEAD + ROW * len(self.shown)


@dataclass(frozen=True, slots=True)
class Node:
    """An end as it is drawn: its edge, the sign at the end of it, two lines of text, and what a pointer may hit."""

    end: End
    edge: str
    sign_x: float
    sign_y: float
    text_x: float
    title_y: float
    detail_y: float
    anchor: str
    title: str
    detail: str
    hit_x: float
    hit_y: float
    hit_width: float

    @property
    def dot_x(self) -> float:
        """The middle of the sign."""
        return self.sign_x + 7

    @property
    def dot_y(self) -> float:
        """The middle of the sign."""
        return self.sign_y + 7


@dataclass(frozen=True, slots=True)
class Head:
    """The name of a kind above its nodes."""

    x: float
    y: float
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything of one map. `box_x` and `box_y` are the corner of the service, whose name is `name`."""

    left: float
    width: float
    height: float
    box_x: float
    box_y: float
    name: str
    heads: tuple[Head, ...]
    nodes: tuple[Node, ...]
    box_width: float = BOX_WIDTH
    box_height: float = BOX_HEIGHT

    @property
    def name_x(self) -> float:
        """The middle of the service."""
        return self.box_x + BOX_WIDTH / 2

    @property
    def name_y(self) -> float:
        """The base line of its name."""
        return self.box_y + BOX_HEIGHT / 2 + 5


def grouped(ends: Iterable[End], opens: Callable[[str], str], most: int = MOST) -> list[Group]:
    """The ends by kind, of each the worst first, about `most` of them. `opens` is the address of all of a kind."""
    by_kind: dict[str, list[End]] = {}
    for end in ends:
        by_kind.setdefault(end.kind, []).append(end)
    cap = _cap([len(of) for of in by_kind.values()], most)
    order = {kind: place for place, kind in enumerate(KINDS)}
    kinds = sorted(by_kind, key=lambda kind: (order.get(kind, len(order)), kind))
    return [_group(kind, sorted(by_kind[kind], key=_weight), cap, opens) for kind in kinds]


def _cap(sizes: Sequence[int], most: int) -> int:
    """The greatest number of a kind with which all kinds fit."""
    fitting = [cap for cap in range(FEWEST, most + 1) if sum(min(size, cap) for size in sizes) <= most]
    return max(fitting, default=FEWEST)


def _weight(end: End) -> int:
    return _WORST.index(end.state)


def _group(kind: str, ends: list[End], cap: int, opens: Callable[[str], str]) -> Group:
    if len(ends) <= cap + 1:  # A fold of one takes the room of that one.
        return Group(kind, tuple(ends))
    rest = ends[cap:]
    return Group(kind, tuple(ends[:cap]), len(rest), rest[0].state, opens(kind))


def wide(name: str, groups: Sequence[Group]) -> Drawing:
    """The service in the middle with kinds on both sides; one side alone when there is little."""
    sides = _sides(groups)
    height = max([_height(side) for side in sides] + [BOX_HEIGHT + 2 * GAP])
    box_x, box_y = SIDE + REACH, (height - BOX_HEIGHT) / 2
    left = 0 if sides[1] else box_x - 1
    heads: list[Head] = []
    nodes: list[Node] = []
    for side, direction in ((sides[0], 1), (sides[1], -1)):
        start = box_x + BOX_WIDTH if direction > 0 else box_x
        y = (height - _height(side)) / 2
        for group in side:
            heads.append(_head(group, start, y, direction))
            nodes += [
                _beside(end, start, height / 2, y + HEAD + ROW * place, direction)
                for place, end in enumerate(group.shown)
            ]
            y += group.height + GAP
    width = box_x + BOX_WIDTH + REACH + SIDE - left
    return Drawing(left, width, height, box_x, box_y, clipped(name, BOX_WIDTH - 24, NAME), tuple(heads), tuple(nodes))


def _sides(groups: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """The groups of the right and of the left side, in their order, so that both are about as high."""
    if sum(len(group.shown) for group in groups) <= 4 or len(groups) == 1:
        return list(groups), []
    half = sum(group.height for group in groups) / 2
    splits = range(1, len(groups))
    best = min(splits, key=lambda at: abs(sum(group.height for group in groups[:at]) - half))
    return list(groups[:best]), list(groups[best:])


def _height(side: Sequence[Group]) -> float:
    return sum(group.height for group in side) + GAP * max(len(side) - 1, 0)


def _head(group: Group, start: float, y: float, direction: int) -> Head:
    x = start + direction * (REACH + 24)
    return Head(x, y + 16, "start" if direction > 0 else "end", group.title)


def _beside(end: End, start: float, middle: float, y: float, direction: int) -> Node:
    at, sign = y + ROW / 2, start + direction * (REACH + 8)
    near, far = start + direction * REACH * 0.55, start + direction * REACH * 0.45
    edge = f"M{start:g} {middle:g} C{near:g} {middle:g} {far:g} {at:g} {start + direction * REACH:g} {at:g}"
    text_x = start + direction * (REACH + 24)
    return Node(
        end=end,
        edge=edge,
        sign_x=sign - 7,
        sign_y=at - 7,
        text_x=text_x,
        title_y=at - 3 if end.detail else at + 4,
        detail_y=at + 13,
        anchor="start" if direction > 0 else "end",
        title=clipped(end.title, SIDE - 24, TITLE),
        detail=clipped(end.detail, SIDE - 24, DETAIL),
        hit_x=start + REACH if direction > 0 else start - REACH - SIDE,
        hit_y=y + 1,
        hit_width=SIDE,
    )


def narrow(name: str, groups: Sequence[Group]) -> Drawing:
    """The service on top, a trunk down the left side, and a branch for each end."""
    heads: list[Head] = []
    nodes: list[Node] = []
    y: float = BOX_HEIGHT + GAP
    for group in groups:
        heads.append(Head(TEXT, y + 16, "start", group.title))
        nodes += [_below(end, y + HEAD + ROW * place) for place, end in enumerate(group.shown)]
        y += group.height + GAP
    return Drawing(0, PHONE, y, 1, 1, clipped(name, BOX_WIDTH - 24, NAME), tuple(heads), tuple(nodes))


def _below(end: End, y: float) -> Node:
    at = y + ROW / 2
    edge = f"M{TRUNK:g} {at - 10:g} Q{TRUNK:g} {at:g} {TRUNK + 10:g} {at:g} H{TEXT - 22:g}"
    return Node(
        end=end,
        edge=edge,
        sign_x=TEXT - 20,
        sign_y=at - 7,
        text_x=TEXT,
        title_y=at - 3 if end.detail else at + 4,
        detail_y=at + 13,
        anchor="start",
        title=clipped(end.title, PHONE - TEXT, TITLE),
        detail=clipped(end.detail, PHONE - TEXT, DETAIL),
        hit_x=TEXT - 22,
        hit_y=y + 1,
        hit_width=PHONE - TEXT + 22,
    )


def trunk(drawing: Drawing) -> str:
    """The path from the service down to the last branch of a narrow map."""
    last = drawing.nodes[-1].sign_y + 7 - 10 if drawing.nodes else BOX_HEIGHT
    return f"M{TRUNK:g} {BOX_HEIGHT + 1:g} V{last:g}"


def clipped(text: str, room: float, size: int) -> str:
    """As much of a text as fits into `room` px of type of a size: the rest is in the table and in its link's title."""
    if width(text, size) <= room:
        return text
    while text and width(text, size) > room - size:
        text = text[:-1]
    return text.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def width(text: str, size: int) -> float:
    """How wide a text may become in the widest of the fonts that pages are shown in."""
    return size * sum(_WIDE if letter.isupper() or letter in _BROAD else _USUAL for letter in text)
