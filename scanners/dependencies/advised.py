"""What published faults of one version come to, in words and in weight."""

from collections.abc import Sequence

from scanners.advisories import Advisory
from scanners.dependencies.ranges import order
from scanners.finding import Severity


def weight(found: Sequence[Advisory], aside: bool) -> Severity:
    """The gravest of some faults: high where a record does not say. `aside`: only tools need the package."""
    if any(advisory.malicious for advisory in found):
        return Severity.CRITICAL
    gravest = max((Severity(advisory.severity or "high") for advisory in found), key=list(Severity).index)
    return gravest.lowered if aside else gravest


def told(found: Sequence[Advisory]) -> str:
    """What is known of a version: its faults by their usual names, and where they end."""
    names = [next((name for name in sorted(one.names) if name.startswith("CVE-")), one.id) for one in found]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if any(advisory.malicious for advisory in found):
        return f"is known malware: {shown}"
    fixed = [advisory.fixed for advisory in found]
    end = (
        f"fixed in {_latest(fixed)}"
        if all(fixed)
        else "not all of them fixed in any version"
        if len(found) > 1
        else "no version fixes it"
    )
    what = "a published fault" if len(found) == 1 else f"{len(found)} published faults"
    return f"has {what}: {shown}; {end}"


def _latest(versions: list[str]) -> str:
    return max(versions, key=order)
