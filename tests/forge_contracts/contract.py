"""What all stand-in forges share: routes, the checks of what is sent, and what they keep of it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json"
COMMIT = r"(?P<commit>[0-9a-f]{40})"


@dataclass
class Told:
    """A commit status as the forge keeps it. `state` is the forge's own word."""

    commit: str
    name: str
    state: str
    text: str
    url: str


@dataclass
class Written:
    """A comment below a pull request. `version` counts its texts, from 0."""

    number: int
    name: int
    text: str
    version: int = 0
    deleted: bool = False


@dataclass
class Kept:
    """What a forge has. `commits` and `pulls` None: every one that it is asked about."""

    token: str
    commits: set[str] | None = None
    pulls: set[int] | None = None
    statuses: list[Told] = field(default_factory=list)
    comments: list[Written] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def write(self, number: int, text: str) -> Written:
        """Keep a new comment."""
        made = Written(number, 100 + len(self.comments), text)
        self.comments.append(made)
        return made

    def of(self, number: int) -> list[Written]:
        """The comments that a pull request has, the oldest first."""
        return [comment for comment in self.comments if comment.number == number and not comment.deleted]


class Call(NamedTuple):
    """One call of an API. `path` is as it was sent, below the API's prefix; `found` what the route took out of it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    data: Any
    found: dict[str, str]


class Reply(NamedTuple):
    """What is answered."""

    status: int
    data: Any = None
    headers: dict[str, str] = {}


class RefusedError(Exception):
    """The call is answered with an error. `why` is kept as a violation of the contract when it is one."""

    def __init__(self, status: int, why: str, *, violation: bool = True) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.violation = violation


Does = Callable[[Any, Call], Reply]


class Route(NamedTuple):
    """`query` names the parameters that may be there, `sends` what the body must look like."""

    method: str
    path: str
    does: Does
    sends: Mapping[str, Callable[[Any], bool]] | None = None
    optional: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()


class Contract:
    """One forge's API. `home` is where the repository acme/payments is cloned from, `prefix` where the API begins."""

    home: ClassVar[str] = "/acme/payments.git"
    prefix: ClassVar[str]
    routes: ClassVar[tuple[Route, ...]]

    def __init__(self, kept: Kept) -> None:
        self.kept = kept

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the call shows the token as documented."""
        raise NotImplementedError

    def error(self, status: int, text: str) -> Any:
        """The body of an error."""
        return {"message": text}

    def check(self, call: Call) -> None:
        """What this forge asks of every call. Raises RefusedError."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Do what a call asks for, if it is as documented; `target` is the path with its query, as sent."""
        try:
            return self._do(method, target, headers, body)
        except RefusedError as refused:
            if refused.violation:
                self.kept.violations.append(f"{method} {target}: {refused.why}")
            return Reply(refused.status, self.error(refused.status, refused.why))

    def _do(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(target)
        path, query = parts.path.removeprefix(self.prefix), dict(parse_qsl(parts.query, keep_blank_values=True))
        if not self.knows(headers):
            raise RefusedError(401, "Bad credentials", violation=False)
        route, found = self._route(method, path)
        unknown = set(query) - route.query
        if unknown:
            raise RefusedError(400, f"unknown parameters {sorted(unknown)}")
        call = Call(method, path, query, headers, _content(route, headers, body), found)
        self.check(call)
        self._check_known(found)
        return route.does(self, call)

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        for route in self.routes:
            match = re.fullmatch(route.path, path)
            if match and route.method == method:
                return route, match.groupdict()
        raise RefusedError(404, "Not Found: no such route")

    def _check_known(self, found: Mapping[str, str]) -> None:
        commits, pulls = self.kept.commits, self.kept.pulls
        if "commit" in found and commits is not None and found["commit"] not in commits:
            raise RefusedError(self.no_commit, f"No commit found for SHA: {found['commit']}", violation=False)
        if "number" in found and pulls is not None and int(found["number"]) not in pulls:
            raise RefusedError(404, "Not Found", violation=False)

    no_commit: ClassVar[int] = 404

    def comment(self, call: Call) -> Written:
        """The comment that a path names. Raises RefusedError 404 when it is gone."""
        for comment in self.kept.comments:
            if comment.name == int(call.found["name"]) and not comment.deleted:
                return comment
        raise RefusedError(404, "Not Found", violation=False)


def _content(route: Route, headers: Mapping[str, str], body: bytes) -> Any:
    if route.sends is None:
        if body:
            raise RefusedError(400, "a body is not expected")
        return None
    if headers.get("content-type", "").partition(";")[0] != JSON:
        raise RefusedError(415, "the body is not said to be JSON")
    try:
        data = json.loads(body)
    except ValueError:
        raise RefusedError(400, "the body is no JSON") from None
    _check_fields(data, route.sends, route.optional)
    return data


def _check_fields(data: Any, sends: Mapping[str, Callable[[Any], bool]], optional: Iterable[str]) -> None:
    if not isinstance(data, dict):
        raise RefusedError(400, "the body is no object")
    missing, unknown = set(sends) - set(optional) - set(data), set(data) - set(sends)
    if missing or unknown:
        raise RefusedError(422, f"missing {sorted(missing)}, unknown {sorted(unknown)}")
    wrong = [name for name, value in data.items() if not sends[name](value)]
    if wrong:
        raise RefusedError(422, f"not allowed: {', '.join(wrong)}")


def text(longest: int, shortest: int = 1) -> Callable[[Any], bool]:
    """A text of bounded length."""
    return lambda value: isinstance(value, str) and shortest <= len(value) <= longest


def one_of(*words: str) -> Callable[[Any], bool]:
    """One of some words."""
    return lambda value: value in words


def link(longest: int = 2000) -> Callable[[Any], bool]:
    """An absolute web address."""
    return lambda value: isinstance(value, str) and bool(re.fullmatch(rf"https?://\S{{1,{longest}}}", value))


def page(rows: list[Any], query: Mapping[str, str], size: str = "per_page", most: int = 100) -> list[Any]:
    """The rows of a page. Raises RefusedError for parameters that are no numbers or too large."""
    try:
        number, per = int(query.get("page", "1")), int(query.get(size, "30"))
    except ValueError:
        raise RefusedError(400, "a page is a number") from None
    if not (number >= 1 and 1 <= per <= most):
        raise RefusedError(400, "no such page")
    return rows[(number - 1) * per : number * per]
