"""Where the forms of a Django project are used."""

from typing import Final

from scanners.context import Context
from scanners.regex import regex
from scanners.rule import CODE, Collector

_NAMES: Final = regex(r"(?<!class )(?<!super\()\b[A-Z]\w*Form\w*")


class FormUses(Collector):
    """Fact `form-uses`: the names of forms that a module of a Django project mentions; a definition is no mention."""

    classes = CODE

    def visit_module(self, ctx: Context) -> None:
        """Record the names."""
        if "Form" in ctx.source and ctx.imports("django"):
            ctx.fact("form-uses", 1, names=sorted(set(_NAMES.findall(ctx.source))))
