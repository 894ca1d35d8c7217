"""Ranges of versions and markers: what they allow, and whether two of them say the same."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_LINUX: Final = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_release": "6.1.0",
    "platform_version": "1",
}
"""All that a marker may ask for, so that no answer depends on the machine that gives it."""


def allows(specifier: str, version: str) -> bool | None:
    """Whether a range allows a version, None when either cannot be read."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return None


def same_range(one: str, other: str) -> bool:
    """Whether two ranges say the same, in any order and spacing."""
    try:
        return SpecifierSet(one) == SpecifierSet(other)
    except InvalidSpecifier:
        return one.replace(" ", "") == other.replace(" ", "")


def order(version: str) -> tuple[bool, Version, str]:
    """What to sort versions by: those that cannot be read stand first."""
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version


def installable(markers: Iterable[str]) -> bool:
    """Whether one of these markers can hold on a Linux server with some Python 3 of today; true for none."""
    listed = list(markers)
    if not listed or any("extra" in marker or "dependency_groups" in marker for marker in listed):
        return True  # What is asked for with an extra is another question.
    return any(_holds(marker, minor) for marker in listed for minor in range(9, 16))


@lru_cache(maxsize=4096)
def _holds(marker: str, minor: int) -> bool:
    full = f"3.{minor}.0"
    python = {"python_version": f"3.{minor}", "python_full_version": full, "implementation_version": full}
    try:
        return Marker(marker).evaluate({**_LINUX, **python})
    except (InvalidMarker, InvalidVersion, UndefinedEnvironmentName, UndefinedComparison, RecursionError):
        return True
