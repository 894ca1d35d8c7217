from collections import defaultdict
from typing import Any

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Place
from scanners.rule import CODE, Example, Rule
from scanners.semantics.data.rowloops import loop_of
from scanners.semantics.data.rowqueries import hits, place_of
from scanners.semantics.data.rowreads import is_loaded_per_row, read_of
from scanners.semantics.orm import uses_orm
from scanners.semantics.terminals import is_started_by_hand
from scanners.tree import Fact, Tree, TreeContext


class QueryInLoop(Rule):
    """
    A query per row is fast with ten rows on a laptop and takes the service down with ten thousand: each one waits for
    the network, and holds a connection meanwhile.

    Looks at loops and comprehensions that read by key, read the relation of a row that nothing prefetched, insert, save or
    commit once per item: Django, SQLAlchemy, Peewee and plain cursors. Loops over a fixed handful or over pages, loops
    that end at the first hit and queries for a set are good. Rows that come from elsewhere may be prefetched: unresolved.
    Scripts, commands and migrations run once, while somebody waits for their end: low confidence.
    """

    id = "query-in-loop"
    area = "data"
    item = "B1"
    title = "Query once per item of a loop"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOUR
    fix = "Fetch all that the loop needs in one query before it (`__in`, select_related, prefetch_related), write in bulk after it."
    classes = CODE | {"migration"}
    bad = [
        Example(
            "Django: reads by key",
            {
                "shop/report.py": "from shop.models import Customer, Order\n\n\ndef report(ids):\n    lines = []\n    for number in ids:\n"
                "        order = Order.objects.get(pk=number)\n        lines.append(order.total)\n"
                "    return lines, {i: Customer.objects.filter(order=i).count() for i in ids}\n"
            },
            at=[("shop/report.py", 7), ("shop/report.py", 9)],
        ),
        Example(
            "Django: relations, saves and inserts per row",
            {
                "shop/jobs.py": "from shop.models import Line, Order\n\n\ndef close(names):\n    for order in Order.objects.filter(open=True):\n"
                "        for line in order.lines.all():\n            print(line)\n        order.open = False\n        order.save()\n"
                "    for name in names:\n        Line.objects.create(name=name)\n"
            },
            at=[("shop/jobs.py", 6), ("shop/jobs.py", 9), ("shop/jobs.py", 11)],
        ),
        Example(
            "SQLAlchemy",
            {
                "orders.py": "from sqlalchemy import select\nfrom sqlalchemy.orm import Session\n\nfrom models import Customer, Order\n\n\n"
                "def load(session: Session, ids, rows):\n    for order in ids:\n        session.query(Order).filter_by(id=order).first()\n"
                "        session.execute(select(Order).where(Order.id == order)).scalar_one()\n        session.get(Customer, order)\n"
                "    for row in rows:\n        session.add(Order(name=row))\n        session.commit()\n"
            },
            at=[("orders.py", 9), ("orders.py", 10), ("orders.py", 11), ("orders.py", 14)],
        ),
        Example(
            "cursor and Peewee",
            {
                "load.py": "import psycopg2\nfrom peewee import fn\n\nfrom models import Order\n\n\ndef load(rows, connection, ids):\n    cursor = connection.cursor()\n    for row in rows:\n"
                "        cursor.execute('INSERT INTO orders (name) VALUES (%s)', (row.name,))\n"
                "    return [Order.get(Order.id == i) for i in ids]\n"
            },
            at=[("load.py", 10), ("load.py", 11)],
        ),
    ]
    good = [
        Example(
            "one query before the loop, relations prefetched",
            {
                "shop/report.py": "from shop.models import Order\n\n\ndef report(ids):\n    orders = Order.objects.in_bulk(ids)\n"
                "    names = [orders[number].name for number in ids]\n"
                "    for order in Order.objects.prefetch_related('lines'):\n        names += [line.name for line in order.lines.all()]\n"
                "    return names\n"
            },
        ),
        Example(
            "a fixed handful, pages and sets",
            {
                "shop/jobs.py": "from shop.models import Order, Status\n\n\ndef totals(ids):\n    for status in Status:\n        Order.objects.filter(status=status).count()\n"
                "    for name in ('new', 'paid', 'sent'):\n        Order.objects.filter(status=name).count()\n"
                "    for start in range(0, len(ids), 500):\n        Order.objects.filter(pk__in=ids[start : start + 500]).delete()\n"
            },
        ),
        Example(
            "the first free name, batches committed, no query at all",
            {
                "shop/slugs.py": "from sqlalchemy.orm import Session\n\nfrom shop.models import Order\n\n\ndef free(names, session: Session, rows):\n"
                "    for count, row in enumerate(rows):\n        session.add(row)\n        if count % 1000 == 0:\n            session.commit()\n"
                "    for form in rows:\n        form.save()\n"
                "    for name in names:\n        if not Order.objects.filter(slug=name).exists():\n            return name\n    return None\n"
            },
        ),
        Example(
            "a query that the loop narrows, a statement for each table",
            {
                "count.py": "import psycopg2\n\n\ndef count(tables, connection):\n    cursor = connection.cursor()\n    for table in tables:\n        cursor.execute(f'SELECT count(*) FROM \"{table}\"')\n",
                "shop/search.py": "from shop.models import Order\n\n\ndef search(words):\n    found = Order.objects.all()\n    for word in words:\n        found = found.filter(text__contains=word)\n    return found\n",
            },
        ),
    ]

    def visit_for(self, place: Place[Any], ctx: Context) -> None:
        if uses_orm(ctx):
            self._look(place, ctx)

    visit_list_comp = visit_for
    visit_set_comp = visit_for
    visit_dict_comp = visit_for
    visit_generator_exp = visit_for

    def _look(self, place: Place[Any], ctx: Context) -> None:
        loop = loop_of(place, ctx)
        if loop.kind != "open":
            return
        found = list(hits(loop, ctx))
        for node, loaded in read_of(loop, ctx):
            model, light = loop.rows.model if loop.rows else "", is_started_by_hand(place, ctx)
            text = ctx.source_lines[node.lineno - 1].strip()
            ctx.fact("row-read", node, model=model, attr=node.attr, loaded=loaded, light=light, text=text)
        if loop.rows is not None and not found:
            ctx.site(place)
        by_hand = bool(found) and is_started_by_hand(place, ctx)
        small, doubt = (Severity.LOW, Confidence.LOW) if by_hand else (None, None)
        for hit in found:
            where = place_of(hit.node, loop)
            if hit.doubt:
                ctx.unresolved(where, hit.doubt)
            else:
                ctx.report(where, hit.text, confidence=doubt or hit.sure, severity=small or hit.severity)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        models: dict[str, list[Fact]] = defaultdict(list)
        for fact in tree.facts("model"):
            models[fact["name"]].append(fact)
        for read in tree.facts("row-read"):
            found = models.get(read["model"].rpartition(".")[2], [])
            if len(found) != 1 or found[0]["manager"] or not is_loaded_per_row(read["attr"], read["loaded"], found[0]):
                continue
            text = f"`{read['attr']}` is a query of its own for each row; load it with the rows."
            line, (light, sure) = read["text"], (Severity.LOW, Confidence.LOW) if read["light"] else (None, None)
            ctx.report(read.path, read.line, text, anchor=line, text=line, severity=light, confidence=sure)
