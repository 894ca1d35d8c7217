"""
What one field of a payload holds, checked: every provider reads its events with these.

A way is the keys and positions that lead to a field. What is needed and is not there, or is not what it should be, is a
BadBodyError that names the way and nothing of the payload.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reviews.webhooks.body import bad
from reviews.webhooks.events import Event, Ignored, Json, PullRequest, Push, Several, Tag
from scanners.git import names
from scanners.git.errors import SourceError

MOST_TITLE, MOST_AUTHOR, MOST_URL, MOST_KEY, MOST_EVENT = 300, 200, 1000, 200, 100
_BIGGEST = 2**63 - 1
_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_ID = re.compile(r"[0-9a-f]{7,40}")
_GIT_REFUSES = re.compile(r"\.\.|@\{|//|[\x00-\x20\x7f~^:?*\[\\]|^[-/.]|/\.|[/.]$|\.lock(?:/|$)|^@?$")
_ADDRESS = re.compile(r"(https?://)(?:[^\s/?#<>\"'\\]*@)?([^\s/?#@<>\"'\\]+(?:[/?#][^\s<>\"'\\]*)?)")
_UNUSUAL = (
    "is longer than 250 bytes, has invisible characters, or looks like a commit id; such names are not looked at."
)

Way = str | int


def at(payload: Json, *way: Way) -> Any:
    """What stands at the end of a way; None when it ends before."""
    found: Any = payload
    for step in way:
        if isinstance(step, str):
            found = found.get(step) if isinstance(found, dict) else None
        else:
            found = found[step] if isinstance(found, list) and len(found) > step else None
    return found


def word(payload: Json, *way: Way) -> str:
    """A text that is needed, as it is. Raises BadBodyError payload_incomplete."""
    found = at(payload, *way)
    if not isinstance(found, str) or not found:
        raise _lacking(*way)
    return found


def number(payload: Json, *way: Way) -> int:
    """A positive number that a database can hold. Raises BadBodyError payload_incomplete."""
    found = at(payload, *way)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 < found <= _BIGGEST:
        raise _lacking(*way)
    return found


def objects(payload: Json, *way: Way) -> list[Json]:
    """A list of objects. Raises BadBodyError payload_incomplete."""
    found = at(payload, *way)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _lacking(*way)
    return found


def flag(payload: Json, *way: Way) -> bool:
    """Whether a field is true."""
    return at(payload, *way) is True


def text(payload: Json, *way: Way, most: int = MOST_AUTHOR) -> str:
    """A text for people on one line, without invisible characters and shortened; empty when there is none."""
    found = at(payload, *way)
    return shortened(found, most) if isinstance(found, str) else ""


def address(payload: Json, *way: Way) -> str:
    """The address of a page, without a user or a password in it; empty when there is none to follow."""
    found = at(payload, *way)
    if not isinstance(found, str) or len(found) > MOST_URL or not found.isprintable():
        return ""
    match = _ADDRESS.fullmatch(found)
    return match[1] + match[2] if match else ""


def commit(payload: Json, *way: Way) -> str:
    """
    A full commit id; empty for the zeros of a ref that is gone.

    Raises BadBodyError payload_incomplete, commit_malformed.
    """
    found = word(payload, *way)
    if not names.is_commit(found):
        raise bad("commit_malformed", _named(*way))
    return "" if set(found) == {"0"} else found


def known_commit(payload: Json, *way: Way) -> str:
    """A commit id if a full one is told; empty for none or a shortened one. Raises BadBodyError commit_malformed."""
    found = at(payload, *way)
    if found is None or found == "":
        return ""
    if isinstance(found, str) and len(found) < 40 and _ID.fullmatch(found):
        return ""
    return commit(payload, *way)


def moved(ref: str, commit: str, field: str) -> Push | Tag | Ignored:
    """
    What it means that a full ref now is at `commit`, or is gone when that is empty.

    Raises BadBodyError ref_malformed for what is no ref.
    """
    if ref.startswith(_HEADS):
        name = ref.removeprefix(_HEADS)
        return Push(name, commit) if is_usual(name, field) else Ignored(f"The name of the branch {_UNUSUAL}")
    if ref.startswith(_TAGS):
        return tag(ref.removeprefix(_TAGS), commit, field, deleted=not commit)
    is_usual(ref, field)
    if not ref.startswith("refs/"):
        raise bad("ref_malformed", field)
    return Ignored("What changed is neither a branch nor a tag.")


def tag(name: str, commit: str, field: str, *, deleted: bool = False) -> Tag | Ignored:
    """A tag by its bare name. Raises BadBodyError ref_malformed."""
    return Tag(name, commit, deleted) if is_usual(name, field) else Ignored(f"The name of the tag {_UNUSUAL}")


def together(changes: Iterable[Push | Tag | Ignored]) -> Event:
    """One event of all that changed in one delivery."""
    found = list(changes)
    real = tuple(one for one in found if not isinstance(one, Ignored))
    if len(real) > 1:
        return Several(real)
    return next(iter([*real, *found]), Ignored("No branch or tag changed."))


def checked(told: PullRequest) -> PullRequest | Ignored:
    """
    A pull request whose branches, given as bare names, are checked. Raises BadBodyError ref_malformed.

    Its source is anybody's to name: an unusual one is cleaned to be shown, and nobody is asked for it.
    """
    if not is_usual(told.target, "the target branch"):
        return Ignored(f"The name of the target branch {_UNUSUAL}")
    if is_usual(told.source, "the source branch"):
        return told
    ref = "" if told.ref.startswith(_HEADS) else told.ref
    return replace(told, source=shortened(told.source, MOST_AUTHOR), ref=ref)


def bare(ref: str) -> str:
    """The name of a branch without refs/heads/."""
    return ref.removeprefix(_HEADS)


def is_usual(name: str, field: str) -> bool:
    """
    Whether the name of a branch or tag is one that is looked at.

    False is said of names that a forge may honestly send and that are refused at registration. What git itself refuses
    is a BadBodyError ref_malformed.
    """
    try:
        names.check_branch(name)
    except SourceError as error:
        if _GIT_REFUSES.search(name):
            raise bad("ref_malformed", field) from error
        return False
    return True


def shortened(found: str, most: int) -> str:
    """A text on one line, without what is not seen, at most so long."""
    seen = "".join(" " if one.isspace() else one for one in found if one.isspace() or one.isprintable())
    line = " ".join(seen.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def first(headers: Mapping[str, str], *wanted: str) -> str:
    """The first of these headers that is there; empty when none is."""
    return next((headers[name] for name in wanted if headers.get(name)), "")


def key(given: str, raw: bytes) -> str:
    """What tells a delivery from all others: the forge's own name of it, or the digest of the body without one."""
    if given and len(given) <= MOST_KEY and given.isascii() and given.isprintable():
        return given
    return f"sha256:{hashlib.sha256(given.encode(errors='surrogatepass') if given else raw).hexdigest()}"


def event_name(given: str) -> str:
    """The forge's name of an event, short and printable."""
    return shortened(given, MOST_EVENT)


def _lacking(*way: Way) -> Exception:
    return bad("payload_incomplete", _named(*way))


def _named(*way: Way) -> str:
    return ".".join(str(step) for step in way)
