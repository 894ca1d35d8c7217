"""Files mended as the child does it, for the tests of fixes."""

from typing import Any

from scanners import registry
from scanners.assemble import Looked, findings_of
from scanners.engine import Engine
from scanners.fixes.mending import mend
from scanners.fixes.request import Target
from scanners.paths import PathClass, classify
from scanners.scan import scan_files

ENGINE = Engine(registry.collectors())


def class_of(path: str) -> PathClass:
    """The class of a path that is one of Python."""
    found = classify(path)
    assert found is not None
    return found


def targets(source: bytes, path: str = "app.py", *rules: str) -> list[Target]:
    """The findings of these rules, or of all, in a file that is alone."""
    found = scan_files({path: source}).findings
    return [
        Target(finding.rule, finding.qualname, finding.anchor, finding.ordinal)
        for finding in found
        if finding.path == path and finding.rule in (rules or registry.rules())
    ]


def mended(source: str | bytes, *rules: str, path: str = "app.py") -> dict[str, Any]:
    """What the child says when it is asked to mend all findings of these rules."""
    raw = source.encode() if isinstance(source, str) else source
    return mend(ENGINE, raw, class_of(path), targets(raw, path, *rules))


def after(said: dict[str, Any]) -> bytes:
    """The mended bytes."""
    return str(said["after"]).encode("latin-1")


def found(source: bytes, rule: str, path: str = "app.py") -> int:
    """How many findings of a rule a file has by itself."""
    looked = Looked(path, class_of(path), ENGINE.answer(source, class_of(path)))
    return sum(finding.rule == rule for finding in findings_of(looked))
