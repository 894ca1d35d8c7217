"""The walk lists the same nodes as a plain reading of the tree, and keeps where the same defs and suites end."""

import ast

from scanners.index import Index
from scanners.listing import Listing
from scanners.walk import Walk

SOURCE = """
from typing import TYPE_CHECKING, Any
import os.path as path

if TYPE_CHECKING:
    from shop.models import Order
    def quiet(order: "Order") -> None: ...
else:
    Order = Any
if True:
    loud = 1
else:
    never = run(lambda: 2)

@app.get("/orders")
@cached(60)
class Orders(base.View, metaclass=Meta):
    page: dict[str, int] = {**given, "size": int(os.environ["SIZE"])}
    kept: list[int]

    async def get(self, /, request: Request, *args: int, by=make(), only: str = "a", bare, **rest: Any) -> Answer:
        async with lock, open(request.path[0]) as (first, other):
            while first.more() and (found := other.next()):
                yield found, *[row.name for self.row[0] in found if row if await row.ready()]
            else:
                del self.rows[1:], first
        async for row.line in self.rows:
            row += sum(x ** 2 for x in range(3)) if row > 1 < 3 else -row
        try:
            global seen
            assert rest, f"{rest!r:>{len(rest)}} {1}"
        except (KeyError, ValueError) as error:
            raise Lost(error) from error
        else:
            return
        finally:
            match request:
                case Point(x=0, y=[1, *more]) if more: print(more)
                case {"a": b.c, **others} | None: pass
"""


def walked(source: str) -> tuple[Listing, Listing]:
    """What the walk lists, and a plain reading."""
    tree = ast.parse(source)
    walk, plain = Walk(Index([], "service")), Listing()
    walk.run(tree)
    plain.read(tree)
    return walk.listing, plain


def test_the_walk_lists_every_node_once() -> None:
    listed, plain = walked(SOURCE)
    assert len(listed.nodes) == len(plain.nodes) > 200
    assert set(listed.nodes) == set(plain.nodes)


def test_defs_and_suites_hold_the_same() -> None:
    listed, plain = walked(SOURCE)
    assert listed.spans.keys() == plain.spans.keys()
    for node in plain.spans:
        assert set(listed.below(node, ())) == set(plain.below(node, ()))
        assert set(listed.within(node, (ast.Name, ast.Call))) == set(plain.within(node, (ast.Name, ast.Call)))
    for suite in [suite for suite, _, _ in listed.suites.values() if isinstance(suite[0], ast.stmt)]:
        for lambdas in (True, False):
            found, expected = listed.suite(suite, (), lambdas), plain.suite(suite, (), lambdas)
            assert set(found or ()) == set(expected or ()) != set()


def test_a_listing_stands_in_source_order() -> None:
    listed, _ = walked(SOURCE)
    statements = [node.lineno for node in listed.nodes if isinstance(node, ast.stmt)]
    assert statements == sorted(statements)
