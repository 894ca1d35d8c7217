"""What the command takes, apart from what it does: other commands need not load what talks to a server."""

import argparse
from collections.abc import Mapping
from typing import Final

COMMITS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION", "BITBUCKET_COMMIT")
"""Where CI systems name the commit, first one first."""
_WAIT_SECONDS: Final = 900
_HELP: Final = """\
asks a Plimsoll whether a commit may go out

The token is taken from the variable PLIMSOLL_TOKEN, so that it stands in no list of processes."""
_CODES: Final = """\
exit codes:
  0  pass, or pass with conditions
  1  fail or stale
  2  bad usage, a refused token, or an unknown repository
  3  still pending when the time is up
  4  unknown: it could not be told
  5  the server cannot be reached

Behind a private authority, SSL_CERT_FILE names the file with its certificate."""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", environment: Mapping[str, str]) -> None:
    """Describe the command to the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "gate", help="ask whether a commit may go out", description=_HELP, epilog=_CODES, formatter_class=form
    )
    parser.add_argument("--server", default=environment.get("PLIMSOLL_SERVER", ""), help="or PLIMSOLL_SERVER")
    parser.add_argument(
        "--repository",
        default=environment.get("PLIMSOLL_REPOSITORY", ""),
        help="its number, which its gate page shows; or PLIMSOLL_REPOSITORY",
    )
    parser.add_argument("--commit", default="", help=f"or the first of {', '.join(COMMITS)} that is set")
    parser.add_argument(
        "--wait",
        type=_seconds,
        nargs="?",
        const=_WAIT_SECONDS,
        default=0,
        metavar="SECONDS",
        help=f"ask again while the gate is pending, for that long ({_WAIT_SECONDS})",
    )
    parser.add_argument("--scan", action="store_true", help="ask for a scan of the commit when there is none")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 24 * 3600:
        raise argparse.ArgumentTypeError("give a number of seconds up to a day")
    return int(text)
