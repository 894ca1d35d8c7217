"""Rights that services take: root, privileges, the socket of the engine, sudo."""

import re
from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.regex import regex
from scanners.semantics.environment.deployed import images, services
from scanners.semantics.environment.images import runs_as
from scanners.semantics.environment.shell import commands
from scanners.text import TextFile
from scanners.tree import Fact, Tree
from scanners.yamltree import Yaml

ROOT: Final = regex(r"^(root|0+)(:|$)", re.IGNORECASE)


_SOCKET: Final = regex(r"(^|/)docker\.sock\b")


def report_sudo(text: TextFile, ctx: Context) -> None:
    final = text.dockerfile.final
    for entry in final.all("RUN") if final and not final.is_dev else ():
        if "sudo" in entry.script and any(
            _gives_sudo(command.text, command.name) for command in commands(entry.script)
        ):
            ctx.report(entry.line, "With sudo in the image, its user is root whenever it likes.")


def _gives_sudo(text: str, name: str) -> bool:
    installs = name in ("apt-get", "apt", "apk", "yum", "dnf", "microdnf") and re.search(
        r"\b(install|add)\b.*\ssudo(\s|$)", text
    )
    return bool(installs) or "NOPASSWD" in text


def report_service(service: Yaml, ctx: Context) -> None:
    """Judge a service of a compose file: its privileges, its user and what it mounts."""
    _flag(service.get("privileged"), "true", "A privileged container has every right of the machine.", ctx)
    user = service.get("user")
    if user.text:
        ctx.site(user.line)
        if ROOT.match(user.text):
            ctx.report(user.line, "The process runs as root, whatever the image says.")
    for mount in service.get("volumes").each():
        source = mount.text.partition(":")[0] or mount.get("source").text
        if _SOCKET.search(source):
            ctx.report(
                (mount.get("source") or mount).line,
                "Who holds the socket of the container engine is root on the machine.",
            )


def report_pods(node: Yaml, ctx: Context, depth: int) -> None:
    """Judge the security contexts and mounts of a manifest, down to `depth` levels below this node."""
    for key, value in node.items():
        if key == "securityContext":
            _flag(value.get("privileged"), "true", "A privileged container has every right of the machine.", ctx)
            _flag(value.get("runAsUser"), "0", "The process runs as root, whatever the image says.", ctx)
        elif key == "hostPath" and _SOCKET.search(value.get("path").text):
            ctx.report(value.get("path").line, "Who holds the socket of the container engine is root on the machine.")
        elif depth:
            report_pods(value, ctx, depth - 1)
    for item in node.each() if depth else ():
        report_pods(item, ctx, depth - 1)


def refusals(tree: Tree) -> Iterator[tuple[Fact, str]]:
    """The containers that refuse root but do not say who runs, and why their image cannot start ("" where it can)."""
    own = images(tree)
    for service in services(tree):
        if not service.get("nonroot") or service["user"] or len(own) != 1:
            continue
        user = own[0]["user"].partition(":")[0]
        who = "other" if user.isdigit() and int(user) else "name" if user and not ROOT.match(user) else "root"
        if not user and runs_as(own[0]["base"]) != "root":
            continue
        if who == "name":
            yield (
                service,
                f"Root is refused, and whether `{user}` of {own[0].path} is root cannot be told: give its number.",
            )
        else:
            yield service, f"Root is refused, but {own[0].path} has no other user." if who == "root" else ""


def _flag(value: Yaml, wrong: str, message: str, ctx: Context) -> None:
    if value.text:
        ctx.site(value.line)
        if value.text.lower() == wrong:
            ctx.report(value.line, message)
