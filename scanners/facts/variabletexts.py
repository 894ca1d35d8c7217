"""Where variables are written down, set and used outside of Python: examples, documents, images, compose, shells."""

from collections.abc import Iterator
from typing import Final

from scanners import dockerfile
from scanners.context import Context
from scanners.facts.versions import store_of
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.config.defaults import shown
from scanners.semantics.environment.images import parse
from scanners.text import TextFile
from scanners.yamltree import Yaml

_NAME: Final = regex(r"\b[A-Z][A-Z0-9_]{2,}\b")
_EXAMPLE: Final = regex(r"^\s*(?:export\s+)?([A-Za-z_]\w+)\s*=")
_USED: Final = regex(r"\$\{?([A-Za-z_]\w*)")
_VARIABLE: Final = regex(r"^[A-Za-z_]\w*$")


class DocumentedVariables(Collector):
    """Fact `env-words`: the words in capitals of a document, a configuration file, a manifest or an example."""

    files = ("env-example", "compose", "manifest", "docs", "dockerfile", "config-file", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Note each word once; of an example also where it is set."""
        ctx.fact(
            "env-words",
            1,
            words=sorted(set(_NAME.findall(text.text.upper() if text.kind == "env-example" else text.text))),
        )
        if text.kind == "env-example":
            for number, line in enumerate(text.lines, 1):
                match = _EXAMPLE.match(line)
                if match:
                    ctx.fact("env-example", number, name=match[1].upper(), text=line.strip()[:160])


class GivenVariables(Collector):
    """Fact `env-given`: a variable that an image, a compose service or a manifest sets for the program.

    `value` is "" where it comes from elsewhere; `built` says whether the service is built from the repository.
    Fact `env-used`: the variables that a shell script, a compose file or an image reads by `$NAME`.
    """

    files = ("compose", "dockerfile", "manifest", "shell", "procfile", "recipe")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Note what is set and what is used."""
        if "$" in text.text:
            used = sorted(set(_USED.findall(text.text)))
            if used:
                ctx.fact("env-used", 1, names=used)
        if text.kind == "compose" and "environment" in text.text:
            _compose(text, ctx)
        elif text.kind == "dockerfile":
            _image(text, ctx)
        elif text.kind == "manifest" and "env:" in text.text:
            _manifest(text, ctx)


def _compose(text: TextFile, ctx: Context) -> None:
    for document in text.yaml:
        for key, service in document.get("services").pairs():
            image = service.get("image").text
            built = bool(service.get("build"))
            if not built and (not image or "/" not in parse(image).name or store_of(image)[0]):
                continue  # Its variables are those of somebody else's image.
            for name, value, line in _pairs(service.get("environment")):
                _given(name, value, line, f"compose service {key.text}", built, ctx)


def _pairs(node: Yaml) -> Iterator[tuple[str, str, int]]:
    if node.is_map:
        yield from ((key.text, given.text, key.line) for key, given in node.pairs())
        return
    for item in node.each():
        name, _, value = item.text.partition("=")
        yield name, value, item.line


def _image(text: TextFile, ctx: Context) -> None:
    final = text.dockerfile.final
    stages = text.dockerfile.line_of(final) if final is not None else []
    for stage in stages:
        for entry in stage.instructions:
            if entry.name == "ENV":
                for name, value in dockerfile.environment([entry]).items():
                    _given(name, value, entry.line, "image", True, ctx)


def _manifest(text: TextFile, ctx: Context) -> None:
    for document in text.yaml:
        outer = document.get("spec", "jobTemplate", "spec") or document.get("spec")
        pod = outer.get("template", "spec") or outer
        for container in pod.get("containers").each():
            image = container.get("image").text
            if "/" not in parse(image).name or store_of(image)[0]:
                continue
            for item in container.get("env").each():
                name = item.get("name")
                _given(name.text, item.get("value").text, name.line, "manifest", False, ctx)


def _given(name: str, value: str, line: int, where: str, built: bool, ctx: Context) -> None:
    if _VARIABLE.match(name):
        kept = "" if "$" in value else shown(name, value)
        ctx.fact("env-given", line, name=name, value=kept, where=where, built=built)
