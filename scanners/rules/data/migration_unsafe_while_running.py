from typing import Any

from scanners.finding import Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.data.lineage import Line, lines, stem
from scanners.semantics.data.unsafeops import Repository, danger
from scanners.tree import Tree, TreeContext

_HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
_FIRST = f"{_HEAD}    initial = True\n    dependencies = []\n    operations = [migrations.CreateModel(name='Order', fields=[('total', models.IntegerField(null=True))])]\n"
_NEXT = f"{_HEAD}    dependencies = [('shop', '0001_initial')]\n    operations = [\n"
_SETTINGS = "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n"
_OP = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'b'\ndown_revision = 'a'\n\n\ndef upgrade():\n"
_MODEL = "from sqlalchemy import Column, Integer\n\nfrom base import Base\n\n\nclass Order(Base):\n    __tablename__ = 'orders'\n    id = Column(Integer)\n    total = Column(Integer)\n"


class MigrationUnsafeWhileRunning(Rule):
    """
    While a release rolls out, the old code runs against the new tables: a column that is gone, renamed or suddenly
    required fails its queries, and a lock on a large table stops everybody.

    Looks at the last migrations of each application or folder of revisions: Django and alembic. Drops and renames of what
    is still used, NOT NULL without a constant default, indexes and constraints that lock (PostgreSQL), type changes, two
    heads. Tables that are new in the same release, other databases and separated state are good. Older migrations have
    run and are not looked at.
    """

    id = "migration-unsafe-while-running"
    area = "data"
    item = "B4"
    title = "Migration breaks the code that is running"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Do it in steps, each of which the release before can live with: expand, migrate the data, contract in a later release."
    bad = [
        Example(
            "Django: a drop, a rename, NOT NULL without a default",
            {
                "shop/migrations/0001_initial.py": _FIRST, "shop/migrations/0002_more.py": f"{_NEXT}        migrations.RemoveField('order', 'old'),\n"
                "        migrations.RenameField('order', old_name='sum', new_name='amount'),\n"
                "        migrations.AddField('order', 'vat', models.IntegerField()),\n    ]\n",
            }, at=[("shop/migrations/0002_more.py", line) for line in (7, 8, 9)],
        ),
        Example(
            "Django: an index, a type and a constraint on PostgreSQL, two heads",
            {
                "config/settings.py": _SETTINGS, "shop/migrations/0001_initial.py": _FIRST,
                "shop/migrations/0002_more.py": f"{_NEXT}        migrations.AddIndex('order', models.Index(fields=['total'], name='x')),\n"
                "        migrations.AlterField('order', 'total', models.TextField(null=True)),\n    ]\n",
                "shop/migrations/0003_other.py": f"{_NEXT}        migrations.AddConstraint('order', models.CheckConstraint(check=models.Q(total__gt=0), name='y')),\n    ]\n",
            },
            at=[("shop/migrations/0002_more.py", 7), ("shop/migrations/0002_more.py", 8), ("shop/migrations/0003_other.py", 4), ("shop/migrations/0003_other.py", 7)],
        ),
        Example("written in SQL", {"config/settings.py": _SETTINGS, "shop/migrations/0001_initial.py": _FIRST,
                "shop/migrations/0002_more.py": f"{_NEXT}        migrations.RunSQL('ALTER TABLE shop_order RENAME COLUMN sum TO amount', 'SELECT 1'),\n"
                "        migrations.RunSQL('CREATE INDEX ix ON shop_order (total)', 'DROP INDEX ix'),\n    ]\n",
                "alembic/versions/b.py": f"{_OP}    op.execute('ALTER TABLE orders ADD COLUMN vat int NOT NULL')\n"},
                at=[("alembic/versions/b.py", 9), ("shop/migrations/0002_more.py", 7), ("shop/migrations/0002_more.py", 8)]),
        Example(
            "alembic",
            {
                "requirements.txt": "psycopg==3.2.1\n",
                "shop/models.py": _MODEL,
                "alembic/versions/b.py": f"{_OP}    op.drop_column('orders', 'total')\n    op.create_index('ix', 'orders', ['total'])\n"
                "    op.add_column('orders', sa.Column('vat', sa.Integer(), nullable=False))\n"
                "    op.alter_column('orders', 'id', existing_type=sa.Integer(), type_=sa.BigInteger())\n"
                "    op.alter_column('orders', 'total', nullable=False)\n    op.create_foreign_key('fk', 'orders', 'users', ['user'], ['id'])\n",
            },
            at=[("alembic/versions/b.py", line) for line in (9, 10, 11, 12, 13, 14)],
        ),
    ]  # fmt: skip
    good = [
        Example(
            "separate state, a new table, safe forms",
            {
                "config/settings.py": _SETTINGS, "shop/migrations/0001_initial.py": _FIRST,
                "shop/migrations/0002_more.py": f"{_NEXT}        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField('order', 'old')]),\n"
                "        migrations.CreateModel(name='Line', fields=[]),\n        migrations.AddIndex('line', models.Index(fields=['a'], name='x')),\n"
                "        migrations.AddField('order', 'vat', models.JSONField(default=tags, db_default=[])),\n        migrations.AddField('order', 'note', models.TextField(null=True)),\n    ]\n",
                "shop/migrations/0003_index.py": "from django.contrib.postgres.operations import AddIndexConcurrently\n"
                + _NEXT.replace("0001_initial", "0002_more") + "        AddIndexConcurrently('order', models.Index(fields=['total'], name='z')),\n    ]\n",
            },
        ),
        Example("safe in SQL", {"config/settings.py": _SETTINGS, "alembic/versions/b.py": f"{_OP}    op.execute('CREATE INDEX CONCURRENTLY ix ON orders (total)')\n"
                "    op.execute('ALTER TABLE orders ADD COLUMN vat int NOT NULL DEFAULT 0')\n    op.execute('CREATE TABLE a (b int); CREATE INDEX c ON a (b)')\n"}),
        Example(
            "SQLite",
            {
                "config/settings.py": _SETTINGS.replace("postgresql", "sqlite3"), "shop/migrations/0001_initial.py": _FIRST,
                "shop/migrations/0002_more.py": f"{_NEXT}        migrations.AddIndex('order', models.Index(fields=['total'], name='x')),\n    ]\n",
            },
        ),
        Example(
            "alembic: a new table, concurrent, nullable, what no model declares",
            {
                "requirements.txt": "psycopg==3.2.1\n",
                "shop/models.py": _MODEL,
                "alembic/versions/b.py": f"{_OP}    op.create_table('lines', sa.Column('id', sa.Integer()))\n    op.create_index('ix', 'lines', ['id'])\n"
                "    op.create_index('iy', 'orders', ['id'], postgresql_concurrently=True)\n    op.add_column('orders', sa.Column('vat', sa.Integer()))\n"
                "    op.drop_column('orders', 'legacy')\n",
            },
        ),
    ]  # fmt: skip

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        engines = frozenset(fact["engine"] for fact in tree.facts("database-engine"))
        models = [fact for fact in tree.facts("model") if fact["table"]]
        declared = {fact["table"].lower(): {name.lower() for name in fact["fields"]} for fact in models}
        for line in lines(tree):
            self._heads(line, ctx)
            self._line(line, frozenset({"sqlite"}) if "/sqlite/" in line.migrations[0].path else engines, declared, ctx)

    def _heads(self, line: Line, ctx: TreeContext) -> None:
        if len(line.heads) > 1:
            last = line.heads[-1] if line.framework == "django" else max(line.heads, key=lambda fact: fact.path)
            others = ", ".join(sorted(stem(head) for head in line.heads if head is not last))
            ctx.report(last.path, last.line, f"Two heads: nothing follows {others} either; merge them.", anchor="heads")

    def _line(self, line: Line, engines: frozenset[str], declared: dict[str, set[str]], ctx: TreeContext) -> None:
        new: set[str] = set()
        fields: dict[tuple[str, str], dict[str, Any]] = {}
        for migration in line.migrations:
            recent = migration in line.recent and not migration["initial"]
            for made in migration["operations"]:
                if made["op"] in ("CreateModel", "create_table"):
                    new |= {made["table"]} if recent else set()
                elif recent and not made["state"] and made["table"] not in new:
                    self._judge(migration, made, Repository(engines, declared, fields), ctx)
                _learn(made, fields)
            raw = migration["raw"] if recent else []
            new |= {made["table"] for made in raw if made["op"] == "create_table"}
            for made in raw:
                if not any(f"_{made['table']}".endswith(f"_{table}") for table in new):  # Django puts its label before.
                    self._judge(migration, made, Repository(engines, declared, fields), ctx)

    def _judge(self, migration: Any, made: dict[str, Any], known: Repository, ctx: TreeContext) -> None:
        found, line = danger(made, known), made["line"]
        if found is None:
            ctx.site(migration.path, line)
        elif not found.text:
            ctx.unresolved(migration.path, line, found.doubt)
        else:
            anchor = f"{made['op']} {made['table']}.{made['column']}"
            ctx.report(migration.path, line, found.text, anchor=anchor, confidence=found.sure)


def _learn(made: dict[str, Any], fields: dict[tuple[str, str], dict[str, Any]]) -> None:
    for column in made.get("columns", [made] if made["op"] in ("AddField", "AlterField") else []):
        fields[(made["table"], column["column"])] = column
