from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from reviews.audit import appendonly, verifying
from reviews.audit.signing import SignatureError
from reviews.management.chosen import teams
from reviews.models import Team


class Command(BaseCommand):
    help = (
        "Say whether the audit logs and sign-offs are what was written. Prints one line a fault and ends with code 1, "
        "or one line a team and ends with code 0. That the end was cut off, only a head kept elsewhere shows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", action="append", metavar="SLUG", help="Only this team; may be given again.")
        parser.add_argument(
            "--head", action="append", default=[], metavar="FILE", help="What audit_head or export_audit printed once."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        heads = _read(options["head"])
        faults = self._unguarded()
        for team in teams(options["team"]):
            faults += self._verify(team, heads.pop(team.pk, set()))
        if not options["team"]:
            faults += sum(self._gone(team_id) for team_id in sorted(heads))
        if faults:
            raise CommandError(f"{faults} fault{'s' if faults > 1 else ''} in the audit log.")

    def _verify(self, team: Team, heads: set[tuple[int, str]]) -> int:
        found = verifying.verify(team, heads)
        for fault in (*found.remarks, *found.faults):
            self.stdout.write(f"{team.slug}: {fault.kind}: {fault.text} {verifying.ADVICE[fault.kind]}")
        if not found.faults:
            vouched = f", {len(heads)} signed head{'s' if len(heads) > 1 else ''} fit" if heads else ""
            self.stdout.write(f"{team.slug}: {found.count:,} events, intact{vouched}, head {found.head}")
        return len(found.faults)

    def _unguarded(self) -> int:
        missing = appendonly.missing(connection)
        for one in missing:
            self.stdout.write(
                f"database: unguarded: The trigger {one.name} on {one.table} is not in force. Put it back with "
                "`manage.py bootstrap`, and ask who can change the schema."
            )
        return len(missing)

    def _gone(self, team_id: int) -> int:
        self.stdout.write(
            f"team {team_id}: truncated: A signed head names it and there is no such team. Look for it in a backup."
        )
        return 1


def _read(names: list[str]) -> verifying.Heads:
    """The heads of all files. Raises CommandError for a file that cannot be read or that we did not sign."""
    heads: verifying.Heads = {}
    for name in names:
        try:
            with Path(name).open(encoding="utf-8") as lines:
                for team_id, found in verifying.heads(lines).items():
                    heads.setdefault(team_id, set()).update(found)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{name} cannot be read: {error}") from error
        except SignatureError as error:
            raise CommandError(f"{name}: {error}") from error
    return heads
