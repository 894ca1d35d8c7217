"""
What is said below a pull request, as markdown that six forges draw alike. Pure.

Nothing that a repository says can be markup, a link, a mention of somebody or a reference to something: a word is
written as it is only when it is made of plain letters, or of digits alone. Everything else is code, where a forge looks
for nothing. Backticks, bars and invisible characters, which could end the code or the table, are replaced.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import floor
from typing import Any

from reviews.pulls.judging import Change, Judgement

Json = dict[str, Any]
Interval = tuple[float | None, float | None]

LONGEST = 32_000  # What Bitbucket Data Center takes is the least.
SHOWN, SHOWN_FIXED, SHOWN_FIXES = 20, 10, 5
_LONGEST_PLACE, _LONGEST_MESSAGE, _LONGEST_FIX = 160, 240, 400
_PLAIN = re.compile(r"""["'(]*([A-Za-z]+(['-][A-Za-z]+)*)?["')]*[.,;:!?]*|\d{1,6}[.,;:!?]*""")
_MARKED = re.compile(r"`([^`]*)`")
_REPLACED = str.maketrans({"`": "'", "|": "¦"})


@dataclass(frozen=True, slots=True)
class Said:
    """All that a comment says. `new` and `fixed` are rows of a Comparison, of which there may be more than these.

    `start` says what the head was compared with, `url` leads to the page here, `rule_url` to that of a rule, `fixes`
    holds what each rule says of fixing. `notes` are sentences of ours about what could not be seen.
    """

    judgement: Judgement
    change: Change
    commit: str
    start: str
    url: str
    rule_url: Callable[[str], str]
    new: Sequence[Json] = ()
    fixed: Sequence[Json] = ()
    before: Interval = (None, None)
    after: Interval = (None, None)
    fixes: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def comment(said: Said) -> str:
    """The comment, as many of its rows as fit into LONGEST characters."""
    sizes = (SHOWN, SHOWN // 2, SHOWN // 5, 0)
    drafts = ("\n\n".join(filter(None, _blocks(said, size))) for size in sizes)
    return next((draft for draft in drafts if len(draft) <= LONGEST), _line(said)[:LONGEST])


def failed(judgement: Judgement, commit: str, url: str) -> str:
    """The comment in place of an older one when the scan of the newest commit did not end well."""
    text = prose(f"{judgement.text} {judgement.next_step}", _LONGEST_FIX)
    return f"**Plimsoll could not tell** about {code(commit[:7])}. {text}\n\n[The scan]({url})"


def code(text: str, longest: int = _LONGEST_PLACE) -> str:
    """A text of a repository as code on one line; its end counts most when it is too long."""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    whole = " ".join(seen.translate(_REPLACED).split()) or "-"
    return f"`{whole if len(whole) <= longest else '…' + whole[1 - longest :].strip()}`"


def prose(text: str, longest: int) -> str:
    """A text on one line in which only plain words are left as they are. `Code` in backticks stays code."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    pieces = enumerate(_MARKED.split(cut))
    whole = "".join(code(piece, longest) if index % 2 else _words(piece, longest) for index, piece in pieces)
    return whole.replace("``", "` `").strip()


def _words(text: str, longest: int) -> str:
    """Words as they are, others as code, with a space at either end where there was one."""
    runs = groupby(text.split(), key=lambda word: bool(_PLAIN.fullmatch(word)))
    words = " ".join(" ".join(run) if plain else code(" ".join(run), longest) for plain, run in runs)
    return f"{' ' * text[:1].isspace()}{words}{' ' * text[-1:].isspace()}"


def _blocks(said: Said, size: int) -> Iterable[str]:
    yield f"**{said.judgement.text}**"
    yield _line(said)
    yield from said.notes
    yield _table(said, size)
    yield _fixes(said, size)
    yield _fixed(said, size)
    yield " ".join(filter(None, [said.judgement.next_step, f"[All of it, with the code]({said.url})"]))


def _line(said: Said) -> str:
    score = _change(_interval(said.before), _interval(said.after))
    return (
        f"Level {_change(said.change.before, said.change.after)}. Score {score}. {code(said.commit[:7])} {said.start}"
    )


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _interval(score: Interval) -> str:
    low, high = (None if end is None else floor(end + 1e-9) for end in score)
    if low is None:
        return "none"
    return f"{low}" if high in (None, low) else f"{low}\N{EN DASH}{high}"


def _table(said: Said, size: int) -> str:
    if not said.change.new:
        return ""
    shown = said.new[:size]
    head = ["| Severity | Rule | Place | What is new |", "| --- | --- | --- | --- |"] if shown else []
    rows = [f"| {_severity(row)} | {_rule(said, row)} | {_place(row)} | {_message(row)} |" for row in shown]
    more = said.change.new - len(shown)
    left = ["", f"[{'and ' if shown else ''}{_counted(more, 'more' if shown else 'new')}]({said.url})"] if more else []
    return "\n".join([*head, *rows, *left])


def _fixes(said: Said, size: int) -> str:
    rules = list(dict.fromkeys(row["rule"] for row in said.new[:size] if row["rule"] in said.fixes))[:SHOWN_FIXES]
    lines = [f"- [{rule}]({said.rule_url(rule)}): {prose(said.fixes[rule], _LONGEST_FIX)}" for rule in rules]
    return "\n".join(["How to fix it:", "", *lines]) if lines else ""


def _fixed(said: Said, size: int) -> str:
    if not said.change.fixed:
        return ""
    shown = said.fixed[: min(size, SHOWN_FIXED)]
    lines = [f"- {_rule(said, row)} at {_place(row)}" for row in shown]
    more = said.change.fixed - len(shown)
    lines += [f"- {_counted(more, 'more')}"] if more and shown else []
    return "\n".join([f"Fixed: {said.change.fixed:,}", "", *lines])


def _severity(row: Json) -> str:
    return f"{row['severity']}, waived" if row.get("waived") else str(row["severity"])


def _rule(said: Said, row: Json) -> str:
    return f"[{row['rule']}]({said.rule_url(row['rule'])})"


def _place(row: Json) -> str:
    return code(f"{row['path']}:{row['line']}")


def _message(row: Json) -> str:
    return prose(row["message"], _LONGEST_MESSAGE)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}"
