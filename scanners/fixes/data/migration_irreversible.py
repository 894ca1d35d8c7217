import libcst as cst

from scanners.fixes.arguments import last_part, refuse_unpacked, with_keyword
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.spot import Spot

_REVERSE = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}


class AddNoopReverse(Fix):
    """
    Passes the operation's own `noop` as its way back: the migration can be undone, and what it did to the rows stays.
    Whether that is right, a person has to know.

    Not offered for revisions of alembic, whose way back has to be written.
    """

    rule = "migration-irreversible"
    fact = "one-way-revision"
    bulk = False
    says = "Let the migration be undone without undoing its rows."
    examples = (
        Change(
            "code and SQL",
            "from django.db import migrations\n\n\ndef fill(apps, schema_editor):\n    pass\n\n\n"
            'class Migration(migrations.Migration):\n    dependencies = [("shop", "0001_initial")]\n'
            "    operations = [\n"
            '        migrations.RunPython(fill),\n        migrations.RunSQL("VACUUM"),\n    ]\n',
            "from django.db import migrations\n\n\ndef fill(apps, schema_editor):\n    pass\n\n\n"
            'class Migration(migrations.Migration):\n    dependencies = [("shop", "0001_initial")]\n'
            "    operations = [\n"
            "        migrations.RunPython(fill, reverse_code=migrations.RunPython.noop),\n"
            '        migrations.RunSQL("VACUUM", reverse_sql=migrations.RunSQL.noop),\n    ]\n',
            path="shop/migrations/0002_fill.py",
        ),
    )
    declined = (
        Declined(
            "alembic",
            'from alembic import op\n\nrevision = "b2"\ndown_revision = "a1"\n\n\ndef upgrade():\n'
            '    op.drop_table("old")\n\n\ndef downgrade():\n    pass\n',
            "has to be written",
            path="versions/b2_drop.py",
        ),
    )

    def mend(self, spot: Spot) -> None:
        """Pass the reverse."""
        if not hasattr(spot.place.node, "func"):
            raise NotOfferedError("The way back of a revision has to be written.")
        node = spot.node(cst.Call)
        refuse_unpacked(node)
        keyword = _REVERSE.get(last_part(node.func))
        if keyword is None or sum(arg.keyword is None for arg in node.args) > 1:
            raise NotOfferedError("The way back is passed by position, as None: write it there.")
        spot.change(node, with_keyword(keyword, spot.expression(f"{spot.code(node.func)}.noop")))
