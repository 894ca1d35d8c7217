import ast
from typing import Final

from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.memory.plainloops import grown_text, list_searches, made_to_run_through, plain

_FED: Final = ("sum", "any", "all", "min", "max", "set", "frozenset", "dict")
_LIKELY: Final = Confidence.MEDIUM


class LoopReplaceableByBuiltin(Rule):
    """
    A loop that only adds up, counts, searches or collects runs line by line in the interpreter and has to be read to be known;
    the builtin runs in C, stops early and says what it does. Text that grows by `+=` is copied again in each turn.

    Looks at `for` loops of one statement right after their accumulator was set: sums, counts, lists, sets, dicts, flags with
    `break`, a return of True or False, the largest or smallest, text; at text that a longer loop adds to; at `in` on a list
    that a comprehension or `list()` made before the loop; and at lists made only for a loop, `sum`, `any`, `all`, `min`,
    `max`, `set` or `dict`. Loops with other effects, an await, a try, an accumulator that is read on the way, three items, or
    a float to start from (the order matters) are good.
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
                "shop/sums.py": "def totals(rows):\n    total = 0\n    for row in rows:\n        total += row.price\n"
                "    late = 0\n    for row in rows:\n        if row.late:\n            late += 1\n    names = []\n"
                '    for row in rows:\n        names.append(row.name)\n    text = ""\n    for row in rows:\n'
                "        text += row.line()\n    found = False\n    for row in rows:\n        if row.late:\n"
                "            found = True\n            break\n    most = rows[0].price\n    for row in rows:\n"
                "        if row.price > most:\n            most = row.price\n"
                "    return sum([row.price for row in rows]), any([row.late for row in rows]), set([row.id for row in rows])\n"
                "def is_late(rows):\n    for row in rows:\n        if row.late:\n            return True\n"
                "    return False\n"
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
        Example(
            "sets and dicts, text put together anew, a list made to be gone through",
            {
                "shop/rows.py": "def rows(found, log):\n    ids = set()\n    for row in found:\n        ids.add(row.id)\n    named = {}\n"
                "    for row in found:\n        named[row.name] = row\n    text = ''\n    for row in found:\n"
                "        text = text + row.line()\n    for late in [row for row in found if row.late]:\n        log.info(late)\n"
            },
            at=[("shop/rows.py", line) for line in (3, 6, 9, 11)],
        ),
    )
    good = (
        Example(
            "loops that do more, or that are short",
            {
                "shop/sums.py": "async def totals(rows, log):\n    total = 0\n    for row in rows:\n"
                "        total += row.price\n        log.info(row)\n    weight = 0.0\n    for row in rows:\n"
                "        weight += row.weight\n    names = []\n    for row in rows:\n"
                "        if row.name not in names:\n            names.append(row.name)\n    count = 0\n"
                "    for row in rows:\n        count += await row.count()\n    for part in (1, 2, 3):\n"
                "        total += part\n    for row in rows:\n        try:\n            total += int(row.text)\n"
                "        except ValueError:\n            continue\n    steps = []\n    for row in rows:\n"
                "        steps.append(row.step(len(steps)))\n"
                "    return sum(row.price for row in rows), any(row.late for row in rows), max(len(rows), 3), sum([1, 2])\n"
                "def first(rows):\n    for row in rows:\n        if row.late:\n            return row\n"
                "    return None\n"
            },
        ),
        Example(
            "text that is needed on the way, a count of what was done, a list of what the loop takes away",
            {
                "shop/rows.py": "def split(chars, held, found):\n    word = ''\n    for char in chars:\n        if char == ' ':\n"
                "            yield word\n            word = ''\n        word += char\n    done = 0\n    for row in found:\n"
                "        if row.cleanup():\n            done += 1\n    for key in [key for key in held if key.old]:\n"
                "        del held[key]\n    return done\n"
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
            sure = _LIKELY if "dict" in found.builtin else None
            ctx.report(place, f"This loop only {found.does}: {found.builtin} does it.", confidence=sure)
            return
        if made_to_run_through(place.node):
            ctx.report(place, "The list is made only to be gone through: leave out the brackets.", confidence=_LIKELY)
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
