from collections.abc import Iterator

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.images import movement, parse
from scanners.text import TextFile
from scanners.yamltree import Yaml

_INLINE = "sha256:" + "0123456789abcdef" * 4


class ImageTagMoving(Rule):
    """
    A tag is a pointer that its owner moves. The image that was tested and the image that is deployed tomorrow are then two,
    and nothing in the commit says so.

    Looks at what the stages of a Dockerfile start from and copy from, and at the images of compose services and of
    Kubernetes containers. No tag, or one that moves with each release (`latest`, `stable`), is the fault; a major version,
    or any tag without a digest, weighs less. Earlier stages, `scratch` and images that the compose file itself builds
    are left out; what an ARG without default, a variable or a template decides is unresolved.
    """

    id = "image-tag-moving"
    area = "environment"
    item = "V2"
    title = "Image by a tag that moves"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Name the full version and its digest: `python:3.13.1-slim@sha256:...`; let a bot raise both."
    files = ("dockerfile", "compose", "manifest", "yaml")
    bad = [
        Example(
            "base images",
            {
                "Dockerfile": "ARG TAG=latest\nFROM node AS web\nFROM python:${TAG}\n"
                "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/\nCOPY --from=web /dist /app\n"
            },
            at=[("Dockerfile", 2), ("Dockerfile", 3), ("Dockerfile", 4)],
        ),
        Example(
            "a major version, a version without digest",
            {"Dockerfile": "FROM python:3-slim AS build\nFROM python:3.13.1-slim\n"},
            at=[("Dockerfile", 1), ("Dockerfile", 2)],
        ),
        Example(
            "compose",
            {
                "docker-compose.yml": "services:\n  proxy:\n    image: traefik\n  cache:\n    image: redis:${TAG:-latest}\n"
            },
            at=[("docker-compose.yml", 3), ("docker-compose.yml", 5)],
        ),
        Example(
            "manifest",
            {
                "k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
                "        - name: web\n          image: registry.shop.io:5000/web:latest\n"
            },
            at=[("k8s/web.yaml", 8)],
        ),
    ]
    good = [
        Example(
            "digests, stages, scratch",
            {
                "Dockerfile": f"FROM python:3.13@{_INLINE} AS base\nFROM base AS build\nFROM scratch\nCOPY --from=build /x /x\n"
            },
        ),
        Example("a variable decides", {"Dockerfile": "ARG TAG\nFROM python:${TAG}\nFROM registry/$NAME\n"}),
        Example(
            "built here",
            {
                "compose.yaml": "services:\n  web:\n    build: .\n    image: shop:local\n  worker:\n    image: shop:local\n"
                "  other:\n    image: shop:${TAG}\n"
            },
        ),
        Example(
            "a chart",
            {
                "charts/web/templates/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n"
                '      containers:\n        - name: web\n          image: "{{ .Values.image }}:{{ .Values.tag }}"\n'
            },
        ),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if text.kind == "dockerfile":
            found = _of_dockerfile(text)
        elif text.kind == "compose":
            found = _of_compose(text)
        elif "apiVersion:" not in text.text:
            return
        else:
            found = ((image.line, image.text) for document in text.yaml for image in _of_pods(document, 12))
        for line, reference in found:
            image = parse(reference)
            if not image.known:
                ctx.unresolved(line, "A variable or a template decides the image.")
                continue
            ctx.site(line)
            why, surely = movement(image)
            if why:
                low = not surely or text.role in ("dev", "test")
                sure = Confidence.HIGH if surely or "major" in why else Confidence.MEDIUM
                ctx.report(line, why + ".", severity=Severity.LOW if low else None, confidence=sure)


def _of_dockerfile(text: TextFile) -> Iterator[tuple[int, str]]:
    parsed = text.dockerfile
    named = {stage.name.lower() for stage in parsed.stages if stage.name}
    for stage in parsed.stages:
        if stage.image.lower() not in named | {"scratch", ""}:
            yield stage.line, stage.image
        for copy in stage.all("COPY"):
            source = copy.flag("from")
            if source and source.lower() not in named and not source.isdigit() and ("/" in source or ":" in source):
                yield copy.line, source


def _of_compose(text: TextFile) -> Iterator[tuple[int, str]]:
    services = [service for document in text.yaml for _, service in document.get("services").items()]
    built = {service.get("image").text for service in services if service.get("build")}
    for service in services:
        image = service.get("image")
        if image.text and not service.get("build") and image.text not in built:
            yield image.line, image.text


def _of_pods(node: Yaml, depth: int) -> Iterator[Yaml]:
    """The images of all containers below a node."""
    for key, value in node.items():
        if key in ("containers", "initContainers"):
            yield from (item.get("image") for item in value.each() if item.get("image").text)
        elif depth:
            yield from _of_pods(value, depth - 1)
    for item in node.each() if depth else ():
        yield from _of_pods(item, depth - 1)
