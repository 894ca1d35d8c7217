"""Checks the names a person or a webhook gives: branches, commits and sub-paths."""

import unicodedata

from scanners.git.errors import error
from scanners.regex import regex

MAX_BRANCH = 250
MAX_SUB_PATH = 500
# Control, format (bidi overrides, zero width), lone surrogates, line and paragraph separators.
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_COMMIT = regex(r"[0-9a-f]{40}")
_ANY_ID = regex(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
# Where servers show the head of a pull request, or what merging it would give.
_PROPOSED = regex(
    r"refs/(pull/N/(head|merge)|merge-requests/N/head|pull-requests/N/from)".replace("N", "[1-9][0-9]{0,17}")
)
_NOT_IN_REF = regex(r"\.\.|@\{|//|[ ~^:?*\[\\]")


def is_commit(text: str) -> bool:
    """Say whether a text is a full commit id, in lower case."""
    return bool(_COMMIT.fullmatch(text))


def check_commit(text: str) -> str:
    """Return a full commit id unchanged. Raises SourceError commit_malformed."""
    if not is_commit(text):
        raise error("commit_malformed")
    return text


def check_branch(name: str) -> str:
    """Return a branch name unchanged if git would accept it. Raises SourceError branch_malformed."""
    parts = name.split("/")
    bad = (
        not name
        or name in ("@", "HEAD")
        or name[0] == "-"
        or name[-1] == "."
        or _unseen(name)
        or len(name.encode()) > MAX_BRANCH
        or _NOT_IN_REF.search(name)
        or _ANY_ID.fullmatch(name)
        or not all(parts)
        or any(part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if bad:
        raise error("branch_malformed")
    return name


def check_sub_path(path: str) -> str:
    """Return a directory of a repository without slashes at its end; "" is the root. Raises sub_path_malformed."""
    if path in ("", "/", "."):
        return ""
    clean = path.removesuffix("/")
    parts = clean.split("/")
    bad = _unseen(clean) or "\\" in clean or clean[0] == "-" or len(clean.encode()) > MAX_SUB_PATH
    if bad or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise error("sub_path_malformed")
    return clean


def full_ref(name: str) -> str:
    """Turn HEAD, a full ref, a branch or a commit id into what is asked of a server. Raises branch_malformed.

    Full refs are those of branches, tags and pull requests.
    """
    if name == "HEAD" or is_commit(name) or _PROPOSED.fullmatch(name):
        return name
    for prefix in ("refs/heads/", "refs/tags/"):
        if name.startswith(prefix):
            return prefix + check_branch(name.removeprefix(prefix))
    return "refs/heads/" + check_branch(name)


def _unseen(text: str) -> bool:
    return any(unicodedata.category(character) in UNSEEN for character in text)
