import shlex
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews import replaying
from reviews.models import Scan
from scanners.git.errors import SourceError


class Command(BaseCommand):
    help = (
        "Fetch the commit of a finished scan, scan it anew without any answer from before, and compare. Prints the "
        "SHA-256 of both and ends with code 0 when they are the same; else it says what differs and ends with code 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scan", type=int, metavar="ID", help="The number of the scan, as its page shows it.")

    def handle(self, *args: Any, **options: Any) -> None:
        scan = Scan.objects.select_related("repository").filter(pk=options["scan"]).first()
        found = replaying.kept(scan) if scan else None
        if scan is None or found is None:
            why = "is not done, or was made before scans were sealed" if scan else "is not known"
            raise CommandError(f"Scan {options['scan']} {why}. Scan the commit again. (nothing_to_replay)")
        self.stdout.write(f"Scan {scan.pk}: SHA-256 {found.seal.digest}, by {found.made_by}")
        try:
            again = replaying.replay(scan, found)
        except (replaying.RefusedError, SourceError) as error:
            raise CommandError(f"{error.message} {error.next_step} ({error.code})") from error
        self.stdout.write(f"Replay: SHA-256 {again.seal.digest}")
        differing = replaying.differences(found, again)
        if differing:
            raise CommandError("\n".join([f"The replay of scan {scan.pk} is not what it was.", *differing]))
        self.stdout.write(f"The same. Elsewhere: {shlex.join(replaying.command(scan, found.seal.asked))}")
