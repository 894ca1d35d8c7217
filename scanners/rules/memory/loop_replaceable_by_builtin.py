import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.memory.plainloops import grown_text, list_searches, plain

_FED: Final = ("sum", "any", "all", "min", "max", "set", "frozenset", "dict")
_LIKELY: Final = Confidence.MEDIUM


class LoopReplaceableByBuiltin(Rule):
    """
    A loop that only adds up, counts, searches or collects runs line by line in the interpreter and has to be read to be known;
    the builtin runs in C, stops early and says what it does. Text that grows by `+=` is copied again in each turn.

    Looks at `for` loops of one statement right after their accumulator was set: sums, counts, lists, flags with `break`, a
    return of True or False, the largest or smallest, text; at text that a longer loop adds to; at `in` on a list that a
    comprehension or `list()` made before the loop; and at lists made only for `sum`, `any`, `all`, `min`, `max`, `set`
    or `dict`. Loops with other effects, an await, a try, an accumulator that is read on the way, three items, or a float to
    start from (the order matters) are good.
    """

    id = "loop-replaceable-by-builtin"
    area = "memory"
    item = "M4"
    title = "Loop that a builtin replaces"
    severity = Severity.LOW
    fix = "Write it as sum(), any(), all(), max(), a comprehension or ''.join(); leave out the brackets around what is only fed on."
    bad = (
        Example(
            "loops of one thought, lists made to be fed on",
            {
                "shop/sums.py": """\
def totals(rows):
    total = 0
    for row in rows:
        total += row.price
    late = 0
    for row in rows:
        if row.late:
            late += 1
    names = []
    for row in rows:
        names.append(row.name)
    text = ""
    for row in rows:
        text += row.line()
    found = False
    for row in rows:
        if row.late:
            found = True
            break
    most = rows[0].price
    for row in rows:
        if row.price > most:
            most = row.price
    return sum([row.price for row in rows]), any([row.late for row in rows]), set([row.id for row in rows])
def is_late(rows):
    for row in rows:
        if row.late:
            return True
    return False
"""
            },
            at=[("shop/sums.py", line) for line in (3, 6, 10, 13, 16, 21, 24, 24, 24, 26)],
        ),
        Example(
            "text and searches in longer loops",
            {
                "shop/page.py": "def page(rows, old):\n    text = 'Orders'\n    known = [row.number for row in old]\n    for row in rows:\n"
                "        if row.number in known:\n            continue\n        text += row.line()\n    return text\n"
            },
            at=[("shop/page.py", 5), ("shop/page.py", 7)],
        ),
    )
    good = (
        Example(
            "loops that do more, or that are short",
            {
                "shop/sums.py": """\
async def totals(rows, log):
    total = 0
    for row in rows:
        total += row.price
        log.info(row)
    weight = 0.0
    for row in rows:
        weight += row.weight
    names = []
    for row in rows:
        if row.name not in names:
            names.append(row.name)
    count = 0
    for row in rows:
        count += await row.count()
    for part in (1, 2, 3):
        total += part
    for row in rows:
        try:
            total += int(row.text)
        except ValueError:
            continue
    steps = []
    for row in rows:
        steps.append(row.step(len(steps)))
    return sum(row.price for row in rows), any(row.late for row in rows), max(len(rows), 3), sum([1, 2])
def first(rows):
    for row in rows:
        if row.late:
            return row
    return None
"""
            },
        ),
    )
    calls = _FED

    def visit_for(self, place: Place[ast.For], ctx: Context) -> None:
        if isinstance(place.node, ast.AsyncFor):
            return
        ctx.site(place)
        found = plain(place)
        if found is not None:
            ctx.report(place, f"This loop only {found.does}: {found.builtin} does it.")
            return
        grown = grown_text(place)
        if grown is not None:
            at: Place[ast.AST] = Place(grown[1], place.block, grown[1])
            ctx.report(at, f"`{grown[0]}` is copied with each `+=`: append to a list and join it.", confidence=_LIKELY)
        for name, compared in list_searches(place):
            at = Place(compared, place.block, None)
            message = f"`{name}` is a list that each turn of the loop searches: make it a set, if its items allow."
            ctx.report(at, message, confidence=_LIKELY)

    def visit_call(self, call: Call, ctx: Context) -> None:
        given = call.node.args
        if len(given) != 1 or not isinstance(given[0], (ast.ListComp, ast.GeneratorExp)):
            return
        awaits = any(isinstance(node, ast.Await) for node in ast.walk(given[0]))
        if isinstance(given[0], ast.ListComp) and not awaits:
            ctx.report(call, f"The list is made only to feed `{call.last}`: leave out the brackets.")
        else:
            ctx.site(call)
