"""Finds every rule and every collector of facts by walking their packages, and refuses bad ones at once."""

import hashlib
import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

import scanners.facts
import scanners.rules
from scanners.rule import AREAS, Collector, Rule

_NO_MATTER = ("git/", "report/", "fixes/", "gate/", "replay/", "__main__", "folder", "pool")  # They change no answer.
_LIBRARIES = ("packaging", "PyYAML")  # What answers depend on beside Python itself.
_TEXTS = ("id", "area", "item", "title", "severity", "effort", "fix", "bad", "good")


class BadRuleError(Exception):
    """A rule that cannot be registered, with what to mend."""


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id, in order of area and id. Raises BadRuleError for one that is incomplete or named twice."""
    found: dict[str, Rule] = {}
    for module in _modules(scanners.rules):
        for kind in _defined(module, Rule):
            rule = kind()
            refuse(rule, module.__name__, found)
            found[rule.id] = rule
    return dict(sorted(found.items(), key=lambda entry: (AREAS.index(entry[1].area), entry[0])))


@cache
def collectors() -> tuple[Collector, ...]:
    """Everything that takes part in the walk: all rules and all collectors of facts."""
    facts = [kind() for module in _modules(scanners.facts) for kind in _defined(module, Collector)]
    return (*facts, *rules().values())


@cache
def digest() -> str:
    """What identifies the rule set: the text of the engine and its rules, and the versions of what they parse with.

    Two installations with the same digest give the same answer for the same bytes.
    """
    return digest_of(Path(__file__).parent, [str(sys.version_info[:2]), *map(_version, _LIBRARIES)])


def digest_of(root: Path, versions: Sequence[str]) -> str:
    """The same of the code below a folder, with the versions of what answers depend on."""
    total = hashlib.sha256("\0".join(versions).encode())
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.toml")]):
        name = path.relative_to(root).as_posix()
        if not name.startswith(_NO_MATTER):
            raw = path.read_bytes()
            total.update(f"{name}\0{len(raw)}\0".encode() + raw)
    return total.hexdigest()[:16]


def _version(library: str) -> str:
    return f"{library} {metadata.version(library)}"


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(info.name)


def _defined(module: ModuleType, base: type[Collector]) -> Iterator[type]:
    for value in vars(module).values():
        public = isinstance(value, type) and value.__module__ == module.__name__ and not value.__name__.startswith("_")
        if public and issubclass(value, base):
            yield value


def refuse(rule: Rule, module: str, known: Mapping[str, Rule]) -> None:
    """Raise BadRuleError unless the rule is whole, at home in its module, and alone with its id."""
    name = f"{module}.{type(rule).__name__}"
    missing = [text for text in _TEXTS if not getattr(rule, text, None)]
    if missing:
        raise BadRuleError(f"{name} has no {', '.join(missing)}. A rule holds its docs and examples: add them.")
    if rule.id in known:
        raise BadRuleError(f"{name} takes the id {rule.id}, which another rule has. Choose its own.")
    if module.split(".")[-2:] != [rule.area, rule.id.replace("-", "_")]:
        raise BadRuleError(
            f"{name} has the area {rule.area} and the id {rule.id}, so it belongs in "
            f"rules/{rule.area}/{rule.id.replace('-', '_')}.py."
        )
    if rule.area not in AREAS or not rule.why or not rule.scope:
        raise BadRuleError(f"{name} needs a known area and a docstring of two parts: why, and what is looked at.")
