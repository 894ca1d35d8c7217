"""What may be fetched, from where, and at what cost: set by the operator, the same for a form and for a worker."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Resolver = Callable[[str, int], Sequence[str]]
MIB = 1024 * 1024


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for every address of a host. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True)
class Policy:
    """The operator's rules for sources. Sizes are in bytes, times in seconds.

    `allowed_private` holds host names, addresses and networks outside the public internet that may be fetched from;
    `local_roots` the directories below which repositories on this machine may be read.
    """

    allowed_schemes: frozenset[str] = frozenset({"https"})
    allowed_private: tuple[str, ...] = ()
    local_roots: tuple[Path, ...] = ()
    ca_file: Path | None = None
    resolver: Resolver = field(default=system_resolver, compare=False)

    connect_seconds: float = 10
    probe_seconds: float = 20
    fetch_seconds: float = 300
    list_seconds: float = 30
    cpu_seconds: int = 120

    max_bytes: int = 512 * MIB
    max_blob_bytes: int = MIB
    max_memory_bytes: int = 1024 * MIB
    max_message_bytes: int = MIB
    max_entries: int = 200_000
    max_path_bytes: int = 1000
    min_free_bytes: int = 64 * MIB
