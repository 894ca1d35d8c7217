"""The command line: `plimsoll check PATH`, `plimsoll facts PATH`, `plimsoll rules`, `plimsoll explain RULE`, ...

What one command alone needs, such as a client of HTTP, is loaded by it: `check` starts in half the time.
"""

import argparse
import datetime as dt
import io
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path

from scanners import advisories, registry
from scanners.advisories import Advisories, AdvisoriesError
from scanners.caches import NoCache
from scanners.finding import BlobCache, Confidence, Progress, Report, Severity
from scanners.fixes import command as fixing
from scanners.folder import Folder
from scanners.gate import usage as gate
from scanners.inventory import export, tables
from scanners.inventory.table import Row
from scanners.pool import Pool
from scanners.replay import usage as replay
from scanners.report import catalogue, sarif
from scanners.report import json as json_report
from scanners.report import text as text_report
from scanners.scan import scan_commit
from scanners.wanted import Entry

_FORMATS = {"text": text_report.render, "json": json_report.render, "sarif": sarif.render}
_KINDS = ("http-api", "worker", "cron", "library")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0, 1 when `check` found something at or over --fail-on, 2 for bad input.

    What `gate` and `replay` return beside these stands in their modules.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # Names of files may be no text.
    if "path" in options and not options.path.is_dir():
        again = f"such as `plimsoll {options.command} .`"
        print(f"{options.path} is not a folder. Name the folder of a repository, {again}", file=sys.stderr)
        return 2
    command = {
        "check": _check, "facts": _facts, "sbom": _sbom, "rules": _rules, "explain": _explain, "gate": _gate,
        "replay": _replay,
    }[options.command]  # fmt: skip
    try:
        status = command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # Whoever read it has seen enough, as `head` has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


def check(path: Path, kind: str, processes: int, known: Advisories | None = None) -> Report:
    """Look at a plain folder with up to `processes` children, and compare what it locks with the advisories known."""
    folder = Folder(path)
    entries = list(folder.entries())
    with Pool(processes) as pool:
        pool.start(len(entries))
        registry.rules()  # Which the report needs: they load here while the children load theirs.
        return _look(entries, folder.read, pool, NoCache(), kind=kind, known=known)


def _look(
    entries: Iterable[Entry],
    read: Callable[[str], bytes | None],
    pool: Pool,
    cache: BlobCache,
    *,
    kind: str,
    known: Advisories | None,
) -> Report:
    return scan_commit("", entries, read, kind=kind, children=pool, cache=cache, progress=_ignore, advisories=known)


def _ignore(_: Progress) -> None:
    """A folder is looked at without a word until the end."""


def _check(options: argparse.Namespace) -> int:
    try:
        known = advisories.load(options.advisories) if options.advisories else None
    except (AdvisoriesError, OSError) as error:
        return _refuse(f"The advisories cannot be read: {error}")
    if options.diff or options.fix:
        return fixing.run(options, partial(_look, kind=options.kind, known=known))
    report = check(options.path, options.kind, options.processes, known)
    print(_FORMATS[options.format](report))
    grave = list(Severity)[list(Severity).index(Severity(options.fail_on)) :]
    return int(any(found.severity in grave and found.confidence is not Confidence.LOW for found in report.findings))


def _facts(options: argparse.Namespace) -> int:
    inventory = check(options.path, options.kind, options.processes).inventory
    wanted = [tables.TABLES[name] for name in options.table or tables.TABLES]
    found = [(table, [Row.read(row) for row in inventory[table.name]]) for table in wanted]
    if options.format == "csv":
        print("\n".join(export.as_csv(table, rows) for table, rows in found), end="")
    else:
        print({"text": export.as_text, "json": export.as_json}[options.format](found), end="")
    return 0


def _sbom(options: argparse.Namespace) -> int:
    try:
        known = advisories.load(options.advisories) if options.advisories else None
    except (AdvisoriesError, OSError) as error:
        return _refuse(f"The advisories cannot be read: {error}")
    rows = map(Row.read, check(options.path, options.kind, options.processes, known).inventory["dependencies"])
    name = options.name or options.path.resolve().name
    text: str = import_module("scanners.sbom").sbom(rows, name=name, commit=options.commit, made=options.made)
    try:
        print(text, end="") if options.output is None else options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        return _refuse(f"The bill of materials cannot be written: {error}")
    return 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _rules(options: argparse.Namespace) -> int:
    print(catalogue.as_json() if options.format == "json" else catalogue.as_text())
    return 0


def _explain(options: argparse.Namespace) -> int:
    rule = registry.rules().get(options.rule)
    if rule is None:
        print(f"There is no rule {options.rule}. `plimsoll rules` lists them.", file=sys.stderr)
        return 2
    print(catalogue.explain(rule))
    return 0


def _gate(options: argparse.Namespace) -> int:
    status: int = import_module("scanners.gate.command").run(options, os.environ)
    return status


def _replay(options: argparse.Namespace) -> int:
    status: int = import_module("scanners.replay.command").run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="plimsoll", description="Looks at Python services for what breaks in production."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check_command = commands.add_parser("check", help="look at a folder")
    check_command.add_argument("path", type=Path)
    check_command.add_argument("--format", choices=_FORMATS, default="text")
    check_command.add_argument("--kind", choices=_KINDS, default="http-api", help="decides which rules apply")
    check_command.add_argument("--fail-on", choices=[str(severity) for severity in Severity], default="high")
    check_command.add_argument(
        "--advisories", type=Path, help="OSV's records for PyPI: a folder, an archive or a file of them"
    )
    check_command.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    fixing.add_to(check_command)
    facts_command = commands.add_parser("facts", help="say what a folder tells by itself: boundaries, endpoints, ...")
    facts_command.add_argument("path", type=Path)
    facts_command.add_argument(
        "--table", action="append", choices=list(tables.TABLES), help="only this one; repeatable"
    )
    facts_command.add_argument("--format", choices=("text", "json", "csv"), default="text")
    facts_command.add_argument("--kind", choices=_KINDS, default="http-api")
    facts_command.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    _add_sbom(commands.add_parser("sbom", help="write a bill of materials: CycloneDX 1.6 in JSON"))
    rules_command = commands.add_parser("rules", help="list the rules")
    rules_command.add_argument("--format", choices=("text", "json"), default="text")
    explain_command = commands.add_parser("explain", help="say what a rule is about")
    explain_command.add_argument("rule")
    gate.add_to(commands, os.environ)
    replay.add_to(commands)
    return parser


def _add_sbom(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", type=Path)
    command.add_argument("--advisories", type=Path, help="adds the known faults of what is locked")
    command.add_argument("--output", type=Path, help="a file instead of the standard output")
    command.add_argument("--name", default="", help="of the service; that of the folder if not given")
    command.add_argument("--commit", default="", help="the id of the commit that lies in the folder")
    command.add_argument("--made", type=_moment, help="when that was made: 2026-01-31T12:00:00+00:00")
    command.add_argument("--kind", choices=_KINDS, default="http-api")
    command.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


if __name__ == "__main__":
    sys.exit(main())
