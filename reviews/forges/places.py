"""A repository's URL taken apart, as forges make their APIs' addresses from it."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from reviews.forges.errors import error
from scanners.git.address import Source, parse_source
from scanners.git.policy import Policy

_BELOW = "/api"  # An API may be a host alone, a repository cannot.


@dataclass(frozen=True, slots=True)
class Place:
    """`origin` is https://host[:port]; `segments` the parts of the path, decoded, the last without .git."""

    origin: str
    host: str
    segments: tuple[str, ...]

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a repository's URL apart. Raises ForgeError forge_place_unknown for one that is no web address."""
        parts = urlsplit(url)
        segments = tuple(unquote(segment) for segment in parts.path.strip("/").removesuffix(".git").split("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or not all(segments):
            raise error("forge_place_unknown")
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname, segments)

    def below(self, api: str, suffix: str) -> tuple[str, ...]:
        """The segments below the path that the whole forge is served at, which its API's address tells."""
        context = urlsplit(api.removesuffix(suffix)).path.strip("/") if origin(api) == self.origin else ""
        outer = tuple(unquote(segment) for segment in context.split("/")) if context else ()
        return self.segments[len(outer) :] if self.segments[: len(outer)] == outer else self.segments


def origin(url: str) -> str:
    """The scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def path(*segments: str) -> str:
    """Segments as a path, each encoded whole."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def api_source(api: str, rules: Policy) -> Source:
    """Where an API is, checked as a repository's URL is; `api_url` has its address. Raises SourceError."""
    return parse_source(f"{api.rstrip('/')}{_BELOW}", rules)


def api_url(source: Source) -> str:
    """The address of an API that `api_source` found, normalised."""
    return source.url.removesuffix(_BELOW)
