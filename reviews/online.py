"""Changes of tables that hold nobody up while an older release still runs."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class AddIndexOnline(migrations.AddIndex):
    """Add an index while rows are written: PostgreSQL builds it concurrently. For migrations with atomic = False."""

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Build the index. One that a broken-off attempt left behind has to be dropped by hand: PostgreSQL names it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        online = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, self.index, **online)


class AddUniqueOnline(migrations.AddConstraint):
    """Likewise a unique constraint with a condition, which is a unique index."""

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Build its index."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            made = str(self.constraint.create_sql(model, schema_editor))
            schema_editor.execute(made.replace("UNIQUE INDEX", "UNIQUE INDEX CONCURRENTLY", 1))
