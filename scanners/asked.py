"""A text that is asked again and again what it holds: each word, and each expression, is looked for once."""

import re


class Asked(str):
    """The text of a file. Rules ask it at every call, def or try, so a search for each would be quadratic."""

    __slots__ = ("_told",)
    _told: dict[str | re.Pattern[str], bool]

    def __new__(cls, text: str) -> "Asked":
        """The same text, with nothing asked yet."""
        made = super().__new__(cls, text)
        made._told = {}
        return made

    def __contains__(self, word: str) -> bool:  # type: ignore[override] # `str` asks for text as well.
        told = self._told.get(word)
        if told is None:
            told = self._told[word] = str.__contains__(self, word)
        return told

    def finds(self, expression: re.Pattern[str]) -> bool:
        """Whether an expression matches anywhere. Meant for those that stand at the top of a module: it is kept."""
        told = self._told.get(expression)
        if told is None:
            told = self._told[expression] = expression.search(self) is not None
        return told
