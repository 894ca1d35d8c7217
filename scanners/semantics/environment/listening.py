"""Ports that are opened to others, and whether anything listens on them."""

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from scanners.regex import regex
from scanners.semantics.environment.deployed import image_of, images, services
from scanners.semantics.environment.probes import command_of
from scanners.semantics.environment.servers import bound_port, is_inward, plain
from scanners.tree import Fact, Tree

_PYTHON: Final = regex(r"(?:^|\s)python[\d.]*\s+(?:-[uBOIsE]+\s+)*(?:-m\s+([\w.]+)|([\w./-]+\.py))(?=\s|$)")
_SEVERAL: Final = regex(r"&|supervisor|honcho|circus|s6-|foreman|\bnginx\b|\|")


class Opened(NamedTuple):
    """A port that is opened: where, and what is wrong with it ("" for nothing, None where it cannot be told)."""

    path: str
    line: int
    anchor: str
    wrong: str | None
    light: bool = False


def opened(tree: Tree) -> Iterator[Opened]:
    """The ports of images, compose services, containers and Kubernetes services."""
    bound = {fact.path: fact["port"] for fact in tree.facts("server-bind")}
    listed, own = services(tree), images(tree)
    seen = set()
    for service in listed:
        image = own[0] if service["kind"] == "manifest" and len(own) == 1 else image_of(service, tree)
        seen |= {image.path} if image is not None else set()
        if image is not None and service["published"]:
            yield from _of_service(service, image, bound, tree)
    for image in own:
        if image["ports"] and (image.path not in seen or image["ports_line"]):
            yield _of_image(image, bound, tree)
    yield from _doors(tree)


def _of_service(service: Fact, image: Fact, bound: dict[str, str], tree: Tree) -> Iterator[Opened]:
    env = {**image["env"], **service["env"]}
    command = service["command"] or command_of(image)
    port = _listening(command, env, bound, tree)
    inward = service["kind"] == "compose" and is_inward(command, env, bound)  # Containers of a pod share 127.0.0.1.
    inner = [number for number, _ in service["published"]]
    for number, line in service["published"]:
        anchor = f"{service['name']} {number}"
        if not port:
            yield Opened(service.path, line, anchor, None)
        elif number == port and inward:
            message = f"`{service['name']}` opens port {number}, but what it starts listens on its own 127.0.0.1 alone."
            yield Opened(service.path, line, anchor, message)
        elif port in inner:
            yield Opened(service.path, line, anchor, "" if number == port else None)
        else:
            message = f"`{service['name']}` opens port {number}, but what it starts listens on {port}."
            yield Opened(service.path, line, anchor, message)


def _of_image(image: Fact, bound: dict[str, str], tree: Tree) -> Opened:
    command = command_of(image)
    port = _listening(command, image["env"], bound, tree)
    numbers = [text.partition("/")[0] for text in image["ports"]]
    line = image["ports_line"] or image.line
    if not port or not all(number.isdigit() for number in numbers):
        return Opened(image.path, line, "expose", None)
    if port not in numbers:
        said = f"The image says that it listens on {', '.join(numbers)}, but its command binds {port}."
    else:
        inward = is_inward(command, image["env"], bound)
        said = f"The image says that it listens on {port}, but its command binds 127.0.0.1." if inward else ""
    return Opened(image.path, line, "expose", said, light=True)


def _doors(tree: Tree) -> Iterator[Opened]:
    behind = tree.facts("behind-door")
    for door in tree.facts("door"):
        found = [fact for fact in behind if door["selector"].items() <= fact["labels"].items()]
        ports = {port for fact in found for port in fact["ports"]}
        if not ports or "__" in door["target"]:
            yield Opened(door.path, door.line, door["target"], None)
        else:
            said = f"The service leads to port {door['target']}, which no container behind it has."
            # A container may listen on a number that its manifest does not list; a name must be listed.
            known = door["target"] in ports
            yield Opened(door.path, door.line, f"door {door['target']}", "" if known else said)


def _listening(command: str, env: dict[str, str], bound: dict[str, str], tree: Tree) -> str:
    """The one port that a command comes to listen on, "" where that cannot be told."""
    if _SEVERAL.search(command):
        return ""
    port = bound_port(command, env, bound)
    started = _PYTHON.search(plain(command)) if not port else None
    if started is None:
        return port
    ports = {fact["port"] for fact in tree.facts("code-bind") if _is_started(fact.path, started)}
    return ports.pop() if len(ports) == 1 else ""


def _is_started(path: str, started: re.Match[str]) -> bool:
    if started[2]:
        return posixpath.normpath(f"/{path}").endswith(posixpath.normpath(f"/{started[2].lstrip('./')}"))
    module = started[1].replace(".", "/")
    return any(f"/{path}".endswith(f"/{name}") for name in (f"{module}.py", f"{module}/__main__.py"))
