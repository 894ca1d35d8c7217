import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Block, Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.data.datacode import body_of
from scanners.semantics.data.lineage import lines
from scanners.semantics.remarks import is_explained
from scanners.tree import Tree, TreeContext

_REVERSE: Final = {
    "django.db.migrations.RunPython": (1, "reverse_code"),
    "django.db.migrations.RunSQL": (1, "reverse_sql"),
}
_FAR: Final = 10
"""Over more revisions of one folder than this nobody goes back."""
_HEAD = "from django.db import migrations\n\n\ndef fill(apps, schema_editor):\n    apps.get_model('shop', 'Order').objects.update(paid=False)\n\n\n"
_CLASS = f"{_HEAD}class Migration(migrations.Migration):\n    dependencies = [('shop', '0001_initial')]\n    operations = [\n"
_REVISION = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'b2'\ndown_revision = 'a1'\n\n\ndef upgrade():\n    op.add_column('orders', sa.Column('vat', sa.Integer()))\n\n\ndef downgrade():\n"


class MigrationIrreversible(Rule):
    """
    A release that goes wrong is undone at night: a migration that cannot run backwards leaves the new tables under the
    old code.

    Looks at RunPython and RunSQL of Django and at the revisions of alembic. A noop is a reverse. First migrations, merges
    and squashes have nothing to go back to; revisions of alembic that ten others follow have low confidence.
    """

    id = "migration-irreversible"
    area = "data"
    item = "B4"
    title = "Migration cannot be undone"
    severity = Severity.MEDIUM
    effort = Effort.HOUR
    fix = "Say how to go back: reverse_code, reverse_sql or a downgrade(); RunPython.noop or RunSQL.noop if nothing need be undone."
    classes = frozenset({"migration"})
    bad = [
        Example(
            "Django: code and SQL without a way back",
            {
                "shop/migrations/0002_fill.py": f"{_CLASS}        migrations.RunPython(fill),\n"
                "        migrations.RunSQL('VACUUM'),\n        migrations.RunPython(fill, reverse_code=None),\n    ]\n"
            },
            at=[("shop/migrations/0002_fill.py", line) for line in (11, 12, 13)],
        ),
        Example(
            "alembic: an empty downgrade",
            {"alembic/versions/b2.py": f'{_REVISION}    """Nothing."""\n    pass\n'},
            at=[("alembic/versions/b2.py", 12)],
        ),
        Example("alembic: a downgrade that raises", {"a/versions/b2.py": f"{_REVISION}    raise NotImplementedError('no way back')\n"}, at=[("a/versions/b2.py", 12)]),
        Example("alembic: no downgrade", {"a/versions/b2.py": _REVISION.rpartition("def downgrade")[0]}, at=[("a/versions/b2.py", 8)]),
    ]  # fmt: skip
    good = [
        Example(
            "Django: noop or a real way back",
            {
                "shop/migrations/0002_fill.py": f"{_CLASS}        migrations.RunPython(fill, migrations.RunPython.noop),\n"
                "        migrations.RunSQL('VACUUM', reverse_sql=migrations.RunSQL.noop),\n"
                "        migrations.RunPython(code=fill, reverse_code=fill),\n    ]\n"
            },
        ),
        Example(
            "the first migration, and a squash",
            {
                "shop/migrations/0001_initial.py": _CLASS.replace("dependencies", "initial = True\n    dependencies") + "        migrations.RunPython(fill),\n    ]\n",
                "shop/migrations/0001_squashed.py": _CLASS.replace("dependencies", "replaces = [('shop', '0001_initial')]\n    dependencies")
                + "        migrations.RunPython(fill),\n    ]\n",
            },
        ),
        Example(
            "alembic: a downgrade, a merge, the first revision",
            {
                "alembic/versions/b2.py": f"{_REVISION}    op.drop_column('orders', 'vat')\n",
                "alembic/versions/c3.py": "revision = 'c3'\ndown_revision = ('b2', 'b1')\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
                "alembic/versions/a1.py": _REVISION.replace("'a1'", "None").replace("'b2'", "'a1'") + "    pass\n",
            },
        ),
    ]  # fmt: skip
    calls = tuple(_REVERSE)

    def visit_call(self, call: Call, ctx: Context) -> None:
        if not any(block.kind == "class" and block.node.name == "Migration" for block in call.blocks()) or _starts(
            call
        ):
            return
        ctx.site(call)
        reverse = call.argument(*_REVERSE[call.dotted])
        if call.unpacks:
            ctx.unresolved(call, "The way back may be among unpacked arguments.")
        elif reverse is None or ctx.constant(reverse, call) is None:
            ctx.report(call, f"{call.last} has no {_REVERSE[call.dotted][1]}: migrating back stops here.")

    def visit_module(self, ctx: Context) -> None:
        names = ctx.module.names
        if "down_revision" not in names or "revision" not in names or "upgrade" not in names:
            return
        upgrade = _def("upgrade", ctx)
        down = names["down_revision"][-1].value
        if upgrade is None or not body_of(upgrade) or isinstance(down, (ast.Tuple, ast.List)):
            return
        if ctx.constant(down, _place(upgrade, ctx)) is None:
            return
        downgrade = _def("downgrade", ctx)
        if downgrade is None:
            self._one_way(upgrade, "The revision has no downgrade().", ctx)
        elif not body_of(downgrade):
            meant = is_explained(ctx.source_lines, downgrade.lineno, downgrade.end_lineno or downgrade.lineno)
            message = "downgrade() does nothing: the revision counts as undone, its changes stay."
            self._one_way(downgrade, message, ctx, meant)
        elif isinstance(body_of(downgrade)[0], ast.Raise):
            self._one_way(downgrade, "downgrade() only raises: going back stops here.", ctx)
        else:
            ctx.site(downgrade)

    @staticmethod
    def _one_way(function: ast.FunctionDef, message: str, ctx: Context, meant: bool = False) -> None:
        text = ctx.source_lines[function.lineno - 1]
        ctx.fact("one-way-revision", _place(function, ctx), message=message, meant=meant, text=text)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        """Nobody goes back over revisions that releases have followed: only the last ones are sure."""
        found = tree.facts("one-way-revision")
        old = {fact.path for line in lines(tree) for fact in line.migrations[:-_FAR]} if found else set()
        for fact in found:
            sure = Confidence.LOW if fact["meant"] or fact.path in old else None
            ctx.report(fact.path, fact.line, fact["message"], text=fact["text"], confidence=sure)


def _starts(call: Call) -> bool:
    """Whether the migration is the first of its application, or a squash of others."""
    names = next(block.scope.names for block in call.blocks() if block.kind == "class")
    initial = [binding.value for binding in names.get("initial", []) if binding.kind == "assign"]
    return "replaces" in names or any(isinstance(value, ast.Constant) and value.value is True for value in initial)


def _def(name: str, ctx: Context) -> ast.FunctionDef | None:
    found = [binding.value for binding in ctx.module.names.get(name, []) if binding.kind == "def"]
    return found[-1] if found else None


def _place(node: ast.FunctionDef, ctx: Context) -> Place[Any]:
    return Place(node, Block("module", ctx.tree or node, None, ctx.module), node)
