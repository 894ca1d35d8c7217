from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import tasks
from reviews.demo import fleet


class Command(BaseCommand):
    help = (
        "Make a small fleet to look around in: three teams, their services with half a year of history, and scans of "
        "all of it for the workers to do. Does nothing that is done already."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            services = fleet.make_origins()
        except OSError as error:
            raise CommandError(f"The demo's repositories cannot be written: {error}") from error
        teams = fleet.make_teams()
        asked = sum(fleet.register(teams[service.team], service) for service in services)
        if asked:
            tasks.wake.delay()
            self.stdout.write(f"Demo: {len(services)} repositories in {len(teams)} teams; {asked} scans are queued.")
        else:
            self.stdout.write("Demo: everything is there already.")
