from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from reviews.audit import appendonly


def install(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.install(schema_editor.connection)


def remove(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    appendonly.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0002_reviews"),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]
