"""All reads of variables of a commit: those of each file, and those through defs of other files."""

import posixpath
from collections.abc import Iterator
from typing import Any, Final

from scanners.semantics.config.ownreaders import Spelling
from scanners.semantics.config.settingsclasses import COMPUTED
from scanners.tree import Fact, Tree

_DEPTH: Final = 4
"""Classes of settings that follow one another."""


def all_reads(tree: Tree) -> list[Fact]:
    """The facts `env-read` of a commit, and those that come of calling an imported reader, by path and line."""
    found = [*tree.facts("env-read"), *_imported(tree), *_inherited(tree)]
    return sorted(found, key=lambda fact: (fact.path, fact.line))


def _inherited(tree: Tree) -> Iterator[Fact]:
    """The fields of classes whose base class of settings stands in another file."""
    classes = tree.facts("settings-class")
    known = {(fact["name"], fact.path): fact["prefix"] for fact in classes if not fact["base"]}
    waiting = [fact for fact in classes if fact["base"]] if known else []
    for _ in range(_DEPTH):
        for fact in list(waiting):
            module, _, name = fact["base"].rpartition(".")
            above = [key for key in known if key[0] == name]
            above = [key for key in above if _is_module(key[1], module, fact.path)] or above[: len(above) == 1]
            if above:
                waiting.remove(fact)
                known[fact["name"], fact.path] = prefix = known[above[0]] if fact["prefix"] is None else fact["prefix"]
                yield from _fields(fact, prefix)


def _fields(fact: Fact, prefix: str | None) -> Iterator[Fact]:
    inherited = prefix or "" if fact["prefix"] is None else ""
    for field in fact["fields"]:
        name = field["name"]
        if name and not field["aliased"]:
            name = "" if inherited == COMPUTED else f"{inherited}{name}".upper()
        yield Fact(fact.path, fact.path_class, {**field, "name": name, "text": ""})


def _imported(tree: Tree) -> Iterator[Fact]:
    readers: dict[str, list[Fact]] = {}
    for reader in tree.facts("env-reader"):
        readers.setdefault(reader["name"], []).append(reader)
    for call in tree.facts("env-call") if readers else ():
        module, _, name = call["called"].rpartition(".")
        known = [reader for reader in readers.get(name, ()) if not reader["method"]]
        own = [reader for reader in known if _is_module(reader.path, module, call.path)]
        if not own and len({reader.path for reader in known}) == 1:
            own = known  # One that a package hands on.
        for reader in _plain(own):
            fields = _read(call, reader)
            if fields is not None:
                yield Fact(call.path, call.path_class, fields)


def _plain(readers: list[Fact]) -> list[Fact]:
    """Without the second look for a file that holds the value (`NAME_FILE`)."""
    plain = [reader for reader in readers if not reader["spelling"][2]]
    return plain or readers


def _is_module(path: str, module: str, importer: str) -> bool:
    """Whether a file is the module that an import of another file names."""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    if module.startswith("."):
        ups = len(module) - len(module.lstrip(".")) - 1
        folder = posixpath.dirname(importer)
        for _ in range(ups):
            folder = posixpath.dirname(folder)
        return stem == posixpath.join(folder, *module.lstrip(".").split("."))
    wanted = module.replace(".", "/")
    return stem == wanted or stem.endswith(f"/{wanted}")


def _read(call: Fact, reader: Fact) -> dict[str, Any] | None:
    """The fields of a read, None where the call gives no name in the place where the reader takes it."""
    spelling = Spelling(*reader["spelling"])
    if call["position"] != reader["position"] and call["word"] != spelling.param:
        return None
    default = call["words"].get(reader["default_word"])
    if 0 <= reader["default_position"] < len(call["given"]):
        default = call["given"][reader["default_position"]]
    default = reader["default"] if default is None else default
    demanded = not reader["demand"] or call["words"].get(reader["demand"]) == "True"
    strict = reader["strict"] and demanded
    name = spelling.of(call["name"])
    checks = [call["validator"], f"{reader['name']}() refuses" if strict else ""]
    return {
        "line": call.line,
        "name": name,
        "text": call["text"],
        "form": "own",
        "default": default,
        "required": strict and not default,
        "type": call["type"] or reader["type"],
        "validator": ", ".join(check for check in checks if check),
        "feeds": call["feeds"],
    }
