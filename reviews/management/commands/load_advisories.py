import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews import tasks
from reviews.advisories import age
from reviews.advisories.errors import LoadError
from reviews.advisories.loading import Loaded, load
from reviews.advisories.settling import Settled, settle
from reviews.waived import today
from scanners.git.errors import SourceError

_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Done:
    loaded: Loaded
    settled: Settled

    @property
    def next_step(self) -> str:
        row = self.loaded.row
        if age.is_old(row.current_on, today()):
            return f"They are older than {settings.ADVISORIES_MAX_AGE_DAYS} days and prove nothing: load newer ones."
        return "Nothing: the workers do the scans." if self.settled.asked else "Nothing."

    def as_json(self) -> dict[str, Any]:
        row, loaded = self.loaded.row, self.loaded
        return {
            "source": row.source,
            "as_of": row.as_of.isoformat(),
            "current_on": row.current_on.isoformat(),
            "commit": row.commit,
            "records": row.records,
            "new": loaded.new,
            "changed": loaded.changed,
            "gone": loaded.gone,
            "unreadable": list(loaded.unreadable),
            "is_news": loaded.is_news,
            "repositories_same": self.settled.same,
            "scans_asked": self.settled.asked,
            "next_step": self.next_step,
        }

    def as_text(self) -> str:
        row, loaded = self.loaded.row, self.loaded
        counts = f"{loaded.new:,} new, {loaded.changed:,} changed, {loaded.gone:,} gone"
        lines = [f"{row.records:,} advisories as of {row.as_of}: {counts if loaded.is_news else 'nothing new'}."]
        if loaded.unreadable:
            more = f" and {len(loaded.unreadable) - _NAMED:,} more" if len(loaded.unreadable) > _NAMED else ""
            named = ", ".join(loaded.unreadable[:_NAMED])
            lines.append(f"{len(loaded.unreadable):,} files cannot be read, so nothing counts as gone: {named}{more}.")
        said = "They say the same of {same:,} repositories; scans of {asked:,} are queued."
        lines.append(said.format(same=self.settled.same, asked=self.settled.asked))
        return "\n".join([*lines, f"To do: {self.next_step}"])


class Command(BaseCommand):
    help = (
        "Load published advisories (OSV records for PyPI) from a folder, a zip or tar archive, a JSON or YAML file, or "
        "the URL of a git mirror, and compare every repository with them. Nothing of it is half done. Loading the same "
        "again changes nothing. docs/advisories.md says where to get them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SOURCE", help="A path, or the https address of a git mirror.")
        parser.add_argument("--replace", action="store_true", help="Forget what other sources gave.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load(options["source"], replace=options["replace"])
        except (LoadError, SourceError) as error:
            raise CommandError(f"{error.message} {error.next_step} ({error.code})") from error
        except OSError as error:
            raise CommandError(f"{options['source']} cannot be read: {error.strerror or error}.") from error
        settled = settle()
        if settled.asked:
            tasks.wake.delay()
        done = _Done(loaded, settled)
        self.stdout.write(json.dumps(done.as_json(), ensure_ascii=False) if options["json"] else done.as_text())
