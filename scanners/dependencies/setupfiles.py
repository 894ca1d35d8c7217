"""What a setup.cfg requires."""

import configparser
from collections.abc import Iterator
from typing import Final

from scanners.dependencies.requirements import Requirement, group_of, line_of, requirement
from scanners.regex import regex

_PARTS: Final = regex(r";(?!\s*+(?:python_|sys_|os_|platform_|extra\b|implementation_))")
"""What stands between the requirements of a list on one line: another semicolon begins a marker."""


def setup_cfg(text: str) -> Iterator[Requirement]:
    """The requirements of a setup.cfg."""
    parser = read_cfg(text)
    if parser is None:
        return
    listed = [("", parser.get("options", "install_requires", fallback=""))]
    listed += [("dev", parser.get("options", name, fallback="")) for name in ("tests_require", "setup_requires")]
    if parser.has_section("options.extras_require"):
        listed += [(group_of(name), items) for name, items in parser.items("options.extras_require")]
    for group, items in listed:
        for item in items.split("\n") if "\n" in items else _PARTS.split(items):
            found = requirement(item, line_of(text, item.strip()), group) if item.strip() else None
            if found is not None:
                yield found


def read_cfg(text: str) -> configparser.ConfigParser | None:
    """A setup.cfg in sections, None for what is no such file."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return parser


def includes(text: str) -> list[tuple[str, str]]:
    """The files that a setup.cfg reads requirements from (`file: requirements.txt`), each with the group it fills."""
    parser = read_cfg(text)
    if parser is None:
        return []
    listed = [("", parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += [(group_of(name), items) for name, items in parser.items("options.extras_require")]
    return [
        (name.strip(), group)
        for group, items in listed
        if items.strip().startswith("file:")
        for name in items.partition("file:")[2].split(",")
    ]
