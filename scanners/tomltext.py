"""TOML of strangers, read within a limit that no real file comes near."""

import tomllib
from typing import Any, Final

from scanners.regex import regex

_MOST_PARTS: Final = 100
"""Of a key: it makes as many tables inside each other, for each of which the way is kept."""
_PART: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY: Final = regex(rf"(?<![\w-])(?:{_PART}){{{_MOST_PARTS}}}")


def loads(text: str) -> dict[str, Any]:
    """As `tomllib.loads`. Raises TOMLDecodeError also for what is too long or nested too deeply to be read."""
    if any(line.count(".") >= _MOST_PARTS and _LONG_KEY.search(line) for line in text.split("\n")):
        raise tomllib.TOMLDecodeError(f"a key of more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("nested too deeply") from error
    except ValueError as error:
        raise tomllib.TOMLDecodeError(str(error)) from error
