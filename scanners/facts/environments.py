"""What the environments of conda hold."""

from typing import Final

from scanners.context import Context
from scanners.dependencies.requirements import normal
from scanners.regex import regex
from scanners.rule import CODE, Collector
from scanners.text import TextFile
from scanners.yamltree import Yaml

_PYTHON: Final = regex(r"(?:[\w./-]+::)?python\s*={1,2}\s*(\d+\.\d+(?:\.\d+)?)(?:\.\*)?(?:=|$)")
_NAME: Final = regex(r"(?:[\w./-]+::)?([A-Za-z0-9][\w.-]*)")

_TOLD: Final = ("channels:", "- python", "- pip:")
"""What tells an environment from a chart or a playbook that has dependencies, too."""


class Environments(Collector):
    """Fact `environment`: the names of the distributions that an environment of conda lists, for conda or for pip.
    Fact `runtime`: the Python that it names.
    """

    files = ("yaml",)
    classes = CODE

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if "dependencies:" not in text.text or not any(word in text.text for word in _TOLD):
            return
        names = {name for document in text.yaml for name in _names(document.get("dependencies"))}
        if names:
            ctx.fact("environment", 1, names=sorted(names))
        for listed in (each for document in text.yaml for each in document.get("dependencies").each()):
            if python := _PYTHON.match(listed.text):
                ctx.fact("runtime", listed.line, product="python", version=python[1], text=text.lines[listed.line - 1])


def _names(listed: Yaml) -> list[str]:
    """The names of a list of dependencies, and of the lists of other tools in it."""
    found = [match[1] for each in listed.each() if (match := _NAME.match(each.text)) is not None]
    found += [match[1] for each in listed.each() for one in each.get("pip").each() if (match := _NAME.match(one.text))]
    return [normal(name) for name in found]
