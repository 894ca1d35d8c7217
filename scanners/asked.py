"""A text that is asked again and again which words it holds: each word is looked for once."""


class Asked(str):
    """The text of a file. Rules ask it at every call, def or try, so a search for each would be quadratic."""

    __slots__ = ("_told",)
    _told: dict[str, bool]

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
