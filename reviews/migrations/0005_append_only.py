from django.db import migrations

from reviews import appendonly


def install(apps, schema_editor):
    appendonly.install(schema_editor.connection)


def remove(apps, schema_editor):
    appendonly.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0004_errands"),
    ]

    operations = [
        migrations.RunPython(install, remove),
    ]
