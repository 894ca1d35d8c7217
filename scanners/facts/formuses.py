"""Where the forms of a Django project are used."""

from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.regex import regex
from scanners.rule import CODE, Collector

_FORM: Final = regex(r"Form\w*")  # A pattern that starts with a fixed text is found many times faster.
_DEFINES: Final = ("class ", "super(")


class FormUses(Collector):
    """Fact `form-uses`: the names of forms that a module of a Django project mentions; a definition is no mention."""

    classes = CODE

    def visit_module(self, ctx: Context) -> None:
        """Record the names."""
        if "Form" in ctx.source and ctx.imports("django"):
            ctx.fact("form-uses", 1, names=sorted(set(_mentioned(ctx.source))))


def _mentioned(source: str) -> Iterator[str]:
    """Every word that starts with a capital and holds `Form` further on."""
    for match in _FORM.finditer(source):
        start = match.start()
        while start and (source[start - 1].isalnum() or source[start - 1] == "_"):
            start -= 1
        word = source[start : match.end()]
        if "A" <= word[0] <= "Z" and "Form" in word[1:] and not source.endswith(_DEFINES, 0, start):
            yield word
