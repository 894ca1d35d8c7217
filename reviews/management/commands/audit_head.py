from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reviews.audit import chain, trail
from reviews.management.chosen import teams


class Command(BaseCommand):
    help = (
        "Print the signed head of each team's audit log, one line of JSON each. Keep it where nobody who can write to "
        "the database can write: verify_audit --head then shows that no row up to it was changed or cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", action="append", metavar="SLUG", help="Only this team; may be given again.")

    def handle(self, *args: Any, **options: Any) -> None:
        for team in teams(options["team"]):
            self.stdout.write(chain.canonical(trail.head(team)))
