from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reviews.audit import trail
from reviews.management.chosen import teams


class Command(BaseCommand):
    help = "Print the audit log of a team as lines of JSON, oldest first, with the signed head of it as the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, metavar="SLUG", help="The team.")

    def handle(self, *args: Any, **options: Any) -> None:
        for team in teams([options["team"]]):
            for line in trail.export(team):
                self.stdout.write(line, ending="")
