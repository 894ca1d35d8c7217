"""What a scan is made by, for those who have to install the same to make it again."""

import platform
from functools import cache
from importlib import metadata
from typing import Final

_ASIDE: Final = ("packaging", "pyyaml")
"""The libraries that read what the engine does not read itself; the digest of the rule set covers their versions."""


@cache
def made_by() -> str:
    """Plimsoll, Python and the libraries, with their versions."""
    libraries = " and ".join(f"{name} {metadata.version(name)}" for name in _ASIDE)
    return f"Plimsoll {metadata.version('plimsoll')} on Python {platform.python_version()} with {libraries}"
