"""What the command takes, apart from what it does: other commands need not load what reads git."""

import argparse
import os
from pathlib import Path
from typing import Final

from scanners.rule import Rule

_HELP: Final = """\
scans one commit of a local repository, bare or not, without checking anything out

Prints the seal: one line of JSON that says what was asked and gives the SHA-256 of each part of the answer. Its own
SHA-256 is the same wherever the same rule set looks at the same commit."""
_CODES: Final = """\
exit codes:
  0  done, and the same as expected
  1  not the same as expected
  2  bad usage, an unreadable repository, or another rule set than the one asked for"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command to the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "replay", help="scan a commit again and compare", description=_HELP, epilog=_CODES, formatter_class=form
    )
    parser.add_argument("repository", type=Path, help="a repository on this machine")
    parser.add_argument("commit", help="a commit, by its id or a name that git knows")
    parser.add_argument("--rule-set", default="", metavar="DIGEST", help="refuse to scan with any other")
    parser.add_argument("--sub-path", default="", help="the folder of the repository that is one service")
    parser.add_argument("--kind", choices=sorted(Rule.kinds), default="http-api", help="decides which rules apply")
    parser.add_argument("--advisories", type=Path, help="OSV's records for PyPI that the scan is to compare with")
    parser.add_argument(
        "--expect", default="", metavar="SHA256", help="or a file with the seal or report of another replay"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the whole report there")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
