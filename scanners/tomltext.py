"""TOML of strangers, read within a limit that no real file comes near."""

import tomllib
from typing import Any, Final

MOST_DOTS: Final = 1000
"""On one line: a key of so many parts makes as many tables inside each other, for each of which the way is kept."""


def loads(text: str) -> dict[str, Any]:
    """As `tomllib.loads`. Raises TOMLDecodeError, also for keys of too many parts and for values nested too deeply."""
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise tomllib.TOMLDecodeError(f"a line with more than {MOST_DOTS:,} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("nested too deeply") from error
