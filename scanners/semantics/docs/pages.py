"""What a page of documentation says, whatever its markup: headings, links, dates, and what they are about."""

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from scanners.regex import regex

Line = tuple[int, str]

_FENCE: Final = regex(r"^\s*(```|~~~)")
_MARKED: Final = regex(r"^(?:#{1,6}|={1,6})\s+(\S.*?)\s*[#=]*$|^\s*<h[1-6][^>]*>(.*?)</h[1-6]>|^\*\*([^*]+)\*\*:?$")
_TAG: Final = regex(r"</?[a-z][^>]*>", re.IGNORECASE)
_UNDERLINE: Final = regex(r"^([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_LINK: Final = regex(
    # Lengths are bounded: without it each of many brackets that nothing closes is followed to the end of the page.
    r"\[([^\]\n]{1,500}+)\]\(([^)\s]{1,500}+)[^)]{0,500}+\)|`([^`<\n]{1,500}+)<([^>\n]{1,500}+)>`__?"
    r"|^ {0,3}\[([^\]\n]+)\]:\s*(\S+)"
    r"|^\.\. _([^:\n]+): (\S+)|(?P<bare>https?://[^\s<>()\"'`\]]+)",
    re.MULTILINE,
)
_BADGE: Final = regex(r"badge|shields\.io|\.svg\b|actions/workflows")
_MANUAL: Final = regex(
    r"^\W*((the|our|full|complete|read the|official|online|project) )*"
    r"(docs?|documentation|wiki|handbook|manual|(user )?guide)\b",
    re.IGNORECASE,
)
_BUILT: Final = regex(r"readthedocs\.org/projects/([\w-]+)/badge")
_HOST_OF_MANUALS: Final = regex(
    r"https?://([\w-]+\.)?(docs?|wiki|handbook)\.|https?://[^/]*(readthedocs|gitbook|confluence|notion|atlassian|github\.io)"
    r"|https?://[^/]+/([\w-]+/){0,2}(wiki|docs?|documentation)\b"
)
_PROSE: Final = regex(
    r"^(?![#=<:|!~`+]|\.\. |\[!|\s{4}|>\s*(?![\w\s])|>[\s*_]*(note|warning|important|tip|caution)\b)\S", re.IGNORECASE
)
_PLACEHOLDER: Final = regex(
    r"\W*(to ?do|tbd|tba|fixme|coming soon|(work|writing) in progress|wip|(to be|not yet) (written|done|documented|"
    r"defined|determined|announced|filled in)|fill (me|this) in|write (me|this)|lorem ipsum)\b.{0,40}$",
    re.IGNORECASE,
)
_ITEM: Final = regex(r"^\s*([-*+]|\d+\.)\s")
_WORDS_OF_A_SENTENCE: Final = 6
_LONGEST: Final = 1000
"""Characters of a line that are looked at."""


def _any(*words: str) -> re.Pattern[str]:
    return regex(rf"\b(?:{'|'.join(words)})(?!\w)")


TOPICS: Final = {
    "run": _any(
        *(
            "run",
            "running",
            "usage",
            "use",
            "using",
            r"install\w*",
            r"start\w*",
            "quick ?start",
            "set ?up",
            r"build\w*",
        ),
        *(r"develop(?:ment|ing)?", r"local\w*", r"launch\w*", "serv(?:e|ing)", "first (?:steps|five minutes)"),
    ),
    "configure": _any(
        *(r"config(?:ur\w+|s)?", "settings?", "environments?", "env", r"env(?:ironment)? ?var\w*", "options"),
        *("variables", "parameters"),
    ),
    "deploy": _any(
        *(
            r"deploy\w*",
            r"releas\w*",
            "production",
            "hosting",
            r"docker\w*",
            "kubernetes",
            "k8s",
            "helm",
            r"publish\w*",
        ),
        *(r"roll ?out\w*", "ship(?:s|ping)?", r"operat\w+", "for real"),
    ),
    "test": _any("tests?", "testing", "ci", "continuous integration", "quality"),
    "owner": _any(
        *("owners?", "owned", "ownership", r"maintain\w*", "contacts?", "team", "support", "authors?", "credits"),
        *("on[- ]?call", "who", "help", "questions", "codeowners", "community"),
    ),
    "runbook": _any(
        *("run ?-?books?", "play ?-?books?", "on[- ]?call", "operat(?:ions?|ing)", "for operators", "incidents?"),
        *(r"troubleshoot\w*", "disaster recovery", "when (?:it|something) (?:breaks|fails|goes wrong)"),
    ),
    "objectives": _any(
        *("slos?", "slas?", "slis?", r"service[- ]level\w*", "error budgets?"),
        "(?:availability|uptime|latency|reliability|performance) (?:targets?|goals?|promises?)",
    ),
    "decisions": _any(
        *(r"architectur\w*", "adrs?", "decisions?", "design", "internals", "how it works", "components", "structure"),
        "(?:technical|system) overview",
    ),
    "changelog": _any(
        *("change ?-?log", "changes", "release notes", "releases", r"what'?s new", "history", "news"),
    ),
}
"""What a heading or a link is about, in lower case."""

