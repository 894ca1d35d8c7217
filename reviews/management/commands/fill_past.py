from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews import past, tasks
from reviews.models import Repository
from scanners.git.errors import SourceError

_PATIENCE_SECONDS = 300


class Command(BaseCommand):
    help = (
        "Ask for scans of the commits that led to the newest one scanned, so that the trend begins earlier. They wait "
        "behind everything else. Those that have a scan are left out, so asking again goes on where the last one ended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("repository", type=int, metavar="ID", help="The number of the repository, as in its API.")
        parser.add_argument("--commits", type=int, default=50, help=f"How many, {past.MOST} at most; 50 if not given.")
        parser.add_argument("--every", type=int, default=1, help="Only each of so many commits: 10 for each tenth.")

    def handle(self, *args: Any, **options: Any) -> None:
        repository = Repository.objects.select_related("latest_scan").filter(pk=options["repository"]).first()
        if repository is None:
            raise CommandError(f"There is no repository {options['repository']}. (repository_unknown)")
        try:
            asked = past.ask(repository, options["commits"], every=options["every"], seconds=_PATIENCE_SECONDS)
        except (past.RefusedError, SourceError) as error:
            raise CommandError(f"{error.message} {error.next_step} ({error.code})") from error
        if asked.asked:
            tasks.wake.delay()
        now = past.standing(repository)
        self.stdout.write(
            f"{asked.listed} earlier commits, {asked.asked} of them asked for now. "
            f"Of its past {now.done} are done, {now.waiting} wait and {now.failed} failed."
        )
