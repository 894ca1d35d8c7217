"""Every fix: its examples come out as written, and stay so; what it declines, it declines with the reason."""

import pytest

from scanners import registry
from scanners.fixes.fix import Change, Declined, Fix
from scanners.fixes.offered import fixes
from scanners.paths import classify
from tests.scanners.fixes.mended import after, mended, targets

CHANGES = [(fix, change) for fix in fixes().values() for change in fix.examples]
DECLINED = [(fix, declined) for fix in fixes().values() for declined in fix.declined]
BAD = [
    pytest.param(fix, path, source, id=f"{fix.rule}-{example.title}-{path}")
    for fix in fixes().values()
    for example in registry.rules()[fix.rule].bad
    for path, source in example.files.items()
    if (kind := classify(path)) is not None and kind.kind == "python"
]


def _name(value: object) -> str:
    return (
        value.rule if isinstance(value, Fix) else value.title if isinstance(value, (Change, Declined)) else str(value)
    )


@pytest.mark.parametrize(("fix", "change"), CHANGES, ids=_name)
def test_an_example_is_mended_as_it_says(fix: Fix, change: Change) -> None:
    said = mended(change.before, fix.rule, path=change.path)
    assert after(said).decode() == change.after, said["refused"]
    assert said["fixed"]


@pytest.mark.parametrize(("fix", "change"), CHANGES, ids=_name)
def test_a_second_run_changes_nothing(fix: Fix, change: Change) -> None:
    again = mended(change.after, fix.rule, path=change.path)
    assert after(again).decode() == change.after


@pytest.mark.parametrize(("fix", "declined"), DECLINED, ids=_name)
def test_what_is_declined_is_told_why(fix: Fix, declined: Declined) -> None:
    assert targets(declined.source.encode(), declined.path, fix.rule), "the rule reports nothing here"
    said = mended(declined.source, fix.rule, path=declined.path)
    assert after(said).decode() == declined.source
    assert all(declined.why in refused["why"] for refused in said["refused"]), said["refused"]


@pytest.mark.parametrize(("fix", "path", "source"), BAD)
def test_bad_examples_of_the_rule_are_mended_or_told_why(fix: Fix, path: str, source: str) -> None:
    wanted = targets(source.encode(), path, fix.rule)
    said = mended(source, fix.rule, path=path)
    assert len(said["fixed"]) + len(said["refused"]) == len(wanted)
    assert all(refused["why"].endswith(".") for refused in said["refused"])
