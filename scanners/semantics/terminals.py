"""Whether a module talks to a person at a terminal."""

import re
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.place import Place
from scanners.regex import regex

_COMMAND_LINE: Final = tuple(
    "argparse click typer optparse docopt fire getopt cmd cmd2 rich tabulate colorama cleo prompt_toolkit questionary "
    "curses readline code setuptools distutils getpass tqdm clint plumbum cyclopts absl".split()
)
_SERVES: Final = tuple("flask fastapi django aiohttp starlette tornado sanic quart bottle celery kafka".split())
_TERMINAL: Final = regex(r"\bsys\.argv\b|\binput\(")
_CLI: Final = regex(r"\.cli(\.|$)")
_IS_PROGRAM: Final = regex(r"^if (__name__ ==|\S+ == __name__)", re.MULTILINE)


@per_file
def is_command_line(ctx: Context) -> bool:
    """Whether the module is a command line: by what it imports, by reading its arguments or by asking for input."""
    imports = [found.value for bound in ctx.module.names.values() for found in bound if found.kind == "import"]
    return ctx.imports(*_COMMAND_LINE) or _reads_terminal(ctx.source) or any(map(_CLI.search, imports))


def _reads_terminal(source: str) -> bool:
    return ("sys.argv" in source or "input(" in source) and _TERMINAL.search(source) is not None


@per_file
def runs_alone(ctx: Context) -> bool:
    """Whether the module is a program of its own that serves nobody."""
    return "__name__" in ctx.source and bool(_IS_PROGRAM.search(ctx.source)) and not ctx.imports(*_SERVES)


def is_started_by_hand(place: Place[Any], ctx: Context) -> bool:
    """Whether a person, or a deployment, starts this and waits for its end: a script, a command, a migration."""
    return ctx.path_class in ("migration", "script") or place.under_main or is_command_line(ctx)
