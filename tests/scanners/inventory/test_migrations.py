from typing import Any

import pytest

from scanners.scan import scan_files

HEAD = (
    "from django.db import migrations, models\n\n\ndef fill(apps, schema_editor):\n    pass\n\n\n"
    "class Migration(migrations.Migration):\n"
)
NEXT = HEAD + "    dependencies = [('shop', '0001_initial')]\n    operations = [\n"
FIRST = (
    HEAD + "    initial = True\n    dependencies = []\n    operations = [\n"
    "        migrations.CreateModel('Order', fields=[\n"
    "            ('total', models.IntegerField(null=True)), ('note', models.CharField(max_length=9))]),\n    ]\n"
)
POSTGRES = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
REVISION = (
    "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'b2'\ndown_revision = 'a1'\n\n\ndef upgrade():\n"
)


def rows(files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The rows of the table by their keys."""
    report = scan_files({path: text.encode() for path, text in files.items()})
    assert [file.problem for file in report.files if file.problem] == []
    return {row["key"]: dict(row) for row in report.inventory["migrations"]}


def django(operations: str, settings: str = POSTGRES) -> dict[str, Any]:
    """The row of a migration with these operations that follows the first one."""
    files = {
        "shop/settings.py": settings,
        "shop/migrations/0001_initial.py": FIRST,
        "shop/migrations/0002_more.py": f"{NEXT}        {operations},\n    ]\n",
    }
    return rows(files)["shop.0002_more"]


def alembic(body: str, down: str = "    op.drop_table('x')\n", **more: str) -> dict[str, Any]:
    """The row of a revision with this upgrade."""
    text = f"{REVISION}{body}\n\ndef downgrade():\n{down}"
    return rows({"requirements.txt": "psycopg==3.2.1\n", "alembic/versions/b2_more.py": text, **more})["alembic.b2"]


@pytest.mark.parametrize(
    ("operation", "text", "changes"),
    [
        (("migrations.AddField('order', 'vat', "
        "models.IntegerField())"), "AddField order.vat NOT NULL without a default", "schema"),
        (("migrations.AddField('order', 'vat', "
        "models.IntegerField(default=0))"), "AddField order.vat NOT NULL", "schema"),
        ("migrations.RemoveField('order', 'note')", "RemoveField order.note", "schema"),
        ("migrations.RenameField('order', 'note', 'remark')", "RenameField order.note to remark", "schema"),
        ("migrations.RunPython(fill, migrations.RunPython.noop)", "RunPython fill", "data"),
        ("migrations.RunSQL('UPDATE shop_order SET total = 0')", "RunSQL UPDATE shop_order SET total = 0", "data"),
        ("migrations.RunSQL('CREATE INDEX x ON y (z)')", "RunSQL CREATE INDEX x ON y (z)", "schema"),
        ("migrations.RunSQL(load('x.sql'), '')", "RunSQL", None),
    ],
)  # fmt: skip
def test_operations_are_told_in_few_words(operation: str, text: str, changes: str | None) -> None:
    cells = django(operation)["cells"]
    assert (cells["operations"], cells["changes"]) == ([text], changes)


@pytest.mark.parametrize(
    ("operation", "back"),
    [
        ("migrations.RunPython(fill)", False),
        ("migrations.RunPython(fill, fill)", True),
        ("migrations.RunPython(fill, migrations.RunPython.noop)", True),
        ("migrations.RunPython(fill, reverse_code=None)", False),
        ("migrations.RunPython(*steps)", None),
        ("migrations.RunSQL('VACUUM')", False),
        ("migrations.RunSQL('VACUUM', reverse_sql='')", True),
        ("migrations.RemoveField('order', 'note')", True),
    ],
)
def test_code_without_a_way_back_cannot_be_undone(operation: str, back: bool | None) -> None:
    row = django(operation)
    assert row["cells"]["reversible"] is back
    assert row["marks"].get("reversible") == {False: "bad", None: "unknown", True: None}[back]
    shown = [place[2].endswith("without a way back") for place in row["places"][1:]]
    assert shown == {False: [True], None: [], True: []}[back]


@pytest.mark.parametrize(
    ("operation", "locks"),
    [
        ("migrations.AddIndex('order', models.Index(fields=['total'], name='x'))", ["index on order, not concurrent"]),
        ("migrations.AddField('order', 'vat', models.IntegerField())", ["order.vat NOT NULL, no default"]),
        ("migrations.AddField('order', 'vat', models.IntegerField(null=True))", []),
        (("migrations.AddField('order', 'by', models.ForeignKey('u.U', models.CASCADE, "
        "null=True))"), ["index on order.by, not concurrent"]),
        ("migrations.AlterField('order', 'total', models.IntegerField())", ["order.total becomes NOT NULL"]),
        (("migrations.AlterField('order', 'total', "
        "models.FloatField(null=True))"), ["type of order.total: IntegerField -> FloatField"]),
        ("migrations.AlterField('order', 'note', models.TextField())", []),
        ("migrations.AlterUniqueTogether('order', {('total', 'note')})", ["unique constraint on order"]),
        (("migrations.CreateModel('Line', fields=[]), migrations.AddIndex('line', models.Index(fields=['a'], "
        "name='x'))"), []),
        ("migrations.RemoveField('order', 'note')", []),
    ],
)  # fmt: skip
def test_locks_are_what_holds_a_table_that_was_there_before(operation: str, locks: list[str]) -> None:
    row = django(operation)
    assert row["cells"]["locks"] == locks
    assert row["marks"].get("locks") == {True: "bad", False: None}[bool(locks)]


def test_without_postgresql_no_index_locks_and_without_any_engine_it_cannot_be_told() -> None:
    index = "migrations.AddIndex('order', models.Index(fields=['total'], name='x'))"
    assert django(index, POSTGRES.replace("postgresql", "sqlite3"))["cells"]["locks"] == []
    unknown = django(index, "DEBUG = False\n")
    assert unknown["cells"]["locks"] is None
    assert unknown["unresolved"] == "What it locks: which database is used cannot be told."


def test_the_first_migration_can_be_undone_and_locks_nothing() -> None:
    row = rows({"shop/settings.py": POSTGRES, "shop/migrations/0001_initial.py": FIRST})["shop.0001_initial"]
    assert (row["cells"]["reversible"], row["cells"]["locks"], row["marks"]) == (True, [], {})


def test_an_old_migration_is_no_more_to_blame_for_its_locks() -> None:
    index = "migrations.AddIndex('order', models.Index(fields=['total'], name='x'))"
    files = {"shop/settings.py": POSTGRES, "shop/migrations/0001_initial.py": FIRST}
    files |= {
        f"shop/migrations/000{number}_x.py": f"{NEXT.replace('0001_initial', f'000{number - 1}_x')}        "
        f"{index},\n    ]\n"
        for number in range(2, 7)
    }
    found = rows(files)
    assert [found[f"shop.000{number}_x"]["cells"]["recent"] for number in range(2, 7)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert [found[f"shop.000{number}_x"]["marks"].get("locks") for number in (2, 6)] == [None, "bad"]


@pytest.mark.parametrize(
    ("body", "text", "changes"),
    [
        ("    op.add_column('orders', sa.Column('vat', sa.Integer()))\n", "add_column orders.vat", "schema"),
        ("    op.drop_column('orders', name)\n", "drop_column orders.?", "schema"),
        ("    op.execute('UPDATE orders SET vat = 0')\n", "execute UPDATE orders SET vat = 0", "data"),
        ("    op.execute('ALTER TABLE orders ADD x int')\n", "execute ALTER TABLE orders ADD x int", "schema"),
        ("    op.get_bind().execute(orders.update().values(vat=0))\n", "execute", "data"),
        ("    op.bulk_insert(table, [{}])\n", "bulk_insert", "data"),
    ],
)
def test_a_revision_of_alembic_is_told_alike(body: str, text: str, changes: str) -> None:
    cells = alembic(body)["cells"]
    assert (cells["operations"], cells["changes"], cells["name"]) == ([text], changes, "b2_more")


@pytest.mark.parametrize(
    ("down", "back"),
    [
        ("    pass\n", False),
        ("    raise NotImplementedError\n", False),
        ("    op.drop_column('orders', 'vat')\n", True),
    ],
)
def test_a_downgrade_that_does_nothing_or_raises_is_no_way_back(down: str, back: bool) -> None:
    assert alembic("    op.add_column('orders', sa.Column('vat', sa.Integer()))\n", down)["cells"]["reversible"] is back


def test_a_column_that_a_model_still_declares_is_dropped_too_early() -> None:
    model = (
        "from sqlalchemy import Column, Integer\nfrom base import Base\nclass Order(Base):\n"
        "    __tablename__ = 'orders'\n    total = Column(Integer)\n"
    )
    row = alembic("    op.drop_column('orders', 'total')\n", **{"shop/models.py": model})
    assert (row["cells"]["drops"], row["marks"]["drops"]) == (["orders.total"], "bad")
    assert "drops" not in alembic("    op.drop_column('orders', 'total')\n")["marks"]


def test_each_batch_alters_its_own_table() -> None:
    batches = (
        "    with op.batch_alter_table('orders') as batch_op:\n"
        "        batch_op.add_column(sa.Column('vat', sa.Integer()))\n"
        "    with op.batch_alter_table('lines') as batch_op:\n        batch_op.drop_column('old')\n"
    )
    assert alembic(batches)["cells"]["operations"] == ["add_column orders.vat", "drop_column lines.old"]


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ("('orders', 'lines')", ["add_column orders.vat", "add_column lines.vat"]),
        ("tables()", ["add_column ?.vat"]),
        ("('orders',)", ["add_column orders.vat"]),
    ],
)
def test_a_batch_in_a_loop_alters_each_table(tables: str, told: list[str]) -> None:
    loop = (
        f"    for table in {tables}:\n        with op.batch_alter_table(table) as batch_op:\n"
        "            batch_op.add_column(sa.Column('vat', sa.Integer()))\n"
    )
    assert alembic(loop)["cells"]["operations"] == told
