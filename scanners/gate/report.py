"""The gate's answer as lines for people to read in a log."""

from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]
_LONGEST: Final = 1000


def plain(text: object) -> str:
    """A text as part of one line of a log.

    People wrote parts of it. Nothing in it may end the line, move the cursor, or give orders to the system that keeps
    the log, which takes them from lines that begin with :: or hold ## and a bracket.
    """
    whole = " ".join(str(text).split())
    shown = "".join(letter for letter in whole if letter.isprintable()).replace("##", "# #")
    return f"{shown[:_LONGEST]}…" if len(shown) > _LONGEST else shown


def lines(answer: Json) -> Iterator[str]:
    """The verdict, each reason with its next step, and where more is said."""
    repository = answer["repository"]
    commit = plain(answer["commit"])[:12] or "no commit yet"
    yield f"Gate of {plain(repository['name'])} for {commit}: {plain(answer['verdict'])}"
    for reason in answer["reasons"]:
        mark = plain(reason.get("verdict") or "note")
        yield f"- {mark}: {plain(reason['text'])}"
        if reason.get("next"):
            yield f"  Next: {plain(reason['next'])}"
    asked_for = f"tier {plain(repository['tier'])} asks for {plain(answer['required_level'])}"
    yield f"Level: {plain(answer['level'] or 'not known yet')}; {asked_for}."
    if answer.get("expires"):
        yield f"This holds until {plain(answer['expires'])}."
    yield f"More: {plain(answer['links']['page'])}"
