"""What every forge can be told, whichever it is. Each has its own words for it, in a file of its own."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from django.utils.crypto import salted_hmac

from reviews.forges.calls import Calls
from reviews.forges.errors import ForgeError, error
from reviews.forges.messages import Comment, Status
from reviews.forges.places import Place
from reviews.forges.tokens import Key
from scanners.git.credential import Credential

MOST_PAGES = 20
_CUT = "\n\n…"


class Found(NamedTuple):
    """A comment as the forge has it."""

    name: str
    text: str


class Client(ABC):
    """Tells one repository's forge. Every method raises ForgeError.

    `suffix` is what the API's address ends with, `longest` how much a comment may hold.
    """

    suffix: ClassVar[str]
    headers: ClassVar[dict[str, str]] = {}
    longest: ClassVar[int] = 60_000

    def __init__(self, calls: Calls, place: Place, api: str, repository: int) -> None:
        self.calls = calls
        self.home = self.found(place, api)
        self._repository = repository

    @classmethod
    def derive(cls, place: Place) -> str:
        """The address of the API that belongs to a repository's URL. Raises ForgeError forge_place_unknown."""
        return place.origin + cls.suffix

    @classmethod
    @abstractmethod
    def key(cls, known: Credential) -> Key:
        """How this forge wants the token."""

    @classmethod
    @abstractmethod
    def found(cls, place: Place, api: str) -> str:
        """The repository's path below the API's address. Raises ForgeError forge_place_unknown."""

    @abstractmethod
    def set_status(self, status: Status) -> None:
        """Show a status beside its commit, in place of the former one of that name."""

    @abstractmethod
    def comments(self, number: int) -> Iterator[Found]:
        """The comments below a pull request, the oldest first; a bounded number of them."""

    @abstractmethod
    def add(self, number: int, text: str) -> str:
        """Make a comment; returns the forge's name of it."""

    @abstractmethod
    def change(self, number: int, name: str, text: str) -> None:
        """Give a comment another text. Raises ForgeError forge_not_found when it is gone."""

    def check(self) -> None:
        """Whether the token reaches the repository. Changes nothing, and cannot tell what the token may write."""
        self.calls.get(self.home)

    def put_comment(self, wanted: Comment, known: str = "") -> str:
        """Keep the one comment below a pull request up to date. Returns the forge's name of it.

        `known` is what it was called before. Otherwise the comment is looked for by its mark, so that one whose name
        was lost on the way is not made again. Empty: there is none, and `wanted` only updates.
        """
        last = mark(self._repository, wanted.number)
        text = marked(wanted.markdown, last, self.longest)
        if known and self._changed(wanted.number, known, text):
            return known
        for found in self.comments(wanted.number):
            if _last_line(found.text) == last and self._changed(wanted.number, found.name, text):
                return found.name
        return "" if wanted.only_update else self.add(wanted.number, text)

    def _changed(self, number: int, name: str, text: str) -> bool:
        try:
            self.change(number, name, text)
        except ForgeError as problem:
            if problem.code != "forge_not_found":
                raise
            return False
        return True


def mark(repository: int, number: int) -> str:
    """The hidden last line of our comment below a pull request, which nobody else can write beforehand.

    It is the definition of a link that nothing refers to. Markdown shows none of it at any of the forges, while
    Bitbucket shows an HTML comment as text.
    """
    seal = salted_hmac("plimsoll.forges.comment", f"{repository}:{number}").hexdigest()[:16]
    return f"[//]: # (plimsoll {repository} {seal})"


def marked(markdown: str, last: str, longest: int) -> str:
    """A comment's text with its mark as the last line, cut between two lines if a forge would not take it whole."""
    room = longest - len(last) - 2
    if len(markdown) > room:
        fence = "\n```"
        cut = markdown[: room - len(_CUT) - len(fence)].rpartition("\n")[0]
        markdown = cut + (fence if cut.count("```") % 2 else "") + _CUT
    return f"{markdown.rstrip()}\n\n{last}"


def two(segments: tuple[str, ...]) -> tuple[str, str]:
    """An owner and a repository. Raises ForgeError forge_place_unknown for anything else."""
    if len(segments) != 2:
        raise error("forge_place_unknown")
    return segments[0], segments[1]


def field(data: Any, *names: str) -> Any:
    """A value of an answer. Raises ForgeError forge_not_an_api when the answer is not as documented."""
    for name in names:
        if not isinstance(data, dict) or name not in data:
            raise error("forge_not_an_api")
        data = data[name]
    return data


def rows(data: Any) -> list[Any]:
    """A list of an answer. Raises ForgeError forge_not_an_api when it is none."""
    if not isinstance(data, list):
        raise error("forge_not_an_api")
    return data


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()
