"""Finds every fix by walking this package, and refuses bad ones at once."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import scanners.fixes
from scanners import registry
from scanners.fixes.fix import Fix

_TEXTS = ("says", "examples", "about")


class BadFixError(Exception):
    """A fix that cannot be offered, with what to mend."""


@cache
def fixes() -> Mapping[str, Fix]:
    """Every fix by the id of its rule, in the order of rules. Raises BadFixError for one that is not whole."""
    found: dict[str, Fix] = {}
    for info in pkgutil.walk_packages(scanners.fixes.__path__, f"{scanners.fixes.__name__}."):
        if info.name.count(".") == 3:  # scanners.fixes.<area>.<rule>
            module = importlib.import_module(info.name)
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, Fix) and kind.__module__ == info.name:
                    _refuse(kind(), info.name, found)
                    found[kind.rule] = kind()
    return {rule: found[rule] for rule in registry.rules() if rule in found}


def _refuse(fix: Fix, module: str, known: Mapping[str, Fix]) -> None:
    rule = registry.rules().get(fix.rule)
    if rule is None:
        raise BadFixError(f"{module} mends {fix.rule}, which is no rule. Name a rule by its id.")
    missing = [text for text in _TEXTS if not getattr(fix, text, None)]
    if missing:
        raise BadFixError(f"{module} has no {', '.join(missing)}. A fix holds its docs and examples: add them.")
    if fix.rule in known or module.split(".")[2:] != [rule.area, fix.rule.replace("-", "_")]:
        raise BadFixError(f"The one fix of {fix.rule} belongs in fixes/{rule.area}/{fix.rule.replace('-', '_')}.py.")
