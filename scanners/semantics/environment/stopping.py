"""How the processes of a repository end: what a shell runs, loops and signals, pools and who closes them, grace."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.regex import regex
from scanners.semantics.environment.deployed import images, services
from scanners.semantics.environment.servers import SERVERS, WORKERS, plain
from scanners.semantics.environment.shell import commands
from scanners.tree import Fact, Tree

_UNIT: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PYTHON: Final = regex(r"\bpython[\d.]*\s+(-u\s+)?(-m\s+)?[\w./-]+")
_CELERY: Final = regex(r"\bcelery\b.*\bworker\b")
_PROGRAM: Final = regex(r"-m\s+([\w.]+)|([\w./-]+\.py)(?=\s|$)")
_ENDS: Final = regex(r"\b(migrate|pytest|test|--version|--help|collectstatic|-c)\b")
_SHELL: Final = regex(r"^(/bin/)?(ba|da)?sh$")


class Ending(NamedTuple):
    """A place that decides how a process ends: what is `wrong`, or why that is `unknown`; neither for a good one."""

    path: str
    line: int
    wrong: str = ""
    unknown: str = ""
    anchor: str = ""
    text: str = ""


def endings(tree: Tree) -> Iterator[Ending]:
    """All of them."""
    shipped = images(tree)
    parts = [(image, part) for image in shipped for part in (image["entrypoint"], image["cmd"]) if part]
    for image, part in parts:
        if is_lasting(plain(part["text"])):
            yield _of_command(image, part)
    yield from _of_scripts(tree, {posixpath.basename(word) for _, part in parts for word in _words(part["text"])})
    yield from _of_loops(tree, bool(shipped))
    yield from _of_pools(tree)
    yield from _of_grace(tree)


def is_lasting(text: str) -> bool:
    """Whether a command goes on running."""
    return bool(SERVERS.search(text) or WORKERS.search(text) or (_PYTHON.search(text) and not _ENDS.search(text)))


def seconds(text: str) -> float | None:
    """A period as compose (`1m30s`) or Kubernetes (`30`) writes it."""
    if re.match(r"^\d+(\.\d+)?$", text):
        return float(text)
    parts = re.findall(r"(?<!\d)(\d+(?:\.\d+)?)(ms|h|m|s)", text[:100])
    return sum(float(number) * _UNIT[unit] for number, unit in parts) if parts else None


def _words(text: str) -> list[str]:
    return re.split(r"[\s\"']+", text)


def _of_command(image: Fact, part: dict[str, Any]) -> Ending:
    wrapped = not part["exec"] or _SHELL.match((part["words"] or [""])[0])
    script = part["text"] if not part["exec"] else next(iter(part["words"][-1:]), "")
    lasting = [command for command in commands(script) if is_lasting(command.text)]
    if not wrapped or not lasting or any("exec" in command.wrappers for command in lasting):
        return Ending(image.path, part["line"])
    message = "A shell runs this and gets the SIGTERM in its place; use the exec form, or `exec`."
    return Ending(image.path, part["line"], message, anchor="command", text=part["text"][:160])


def _of_scripts(tree: Tree, started: set[str]) -> Iterator[Ending]:
    for script in tree.facts("entry-script"):
        if posixpath.basename(script.path) in started:
            message = "The script waits for this and gets the SIGTERM in its place; write `exec` before it."
            yield Ending(
                script.path, script.line, "" if script["exec"] else message, anchor="script", text=script["text"]
            )


def _of_loops(tree: Tree, shipped: bool) -> Iterator[Ending]:
    handled = bool(tree.facts("signal-handled"))
    started = [fact["text"] for fact in tree.facts("image-command")] + [one["command"] for one in services(tree)]
    programs = {found[1] or found[2] for text in started for found in _PROGRAM.finditer(plain(text))}
    for loop in tree.facts("endless-loop"):
        if handled:
            yield Ending(loop.path, loop.line)
        elif _is_one(loop.path, programs) or (tree.kind == "worker" and not shipped):
            message = "Nothing in the program handles SIGTERM, so a deploy cuts this loop off in the middle of a round."
            yield Ending(loop.path, loop.line, message, anchor="loop", text=loop["text"])
        else:
            unknown = "Whether a server runs this loop, and who ends it, is not seen."
            yield Ending(loop.path, loop.line, unknown=unknown)


def _is_one(path: str, programs: set[str]) -> bool:
    """Whether one of the programs, named as a file or as a module below any root, is this file."""
    module = f".{path.removesuffix('.py').removesuffix('/__main__').replace('/', '.')}"
    return any(
        posixpath.basename(name) == posixpath.basename(path) or module.endswith(f".{name.removesuffix('.__main__')}")
        for name in programs
    )


def _of_pools(tree: Tree) -> Iterator[Ending]:
    closed = {name for fact in tree.facts("closed-names", tests=False) for name in fact["names"]}
    for pool in tree.facts("pool-made"):
        if pool["name"] in closed or pool.path_class.name != "service":
            yield Ending(pool.path, pool.line)
        else:
            message = (
                f"Nothing closes `{pool['name']}` when the process stops; close it in the lifespan or a shutdown hook."
            )
            yield Ending(pool.path, pool.line, message, anchor=pool["name"], text=pool["text"])


def _of_grace(tree: Tree) -> Iterator[Ending]:
    limits = [fact["seconds"] for fact in tree.facts("job-seconds")]
    for service in services(tree) if limits else ():
        if not service["grace"] or not _CELERY.search(plain(service["command"])):
            continue
        grace, longest = seconds(service["grace"]), max(limits)
        place = (service.path, service["grace_line"])
        if grace is None:
            yield Ending(*place, unknown="A variable decides the grace period.")
        elif grace >= longest:
            yield Ending(*place)
        else:
            message = f"A job may take {longest:g} s, but `{service['name']}` is killed {grace:g} s after the signal."
            yield Ending(*place, message, anchor=service["name"])
