"""Regular expressions that are compiled when first used.

The rules hold some seven hundred, of which one repository needs a sixth: compiling them all is half of what it takes to
start a child.
"""

import re
from typing import Any, AnyStr, cast

_ASKED = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn", "pattern", "flags", "groups")


class Lazy:
    """Stands for a compiled expression. After the first use its methods are those of the compiled one."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._given: tuple[Any, int] = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name not in _ASKED:
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        self.__dict__.update({asked: getattr(compiled, asked) for asked in _ASKED})
        return getattr(compiled, name)


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, but a wrong one raises re.error when it is first used. A test uses every one."""
    return cast(re.Pattern[AnyStr], Lazy(text, flags))
