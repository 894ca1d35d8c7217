"""A Dockerfile as stages of instructions: continuation lines joined, here-documents kept, defaults of ARG filled in."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from scanners.regex import regex

_ESCAPE: Final = regex(r"^#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_HEAD: Final = regex(r"^\s*([A-Za-z]+)(?:\s+(.*))?$", re.DOTALL)
_FLAG: Final = regex(r"--([\w-]+)(?:=(\S*))?\s*")
_HEREDOC: Final = regex(r"<<-?([\"']?)([A-Za-z_]\w*)\1")
_VARIABLE: Final = regex(r"\$(?:(\w+)|\{(\w+)(?::?[-+]([^}]*))?\})")
_NAMES: Final = frozenset(
    "FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL "
    "HEALTHCHECK SHELL".split()
)
_MOST_STAGES: Final = 200
"""Real ones have a dozen; what a stage is built on is asked for each of them."""
_LONGEST: Final = 1000
"""Characters of the value of a variable, which may hold others, each twice."""
_DEV_STAGE: Final = regex(
    r"(^|[-_.])(dev|devel|development|tests?|testing|debug|lint|ci|local)([-_.]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `value` has continuation lines joined by newlines and its flags (`--from=x`) taken off.

    `line` is the first one; `heredoc` is the text between the marks; `skipped` is how many lines its flags take.
    """

    name: str
    value: str
    line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredoc: str = ""
    skipped: int = 0

    def flag(self, name: str) -> str:
        """The value of a flag, empty without it."""
        return next((value for key, value in self.flags if key == name), "")

    @property
    def words(self) -> tuple[str, ...] | None:
        """The words of the JSON form (exec form); None for the shell form."""
        if not self.value.lstrip().startswith("["):
            return None
        try:
            found = json.loads(self.value.replace("\n", " "))
        except ValueError:
            return None
        return tuple(str(word) for word in found) if isinstance(found, list) else None

    @property
    def script(self) -> str:
        """What a shell is given to run: the here-document, or the words."""
        words = self.words
        return shlex.join(words) if words is not None else self.heredoc or self.value.replace("\n", "\\\n")

    @property
    def script_line(self) -> int:
        """The line on which the script begins."""
        return self.line + self.skipped + bool(self.heredoc)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `image` is what it starts from, defaults of ARG filled in; a `$` is left where none is known."""

    image: str
    name: str
    line: int
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, *names: str) -> Instruction | None:
        """The last instruction of one of these names, the one that counts."""
        return next((entry for entry in reversed(self.instructions) if entry.name in names), None)

    def all(self, *names: str) -> list[Instruction]:
        """All instructions of these names."""
        return [entry for entry in self.instructions if entry.name in names]

    @property
    def is_dev(self) -> bool:
        """Whether its name says that it is for development or tests."""
        return bool(_DEV_STAGE.search(self.name))


@dataclass(frozen=True)
class Dockerfile:
    """The stages in order; the last is what is shipped."""

    stages: tuple[Stage, ...]

    @property
    def final(self) -> Stage | None:
        """The stage that is shipped."""
        return self.stages[-1] if self.stages else None

    def stage(self, name: str) -> Stage | None:
        """An earlier stage by its name or number."""
        if name.isdecimal() and len(name) < _LONGEST:
            return self.stages[int(name)] if int(name) < len(self.stages) else None
        return self._named.get(name.lower())

    @cached_property
    def _named(self) -> dict[str, Stage]:
        """The first stage of each name."""
        return {stage.name.lower(): stage for stage in reversed(self.stages) if stage.name}

    def line_of(self, stage: Stage) -> list[Stage]:
        """The stage and the earlier stages that it is built on, the nearest first."""
        found = [stage]
        while (below := self.stage(found[-1].image)) is not None and below not in found:
            found.append(below)
        return found

    def base(self, stage: Stage) -> str:
        """The foreign image at the bottom of a stage."""
        return self.line_of(stage)[-1].image


def read(text: str) -> Dockerfile:
    """The stages of a Dockerfile, two hundred at most. Lines that are no instruction are passed over."""
    defaults: dict[str, str] = {}
    stages: list[Stage] = []
    for entry in _instructions(text.split("\n")):
        if entry.name == "FROM":
            words = entry.value.split()
            name = words[2] if len(words) >= 3 and words[1].upper() == "AS" else ""
            if len(stages) == _MOST_STAGES:
                break
            stages.append(Stage(filled(words[0] if words else "", defaults), name, entry.line))
        elif stages:
            stages[-1].instructions.append(entry)
        elif entry.name == "ARG":
            defaults |= {key: filled(value, defaults) for key, value in _assigned(entry.value)}
    return Dockerfile(tuple(stages))


def filled(text: str, values: dict[str, str]) -> str:
    """The text with known variables in it; others stay as they are, unless they name a default themselves."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return (values.get(name) or found[3] or found[0])[:_LONGEST]

    return _VARIABLE.sub(value, text[:_LONGEST])[:_LONGEST]


def environment(instructions: list[Instruction]) -> dict[str, str]:
    """What ENV sets, and the defaults of ARG."""
    return {
        key: value for entry in instructions if entry.name in ("ENV", "ARG") for key, value in _assigned(entry.value)
    }


def _assigned(value: str) -> Iterator[tuple[str, str]]:
    if re.match(r"^\w+\s+[^=]", value) and "=" not in value.split()[0]:
        key, _, rest = value.partition(" ")
        yield key, rest.strip().strip("\"'")  # ENV KEY value
        return
    for key, quoted, bare in re.findall(r"(?<!\w)(\w+)=(?:[\"']([^\"']*)[\"']|(\S*))", value):
        yield key, quoted or bare


def _instructions(lines: list[str]) -> Iterator[Instruction]:
    escape, number = "\\", 0
    if lines and (found := _ESCAPE.match(lines[0])):
        escape = found[1]
    while number < len(lines):
        first = number
        held, number = _joined(lines, number, escape)
        match = _HEAD.match(held)
        if match is None or match[1].upper() not in _NAMES:
            continue
        name, value, flags = match[1].upper(), match[2] or "", []
        skipped = held.count("\n", 0, match.start(2)) if match[2] else 0
        start = 0
        while flag := _FLAG.match(value, start):
            flags.append((flag[1].lower(), flag[2] or "true"))
            start = flag.end()
        skipped += value.count("\n", 0, start)
        value = value[start:]
        heredoc = ""
        if name in ("RUN", "COPY", "ADD"):
            heredoc, number = _heredocs(lines, number, value)
        yield Instruction(name, value.strip(), first + 1, tuple(flags), heredoc, skipped)


def _joined(lines: list[str], number: int, escape: str) -> tuple[str, int]:
    """The logical line from `number` on, with its breaks so that lines can be counted; and where the next begins."""
    held: list[str] = []
    while number < len(lines):
        line = lines[number].rstrip()
        number += 1
        if line.lstrip().startswith("#") or (held and not line):
            held.append("")  # Comments and empty lines do not end an instruction.
            if len(held) == 1:
                break
            continue
        if not line.endswith(escape):
            held.append(line)
            break
        held.append(line[:-1])
    return "\n".join(held), number


def _heredocs(lines: list[str], number: int, value: str) -> tuple[str, int]:
    body: list[str] = []
    for _, mark in _HEREDOC.findall(value):
        end = next((at for at in range(number, len(lines)) if lines[at].strip() == mark), len(lines))
        body += lines[number:end]
        number = end + 1
    return "\n".join(body), number
