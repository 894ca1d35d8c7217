import secrets
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from reviews.audit import appendonly
from reviews.models import User


class Command(BaseCommand):
    help = (
        "Get the database ready: apply migrations, guard what is append-only, and make the first site admin, with a "
        "password that is shown once. Changes nothing that is done already."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        # SQLite makes a changed table anew, which leaves its triggers behind.
        for trigger in appendonly.missing(connection):
            self.stdout.write(f"The trigger {trigger.name} on {trigger.table} was not in force. It is again.")
        appendonly.install(connection)
        if not User.objects.filter(is_superuser=True).exists():
            password = secrets.token_urlsafe(12)
            User.objects.create_superuser("admin", password=password)
            self.stdout.write(f"Sign in as admin, password: {password}")
