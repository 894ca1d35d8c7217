"""What a health probe asks, and what the code serves."""

import re
from typing import Any, Final

from scanners.tree import Fact, Tree

_URL: Final = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+|\$\{?\w+[^/\s]*))?(/[^\s\"'|;)?,]*)?"
)


TEXT: Final = re.compile(
    r"[\"'^]/?([\w/.-]*\b(?:health|ready|live|liveness|readiness|ping|status|alive|heartbeat|up)[\w-]*)/?\$?[\"']"
)


_STORES: Final = re.compile(
    r"^(\S*/)?(postgres|mysql|mariadb|mongo|redis|valkey|rabbitmq|memcached|nginx|traefik|caddy|haproxy|elasticsearch|kafka|zookeeper|minio|vault)\b"
)


def command_of(image: Fact | None) -> str:
    parts = [image["entrypoint"], image["cmd"]] if image is not None else []
    return " ".join(part["text"] for part in parts if part)


def env_of(service: Fact, image: Fact | None) -> dict[str, str]:
    return {**(image["env"] if image is not None else {}), **service["env"]}


def is_own(service: Fact, image: Fact | None) -> bool:
    return image is not None and "python" in image["base"] and not _STORES.match(service["image"])


def served(tree: Tree) -> set[str] | None:
    """The last parts of all paths that the code serves; None when some cannot be told."""
    routes, urls = tree.facts("route"), tree.facts("url")
    paths = [str(fact.get("path") or fact.get("pattern") or "") for fact in (*routes, *urls)]
    if (
        not any(paths)
        or tree.facts("web-health")
        or any("<path:" in path or ":path}" in path or "*" in path for path in paths)
    ):
        return None
    return {last_part(path) for path in paths} | {path for fact in tree.facts("health-text") for path in fact["paths"]}


def last_part(path: str) -> str:
    return path.strip("/^$").rpartition("/")[2].lower()


def wrong_of(probe: dict[str, Any], port: str, service: Fact | None, paths: set[str] | None) -> str:
    """What is wrong with a probe, or ""."""
    path, asked = probe["path"], str(probe["port"])
    if found := _URL.search(probe["command"]):
        path, asked = found[2] or "/", found[1] or "80"
    named = service.get("named", []) if service is not None else []
    if asked and not asked.isdigit() and named and "$" not in asked and "__" not in asked and asked not in named:
        return f"The {probe['kind']} asks port `{asked}`, which the container does not have."
    if asked.isdigit() and port and asked != port:
        return f"The {probe['kind']} asks port {asked}, but the command binds {port}."
    if paths is not None and path.strip("/") and "$" not in path and "__" not in path and last_part(path) not in paths:
        return f"The {probe['kind']} asks `{path}`, which no route serves."
    return ""
