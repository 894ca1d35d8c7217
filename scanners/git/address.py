"""Checks where a repository is said to be: its URL, and the addresses that the URL's host leads to."""

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

import idna

from scanners.git.errors import error
from scanners.git.local import check_local_path
from scanners.git.networks import Address, is_listed, is_public
from scanners.git.policy import Policy
from scanners.regex import regex

MAX_URL = 1000
MAX_HOST = 253
DEFAULT_PORTS = {"https": 443, "http": 80}
# Above 1023, ports of services that must never receive a request made up by a user.
SERVICE_PORTS = frozenset(
    int(port)
    for port in (
        "1433 1521 2049 2375 2376 2379 2380 3306 3389 4190 5060 5061 5432 5672 5900 5984 5985 5986 6000 6379 6443 6566 "
        "6665 6666 6667 6668 6669 6697 8500 9042 9092 9200 9300 10080 10250 11211 15672 27017 27018 50000"
    ).split()
)
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}

_LABEL = regex(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = regex(r"0x[0-9a-f]*|[0-9]+")
_SEGMENT = regex(r"(?:[A-Za-z0-9._~+,=()-]|%[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class Source:
    """A checked place of a repository. `scheme` is https, http or file; `host` and `port` are empty for file."""

    url: str
    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the repository lies on this machine."""
        return self.scheme == "file"


def parse_source(url: str, policy: Policy) -> Source:
    """Turn what a person entered into a normalised source. Asks no name server. Raises SourceError."""
    if len(url) > MAX_URL:
        raise error("url_too_long", limit=MAX_URL)
    if any(unicodedata.category(character) in INVISIBLE for character in url):
        raise error("url_has_control_characters")
    if url.startswith("/"):
        return _local(url, policy)
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if separator and scheme == "file":
        return _local(rest, policy)
    if (not separator and ":" not in url) or "\\" in url or url.startswith("-"):
        raise error("url_malformed")
    if not separator or scheme not in policy.allowed_schemes or scheme not in DEFAULT_PORTS:
        raise error("url_scheme_not_allowed", allowed=" and ".join(sorted(policy.allowed_schemes)))
    return _remote(scheme, rest, policy)


def resolve(source: Source, policy: Policy) -> tuple[str, ...]:
    """Ask for the addresses of a source's host, once, and refuse all of them if one is not allowed."""
    literal = _literal(source.host)
    answers = [str(literal)] if literal else _ask(source, policy)
    for answer in answers:
        _check_address(source.host, ipaddress.ip_address(answer), policy)
    if not answers:
        raise error("host_not_found", host=source.host)
    return tuple(dict.fromkeys(answers))


def _remote(scheme: str, rest: str, policy: Policy) -> Source:
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :]
    if "@" in authority:
        raise error("url_has_credentials")
    host_text, port_text = _split_port(authority)
    host = _host(host_text)
    literal = _literal(host)
    if literal:
        _check_address(host, literal, policy)
    elif host.split(".")[-1] == "localhost" and not is_listed(host, None, policy.allowed_private):
        raise error("address_not_public", host=host)
    port = _port(port_text, scheme)
    shown = f"[{host}]" if ":" in host else host
    if port != DEFAULT_PORTS[scheme]:
        shown = f"{shown}:{port}"
    path = _path(path)
    return Source(f"{scheme}://{shown}{path}", scheme, host, port, path)


def _split_port(authority: str) -> tuple[str, str | None]:
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?", authority)
    if match is None:
        raise error("url_host_malformed")
    return match[1], match[2]


def _host(text: str) -> str:
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = text.lower().removesuffix(".")
    if not host.isascii():
        try:
            host = idna.encode(host).decode("ascii")
        except idna.IDNAError:
            raise error("url_host_malformed") from None
    labels = host.split(".")
    if len(host) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise error("url_host_malformed")
    if _NUMERIC.fullmatch(labels[-1]) and _literal(host) is None:
        # Octal, hexadecimal, short and whole-number spellings of an address mean different hosts to different readers.
        raise error("url_host_malformed")
    return host


def _ipv6(text: str) -> str:
    try:
        return ipaddress.IPv6Address(text).compressed
    except ValueError:
        raise error("url_host_malformed") from None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return DEFAULT_PORTS[scheme]
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise error("url_host_malformed")
    port = int(text)
    if port in DEFAULT_PORTS.values() or (1024 <= port <= 65535 and port not in SERVICE_PORTS):
        return port
    raise error("url_port_not_allowed", port=port)


def _path(text: str) -> str:
    path = quote(text, safe="/%._~+,=()-?#@:;&$!*'\"<>[]{}|^`").rstrip("/")
    before, *segments = path.split("/")
    if before or not segments or not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise error("url_path_not_allowed")
    for plain in map(unquote_to_bytes, segments):
        if plain in (b".", b"..") or any(byte < 32 or byte == 127 or byte in b"/\\" for byte in plain):
            raise error("url_path_not_allowed")
    return path


def _check_address(host: str, address: Address, policy: Policy) -> None:
    if not is_public(address) and not is_listed(host, address, policy.allowed_private):
        raise error("address_not_public", host=host)


def _ask(source: Source, policy: Policy) -> list[str]:
    try:
        return list(policy.resolver(source.host, source.port))
    except socket.gaierror as failure:
        if failure.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            raise error("host_not_found", host=source.host) from None
        raise error("dns_failed") from None
    except OSError:
        raise error("dns_failed") from None


def _local(text: str, policy: Policy) -> Source:
    path = check_local_path(text, policy.local_roots)
    return Source(f"file://{path}", "file", path=str(path))
