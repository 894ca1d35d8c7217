"""What a health probe asks, and what the code serves."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from scanners.regex import regex
from scanners.semantics.environment.servers import bound_port
from scanners.tree import Fact, Tree

_URL: Final = regex(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+|\$\{?\w+[^/\s]*))?(/[^\s\"'|;)?,]*)?"
)


TEXT: Final = regex(
    r"[\"'^]/?([\w/.-]*\b(?:health|ready|live|liveness|readiness|ping|status|alive|heartbeat|up)[\w-]*)/?\$?[\"']"
)


_STORES: Final = regex(
    r"^(\S*/)?(postgres|mysql|mariadb|mongo|redis|valkey|rabbitmq|memcached|nginx|traefik|caddy|haproxy|elasticsearch|kafka|zookeeper|minio|vault)\b"
)


class Answers(NamedTuple):
    """What answers a probe: the last parts of all served paths (None when some cannot be told), the ports that
    settings files bind, and by the last part the whole paths, where all that end so can be told."""

    paths: set[str] | None
    settings: dict[str, str]
    whole: dict[str, list[str]] = {}


def answers(tree: Tree) -> Answers:
    """What the code of a repository answers."""
    return Answers(_served(tree), {fact.path: fact["port"] for fact in tree.facts("server-bind")})


def command_of(image: Fact | None) -> str:
    """What an image starts."""
    parts = [image["entrypoint"], image["cmd"]] if image is not None else []
    return " ".join(part["text"] for part in parts if part)


def _is_own(service: Fact, image: Fact | None) -> bool:
    return image is not None and "python" in image["base"] and not _STORES.match(service["image"])


def _served(tree: Tree) -> set[str] | None:
    routes, urls = tree.facts("route"), tree.facts("url")
    paths = [str(fact.get("path") or fact.get("pattern") or "") for fact in (*routes, *urls)]
    if (
        not any(paths)
        or tree.facts("web-health")
        or any("<path:" in path or ":path}" in path or "*" in path for path in paths)
    ):
        return None
    return {last_part(path) for path in paths} | {path for fact in tree.facts("health-text") for path in fact["paths"]}


def _elsewhere(path: str, whole: dict[str, list[str]]) -> str:
    """Where what a probe asks for is served instead, "" where it is served there, or that cannot be told."""
    asked, known = path.partition("?")[0].strip("/").split("/"), whole.get(last_part(path.partition("?")[0]), [])
    for served in known:
        parts = served.strip("/").split("/")
        if len(parts) == len(asked) and all(
            part == other or part[:1] in "{<" for part, other in zip(parts, asked, strict=True)
        ):
            return ""
    return known[0] if known else ""


def last_part(path: str) -> str:
    return path.strip("/^$").rpartition("/")[2].lower()


def _wrong(
    probe: dict[str, Any], port: str, service: Fact | None, paths: set[str] | None, whole: dict[str, list[str]]
) -> tuple[str, int]:
    """What is wrong with a probe, and on which line; "" where nothing is."""
    path, asked, line = probe["path"], str(probe["port"]), probe.get("port_line") or probe["line"]
    if found := _URL.search(probe["command"]):
        path, asked = found[2] or "/", found[1] or "80"
    named = service.get("named", []) if service is not None else []
    if asked and not asked.isdigit() and named and "$" not in asked and "__" not in asked and asked not in named:
        return f"The {probe['kind']} asks port `{asked}`, which the container does not have.", line
    if asked.isdigit() and port and asked != port:
        return f"The {probe['kind']} asks port {asked}, but the command binds {port}.", line
    if paths is not None and path.strip("/") and "$" not in path and "__" not in path and last_part(path) not in paths:
        return f"The {probe['kind']} asks `{path}`, which no route serves.", probe["line"]
    if paths is not None and "$" not in path and "__" not in path and (other := _elsewhere(path, whole)):
        return f"The {probe['kind']} asks `{path}`, which is served at `{other}`.", probe["line"]
    return "", probe["line"]


def of_service(service: Fact, image: Fact | None, known: Answers) -> Iterator[tuple[str, str, int]]:
    """The kind of each probe of a service, what is wrong with it ("" for nothing), and on which line."""
    env = {**(image["env"] if image is not None else {}), **service["env"]}
    port = bound_port(service["command"] or command_of(image), env, known.settings)
    for probe in service["probes"]:
        paths = known.paths if _is_own(service, image) else None
        yield probe["kind"], *_wrong(probe, port, service, paths, known.whole)


def of_image(image: Fact, known: Answers) -> tuple[str, int]:
    """What is wrong with the HEALTHCHECK of an image ("" for nothing), and on which line."""
    probe = {"path": "", "port": "", "command": image["probe"], "kind": "HEALTHCHECK", "line": image["probe_line"]}
    return _wrong(probe, bound_port(command_of(image), image["env"], known.settings), None, known.paths, known.whole)