_DONE: Final = {
    "run": _any(
        *(r"docker[ -]compose(?: -\S+ \S+)* up", "make (?:run|up|serve|start|dev)", "uvicorn", "gunicorn", "hypercorn"),
        *(r"flask(?: --app \S+)? run", "runserver", r"python3? -m \w+", r"python3? \w+\.py", "poetry run", "uv run"),
        *("celery -A", "pip install", "docker run"),
    ),
    "test": _any("pytest", "tox", "nox", "make (?:test|check|ci)", r"manage\.py test", "unittest"),
    "deploy": _any(
        *("kubectl", "helm (?:install|upgrade)", "docker (?:build|push)", "terraform apply", "ansible-playbook"),
        *("(?:fly|make|cdk|serverless|cap) deploy", "git push (?:heroku|dokku)", "deploys?", "deployed"),
        "released? (?:to|by|from|with)",
    ),
    "configure": regex(
        r"\.env\b|environment variables?|\bexport [A-Z][A-Z0-9_]+=|\b[A-Z][A-Z0-9]+_[A-Z0-9_]*[A-Z]\b|\bsettings\.py\b"
        r"|\bconfigur"
    ),
    "objectives": regex(
        r"\b(availab\w+|uptime|latency|answered|objectives?)\b.*\b9\d(\.\d+)? ?%"
        r"|\b9\d(\.\d+)? ?%.*\b(availab\w+|uptime|latency|answered)\b",
        re.IGNORECASE,
    ),
    "owner": regex(
        r"\b(owned by|maintained by|on[- ]call|slack|contact|owners?:|team:)"
        r"|(?<!\S)#(team|squad|help|ask|support)-[a-z]"
        r"|[\w.+-]+@[\w-]+\.\w{2,}|(?<![\w/])@[\w-]+/[\w-]+",
        re.IGNORECASE,
    ),
}
"""What says in a text or a command that a topic is covered, without a heading."""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WHAT: Final = r"\b(?:reviewed|updated|verified|rehearsed|tested|revised|revision|checked|date|as of|edited|modified)\b"
_STATED: Final = regex(
    _WHAT + r"[^\n\d]{0,24}(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
    r"|(\d{1,2})(?:st|nd|rd|th)? (?:of )?([A-Z][a-z]{2})[a-z]*,? (\d{4}))"
    r"|" + _WHAT + r"[^\n\d]{0,24}?([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})",
    re.IGNORECASE,
)


def headings(lines: list[str]) -> list[Line]:
    """The headings of a page as (line, text), from 1; what stands in a code block is none."""
    found: list[Line] = []
    fenced = False
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line) and not _underlines(lines, number):
            fenced = not fenced
        elif not fenced:
            marked = _MARKED.match(line)
            if marked:
                said = next(part for part in marked.groups() if part is not None)
                found.append((number, _TAG.sub(" ", said[:_LONGEST]).strip()))
            elif _underlines(lines, number):
                found.append((number - 1, lines[number - 2].strip()))
    return found


