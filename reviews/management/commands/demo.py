import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews import tasks
from reviews.demo import acts, fleet, published
from reviews.models import Repository

PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 600.0


class Command(BaseCommand):
    help = (
        "Make a small fleet to look around in: three teams, their services with half a year of history, scans of all "
        "of it for the workers to do, and reviews that go on as the scans end. Does nothing that is done already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stay", action="store_true", help="Stay until the reviews are where their scripts end.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            services = fleet.make_origins()
        except OSError as error:
            raise CommandError(f"The demo's repositories cannot be written: {error}") from error
        if published.publish():
            self.stdout.write("Demo: locked versions are compared with made-up advisories about made-up packages only.")
        teams = fleet.make_teams()
        asked = sum(fleet.register(teams[service.team], service) for service in services)
        if asked:
            tasks.wake.delay()
            self.stdout.write(f"Demo: {len(services)} repositories in {len(teams)} teams; {asked} scans are queued.")
        else:
            self.stdout.write("Demo: every repository is there already.")
        slugs = [service.name for service in services]
        self._play(list(Repository.objects.filter(team__in=teams.values(), slug__in=slugs).order_by("pk")), **options)

    def _play(self, repositories: list[Repository], *, stay: bool, **_: Any) -> None:
        """Play the scripts, again and again while workers are at what they wait for."""
        played, moved_at = acts.play(repositories), time.monotonic()
        while stay and played.waiting and time.monotonic() - moved_at < PATIENCE_SECONDS:
            time.sleep(PAUSE_SECONDS)
            before, played = played, acts.play(repositories)
            if played.events != before.events:
                tasks.wake.delay()
                tasks.read_for_reviews.delay()
            if played != before:
                moved_at = time.monotonic()
        for slug, reason in played.left.items():
            self.stdout.write(f"Demo: the script of {slug} ends early. {reason}")
        if played.waiting:
            waiting = ", ".join(played.waiting)
            self.stdout.write(f"Demo: reviews of {waiting} go on when the scans are done: manage.py demo --stay.")
        else:
            self.stdout.write("Demo: the reviews are all there.")
