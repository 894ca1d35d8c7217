"""
Who has to sign, and who counts. Pure.

    quorum("A", ops=False)       # (Slot("security"), Slot("")): two people, one of them with the security duty
    filled(slots, given)         # each slot with the sign-off that fills it, or None; nobody fills two
    outside(...)                 # {person: why they are not independent}

Tier A needs two people, one of whom has the security duty; B and C need one. A team may ask for ops beside.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import ClassVar

from reviews.checklist import Tier

# GitHub's 123+ada@users.noreply.github.com, GitLab's 123-ada@users.noreply.gitlab.com, Gitea's ada@noreply.gitea.com.
_NO_REPLY = re.compile(r"(?:users\.)?noreply\.")
_NUMBERED = re.compile(r"^\d+[+-]")
_DUTIES: Mapping[Tier, tuple[str, ...]] = {Tier.A: ("security", ""), Tier.B: ("",), Tier.C: ("",)}


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a quorum: for anybody independent, or for a duty."""

    duty: str = ""

    @property
    def said(self) -> str:
        """The place as words."""
        return f"a reviewer with the duty {self.duty}" if self.duty else "a reviewer"


@dataclass(frozen=True, slots=True)
class Given:
    """A sign-off that counts: whose, and with which duties."""

    key: int
    duties: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with a role and duties in the team, or Plimsoll itself (`key` None)."""

    NOBODY: ClassVar[int] = -1
    ENGINEER: ClassVar[int] = 1
    REVIEWER: ClassVar[int] = 2

    key: int | None
    rank: int = NOBODY
    duties: frozenset[str] = frozenset()

    def has(self, duty: str) -> bool:
        """Whether a duty counts: it does from the role reviewer up."""
        return self.rank >= Actor.REVIEWER and duty in self.duties

    def gives(self) -> Given:
        """The sign-off that this person would add."""
        return Given(self.key or 0, self.duties if self.rank >= Actor.REVIEWER else frozenset())


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody named by a commit, as author, committer or co-author."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person who can sign in, with everything that git might call them."""

    key: int
    username: str
    name: str = ""
    emails: frozenset[str] = frozenset()

    def is_author(self, author: Author) -> bool:
        """Whether a commit names this person: by address, by full name, or by a forge's no-reply address."""
        email = author.email.casefold()
        login, _, host = email.partition("@")
        if _NO_REPLY.match(host) and self.username.casefold() in (login, _NUMBERED.sub("", login)):
            return True
        names = {self.username.casefold(), _plain(self.name)} - {""}
        addresses = {known.casefold() for known in self.emails} - {""}
        return email in addresses or _plain(author.name) in names


def quorum(tier: str, *, ops: bool = False) -> tuple[Slot, ...]:
    """The places that sign-offs have to fill."""
    duties = (*_DUTIES[Tier(tier)], "ops") if ops else _DUTIES[Tier(tier)]
    return tuple(Slot(duty) for duty in sorted(duties, reverse=True))


def filled(slots: Sequence[Slot], given: Iterable[Given]) -> tuple[tuple[Slot, Given | None], ...]:
    """The best assignment of sign-offs to places; one person fills one place."""
    people = sorted({one.key: one for one in given}.values(), key=lambda one: -len(one.duties))
    best: tuple[tuple[Slot, Given | None], ...] = tuple((slot, None) for slot in slots)
    padded = (*people, *(None,) * len(slots))
    for order in permutations(padded[: len(slots) + 3], len(slots)):
        tried = tuple((slot, one if one and _fits(slot, one) else None) for slot, one in zip(slots, order, strict=True))
        if _count(tried) > _count(best):
            best = tried
    return best


def outside(
    accounts: Iterable[Account], authors: Sequence[Author], submitters: Iterable[int], answerers: Iterable[int]
) -> dict[int, str]:
    """Who is not independent, and why, as it goes on after "You" or a name."""
    found = dict.fromkeys(answerers, "answered an item of this review")
    for account in accounts:
        if any(account.is_author(author) for author in authors):
            found[account.key] = "wrote commits since the last approval"
    return found | dict.fromkeys(submitters, "submitted this review")


def _fits(slot: Slot, given: Given) -> bool:
    return not slot.duty or slot.duty in given.duties


def _count(tried: Iterable[tuple[Slot, Given | None]]) -> int:
    return sum(given is not None for _, given in tried)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