def unwritten(lines: list[str], heads: list[Line]) -> tuple[list[Line], bool]:
    """The headings below which nothing stands but that it will be written, and whether that is the whole page."""
    titles = {number for number, _ in heads}
    edges = [*(number for number, _ in heads), len(lines) + 1]
    bodies = [
        [line for number, line in enumerate(lines[start : end - 1], start + 1) if _is_text(line, number, titles)]
        for start, end in pairwise([0, *edges])
    ]
    bare = [bool(body) and all(_PLACEHOLDER.match(line) for line in body) for body in bodies]
    said = [body for body, placeholder in zip(bodies, bare, strict=True) if body and not placeholder]
    return [head for head, placeholder in zip(heads, bare[1:], strict=True) if placeholder], any(bare) and not said


def _is_text(line: str, number: int, titles: set[int]) -> bool:
    return bool(line.strip()) and not (_UNDERLINE.match(line) and number - 1 in titles)


def _underlines(lines: list[str], number: int) -> bool:
    """Whether the line is the rule under a title."""
    above = lines[number - 2].rstrip() if number > 1 else ""
    line = lines[number - 1].rstrip()
    if not (_UNDERLINE.match(line) and above[:1].strip()) or _UNDERLINE.match(above):
        return False
    return len(line) >= 0.7 * len(above)


def links(text: str) -> list[tuple[int, str, str]]:
    """The links of a page as (line, text, target)."""
    found = []
    for link in _LINK.finditer(text):
        parts = [part for part in link.groups() if part is not None]
        found.append((text.count("\n", 0, link.start()) + 1, parts[0].strip(), parts[-1]))
    return found


def manual(lines: list[str], heads: list[Line], linked: list[tuple[int, str, str]]) -> bool:
    """Whether the page sends its reader to a site of its own documentation, by the words or the address of a link."""
    names = {re.split(r"[^a-z0-9]", heads[0][1].lower(), maxsplit=1)[0]} if heads else set()
    names |= {built[1].lower() for _, _, target in linked if (built := _BUILT.search(target))}
    for line, said, target in linked:
        if not target.startswith("http") or _BADGE.search(target):
            continue
        words = lines[line - 1].partition(target)[0] if said == target else said
        if _MANUAL.match(words.strip()):
            return True
        if _HOST_OF_MANUALS.match(target):
            above = next((title for number, title in reversed(heads) if number < line), "")
            if _MANUAL.match(above) or any(len(name) > 3 and name in target.lower() for name in names):
                return True
    return False


def covered(lines: list[str], heads: list[Line], linked: list[tuple[int, str, str]]) -> dict[str, int]:
    """The topics that a page covers, each with the line that says so; `purpose` is a sentence near its top."""
    found: dict[str, int] = {}
    told = [*heads, *((line, f"{text} {target}") for line, text, target in linked if not _BADGE.search(target))]
    for topic, pattern in TOPICS.items():
        named = next((line for line, text in told if pattern.search(text.lower().replace("_", " "))), 0)
        done = _DONE.get(topic)
        named = named or next(
            (number for number, line in enumerate(lines, 1) if done and done.search(line[:_LONGEST])), 0
        )
        if named:
            found[topic] = named
    purpose = next(_sentences(lines, heads), 0)
    return found | ({"purpose": purpose} if purpose else {})


def _sentences(lines: list[str], heads: list[Line]) -> Iterator[int]:
    """Where prose of some length stands, up to the third heading: a title and its subtitle come first."""
    last = heads[2][0] if len(heads) > 2 else len(lines) + 1
    titles = {line for line, _ in heads}
    words = 0
    for number, line in enumerate(lines[: last - 1], 1):
        prose = number not in titles and _PROSE.match(line) is not None
        said = len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\]\([^)]{0,1000}+\)|https?://\S+", "", line))) if prose else 0
        words = said if _ITEM.match(line) or not said else words + said
        if words >= _WORDS_OF_A_SENTENCE:
            yield number


def stated(text: str) -> dt.date | None:
    """The latest day on which the page says it was reviewed, updated or tried; None when it says none."""
    days = [day for found in _STATED.finditer(text) if (day := _day(found.groups())) is not None]
    return max(days, default=None)


def _day(parts: tuple[str | None, ...]) -> dt.date | None:
    year, month, day, day2, name2, year2, name3, day3, year3 = parts
    name = (name2 or name3 or "").lower()
    if name and name not in _MONTHS:
        return None
    number = int(month) if month else _MONTHS.index(name) + 1
    try:
        return dt.date(int(year or year2 or year3 or 0), number, int(day or day2 or day3 or 0))
    except ValueError:
        return None
