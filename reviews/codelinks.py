"""Where a forge shows a line of a commit to people. Knows no network: the address follows from the repository's URL."""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from reviews.hooks import guess
from reviews.models import Repository

LineUrl = Callable[[str, int], str]
"""The address of a line of a file; empty when the forge is not known, so that pages show the place as text."""

_Provider = Repository.Provider
_BY_SSH = re.compile(r"(?:ssh://)?(?:[\w.-]+@)(?P<host>[\w.-]+)(?::\d+/|[:/])(?P<path>.+)")
_SHAPES: dict[str, str] = {
    _Provider.GITHUB: "{home}/blob/{commit}/{path}#L{line}",
    _Provider.GITLAB: "{home}/-/blob/{commit}/{path}#L{line}",
    _Provider.GITEA: "{home}/src/commit/{commit}/{path}#L{line}",
    _Provider.BITBUCKET: "{home}/src/{commit}/{path}#lines-{line}",
    _Provider.BITBUCKET_SERVER: "{home}/browse/{path}?at={commit}#{line}",
    _Provider.AZURE: "{home}?path=/{path}&version=GC{commit}&line={line}&lineEnd={line}"
    "&lineStartColumn=1&lineEndColumn=999",
}

_COMMITS: dict[str, str] = {
    _Provider.GITHUB: "commit",
    _Provider.GITLAB: "-/commit",
    _Provider.GITEA: "commit",
    _Provider.BITBUCKET: "commits",
    _Provider.BITBUCKET_SERVER: "commits",
    _Provider.AZURE: "commit",
}


def lines_of(repository: Repository, commit: str) -> LineUrl:
    """What gives the address of a line at a commit; paths are those of scans, below the repository's sub-path."""
    provider = repository.provider or guess(_web(repository.url))
    shape, home = _SHAPES.get(provider), _home(_web(repository.url), provider)
    below = f"{repository.sub_path.strip('/')}/" if repository.sub_path.strip("/") else ""

    def address(path: str, line: int) -> str:
        if not shape or not home or not commit:
            return ""
        return shape.format(home=home, commit=commit, path=quote(below + path), line=max(line, 1))

    return address


def commit_url(repository: Repository, commit: str) -> str:
    """The address of a commit; empty when there is none or the forge is not known."""
    provider = repository.provider or guess(_web(repository.url))
    home = _home(_web(repository.url), provider)
    return f"{home}/{_COMMITS[provider]}/{commit}" if home and commit and provider in _COMMITS else ""


def _web(url: str) -> str:
    """The URL for browsers, without the name and password of whoever clones."""
    if by_ssh := _BY_SSH.fullmatch(url):
        return f"https://{by_ssh['host']}/{by_ssh['path']}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _home(web: str, provider: str) -> str:
    """The repository's page."""
    home = web.rstrip("/").removesuffix(".git")
    if provider != _Provider.BITBUCKET_SERVER:
        return home
    before, scm, after = home.partition("/scm/")
    project, _, name = after.partition("/")
    return f"{before}/projects/{project}/repos/{name}" if scm and project and name else ""
