"""What curl and wget fetch: whether it is kept, run as it comes, or checked."""

import re
from collections.abc import Iterator
from typing import Final

from scanners.regex import regex
from scanners.semantics.environment.shell import Command

_FETCHERS: Final = frozenset({"curl", "wget"})


_INTERPRETERS: Final = frozenset(
    "sh bash dash ash zsh python python3 perl ruby node php pwsh iex sudo source .".split()
)


_UNPACKERS: Final = frozenset("tar bsdtar unzip dpkg cpio gunzip gzip zcat xz bunzip2 install tee rpm".split())


CHECKS: Final = regex(
    r"\b(sha\d+sum|shasum|b2sum|md5sum|b3sum|cksum)\b|\bgpgv?\b.*(--verify|--dearmor|--import)|\bgpgv\b|--checksum|\bcosign\b|"
    r"\bminisign\b|\bopenssl\s+(dgst|sha)|\bsignify\b|\bslsa-verifier\b|\bgh\s+attestation\b|\brpm\s+(-K|--checksig|--import)|\bapt-key\b"
)


KEY: Final = regex(
    r"\.(asc|gpg|key|pub|pgp|sha\d+|sha\d+sum|sig|minisig|list|repo|txt|json)(\?|$)|/keys?/|gpg|apt-key|keyring|SHASUM|sha256"
)


_LOCAL: Final = regex(r"^(https?://)?(localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker|169\.254\.)")


_PIPED: Final = regex(r"[$<]\(\s*(?:curl|wget)\b")


def fetches(found: list[Command]) -> Iterator[tuple[Command, bool]]:
    """The commands that fetch a file to keep or to run, and whether it is run as it comes."""
    for at, command in enumerate(found):
        if _PIPED.search(command.text) and (command.name in _INTERPRETERS or command.words[0].startswith("$(")):
            yield command, True
        if command.name not in _FETCHERS or _is_local(command):
            continue
        after = _sinks(found, at)
        if any(sink.name in _INTERPRETERS for sink in after):
            yield command, True
        elif not any(CHECKS.search(sink.text) for sink in after) and not _is_key(command) and _keeps(command, after):
            yield command, False


def _sinks(found: list[Command], at: int) -> list[Command]:
    """What a command is piped into, one after the other."""
    sinks = []
    while found[at].after == "|" and at + 1 < len(found):
        at += 1
        sinks.append(found[at])
    return sinks


def _keeps(command: Command, sinks: list[Command]) -> bool:
    """Whether what is fetched becomes a file."""
    target = command.target or command.value("-o", "--output", "--output-document")
    if target == "/dev/null" or command.has("--spider", "-X", "--request", "-I", "--head", "-d", "--data"):
        return False
    if sinks:
        return any(sink.name in _UNPACKERS or sink.target for sink in sinks)
    if command.name == "wget":
        return not any(
            re.match(r"^-[a-zA-Z]*O-?$", word) and "-" in (*command.words[at + 1 : at + 2], word[-1:])
            for at, word in enumerate(command.words)
        ) and any("://" in word for word in command.words)
    short = any(re.match(r"^-[a-zA-Z]*[oOJ]", word) and not word.startswith("--") for word in command.words)
    return short or bool(target) or command.has("--remote-name", "--output-dir", "--remote-name-all")


def _is_key(command: Command) -> bool:
    return any(KEY.search(word) for word in (*command.words, command.target) if "://" in word or word == command.target)


def _is_local(command: Command) -> bool:
    return any(_LOCAL.match(word) for word in command.words)
