"""The labelled set: small services in plain text, with the places that a rule must report and those that it must not.

`labelled/<area>/<rule>.txt` is about one rule. A case is a repository of its own:

    @@ Refunds of a shop [worker]           its title, and the kind of repository where that is not http-api
    @+ refunds/client.py                    a file, down to the next one
    response = requests.get(url)  #! bad    a place at fault
    requests.get(url, timeout=5)  #! ok     a place that looks like it and is right
    @+ .advisories/some.json                no file of the repository: OSV records that its locks are compared with

A mark after `@+ path` stands for the whole file, one after `@@ title` for the whole case. Marks are taken out before
any rule reads the files. What comes before the first case is a comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LABELLED: Final = Path(__file__).with_name("labelled")
_ADVISORIES: Final = ".advisories/"
_MARK: Final = re.compile(r"\s*#! (bad|ok)\s*$")
_KIND: Final = re.compile(r"\s*\[(http-api|worker|cron|library)\]\s*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place: a line, a whole file (line 0), or the whole case (no path)."""

    bad: bool
    path: str = ""
    line: int = 0

    def covers(self, path: str, first: int, last: int) -> bool:
        """Whether a finding at these lines is at this place."""
        return (not self.path or self.path == path) and (not self.line or first <= self.line <= max(first, last))


@dataclass(slots=True)
class Case:
    """One repository with its labels. `source` says where it is written down; `advisories` are texts of OSV records."""

    title: str
    kind: str
    source: str
    files: dict[str, str] = field(default_factory=dict)
    advisories: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def rule_files() -> list[Path]:
    """The labelled files, in order of area and rule."""
    return sorted(LABELLED.glob("*/*.txt"))


def cases(source: Path) -> list[Case]:
    """The cases of one labelled file. Raises ValueError, with the line, for one that cannot be read."""
    found: list[Case] = []
    path = ""
    for number, line in enumerate(source.read_text(encoding="utf-8").split("\n"), 1):
        text, marked = _split(line)
        place = f"{source.parent.name}/{source.name}:{number}"
        if text.startswith("@@ "):
            kind = _KIND.search(text)
            title = _KIND.sub("", text[3:]).strip()
            found.append(Case(title, kind[1] if kind else "http-api", place))
            path = ""
            found[-1].marks += [Mark(bad) for bad in marked]
        elif text.startswith("@+ "):
            if not found:
                raise ValueError(f"{place}: a file before the first case. Write `@@ title` above it.")
            path = text[3:].strip()
            found[-1].files[path] = ""
            found[-1].marks += [Mark(bad, path) for bad in marked]
        elif path:
            found[-1].files[path] += f"{text}\n"
            found[-1].marks += [Mark(bad, path, found[-1].files[path].count("\n")) for bad in marked]
        elif found and text.strip():
            raise ValueError(f"{place}: text outside a file. Write `@+ path` above it.")
    for case in found:
        _trim(case)
        case.advisories = [case.files.pop(name) for name in list(case.files) if name.startswith(_ADVISORIES)]
    return found


def _split(line: str) -> tuple[str, Iterator[bool]]:
    match = _MARK.search(line)
    return (line[: match.start()] if match else line), iter([match[1] == "bad"] if match else [])


def _trim(case: Case) -> None:
    """Cut the blank lines that separate files and cases."""
    for path, text in case.files.items():
        case.files[path] = text.rstrip("\n") + "\n" if text.strip() else ""
