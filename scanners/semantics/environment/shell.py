"""Shell text as commands: split at operators, quotes taken off, with lines. Nothing is expanded."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from scanners.regex import regex

_INNER: Final = r"[$<>]\((?:[^()]|\((?:[^()]|\([^()]{0,500}\)){0,500}\)){0,2000}\)"
_TOKEN: Final = regex(
    r"#[^\n]*|\\\n|(?P<operator>&&|\|\||;;|\|&|&(?!>)|[;|()\n])"
    rf"|(?P<word>(?:'[^']*(?:'|\Z)|\"(?:\\.|[^\"\\])*(?:\"|\Z)|{_INNER}|\\.|>&|&>|[^\s'\"\\|&;()])+)",
    re.DOTALL,
)
_PIECE: Final = regex(rf"'([^']*)(?:'|\Z)|\"((?:\\.|[^\"\\])*)(?:\"|\Z)|({_INNER})|\\([^\n])|\\\n", re.DOTALL)
_WRAPPERS: Final = frozenset(
    "sudo env time nice nohup command exec builtin then do else if while until ! { eval".split()
)
_VALUED: Final = frozenset("-u -g -n -C".split())  # Options of wrappers that take a value.
_SHELLS: Final = frozenset("sh bash dash ash zsh".split())


class Command(NamedTuple):
    """One simple command. `before` and `after` are the operators around it ("" at the ends); `wrappers` stood before it
    (`sudo`, `exec`); `assigned` are its own variables; `target` is the file that its output is sent to."""

    words: tuple[str, ...]
    line: int
    before: str = ""
    after: str = ""
    wrappers: frozenset[str] = frozenset()
    assigned: tuple[str, ...] = ()
    target: str = ""

    @property
    def name(self) -> str:
        """The program, without its directory."""
        return self.words[0].rpartition("/")[2] if self.words else ""

    @property
    def text(self) -> str:
        """The words again."""
        return " ".join(self.words)

    def has(self, *options: str) -> bool:
        """Whether one of these options is given, `--name=value` too."""
        return any(word == option or word.startswith(option + "=") for word in self.words for option in options)

    def value(self, *options: str) -> str:
        """The value of an option: the next word or what follows its `=`."""
        for at, word in enumerate(self.words):
            for option in options:
                if word == option and at + 1 < len(self.words):
                    return self.words[at + 1]
                if word.startswith(option + "="):
                    return word[len(option) + 1 :]
        return ""


def commands(text: str, line: int = 1) -> list[Command]:
    """The commands of a script whose first line is `line`; those of `sh -c "..."` in place of the shell."""
    found: list[Command] = []
    words: list[tuple[str, int]] = []
    before = ""
    for part, at, is_operator in (*_tokens(text, line), ("", line, True)):
        if not is_operator:
            words.append((part, at))
            continue
        if words:
            command = _command(words, before, part)
            found += _inner(command) or ([command] if command.words else [])
            words = []
            before = part
        elif part != "\n":
            before = part
    return found


def _inner(command: Command) -> list[Command]:
    """What `sh -c` runs."""
    if command.name not in _SHELLS:
        return []
    for at, word in enumerate(command.words[1:], 1):
        if word.startswith("-") and word.endswith("c") and at + 1 < len(command.words):
            return commands(command.words[at + 1], command.line)
    return []


def _command(words: list[tuple[str, int]], before: str, after: str) -> Command:
    rest, wrappers, assigned, target = [word for word, _ in words], set(), [], ""
    while rest:
        name = rest[0].rpartition("/")[2]
        if name in _WRAPPERS:
            wrappers.add(rest.pop(0).rpartition("/")[2])
            while rest and wrappers & {"sudo", "env", "nice", "time"} and rest[0].startswith("-"):
                del rest[: 2 if rest[0] in _VALUED else 1]
        elif "=" in rest[0] and rest[0].partition("=")[0].replace("_", "a").isalnum() and rest[0][0] != "=":
            assigned.append(rest.pop(0))
        else:
            break
    line = words[min(len(words) - len(rest), len(words) - 1)][1]
    kept: list[str] = []
    at = 0
    while at < len(rest):
        word = rest[at]
        if word in (">", ">>", "1>") and at + 1 < len(rest):
            target, at = rest[at + 1], at + 1
        elif word.startswith(">") and len(word) > 1 and not word.startswith(">&"):
            target = word.lstrip(">|")
        else:
            kept.append(word)
        at += 1
    return Command(tuple(kept), line, before, after, frozenset(wrappers), tuple(assigned), target)


def _tokens(text: str, line: int) -> Iterator[tuple[str, int, bool]]:
    """Words and operators as (text, line, is operator)."""
    counted = 0
    for found in _TOKEN.finditer(text):
        if found["word"] or found["operator"]:
            line += text.count("\n", counted, found.start())
            counted = found.start()
            yield _bare(found["word"] or found["operator"]), line, not found["word"]


def _bare(word: str) -> str:
    """A word or an operator without quotes and backslashes."""
    if word == "\n":
        return word
    bare: str = _PIECE.sub(lambda found: found[1] or found[2] or found[3] or found[4] or "", word)
    return bare.replace("\\\n", "")
