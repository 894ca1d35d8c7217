"""Ports that lead to a process: those that code binds itself, and the Kubernetes services in front of containers."""

from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.rule import Collector
from scanners.text import TextFile
from scanners.yamltree import Yaml

_SERVES: Final[dict[str, tuple[int, str]]] = {
    "uvicorn.run": (2, "8000"),
    "aiohttp.web.run_app": (9, "8080"),
    "waitress.serve": (9, "8080"),
    "flask.Flask.run": (1, "5000"),
    "sanic.Sanic.run": (1, "8000"),
    "quart.Quart.run": (1, "5000"),
    "bottle.run": (9, "8080"),
}
"""Calls that serve: at which position they take the port (9: by name alone), and the port that they bind untold."""


class BoundPorts(Collector):
    """Fact `code-bind`: the port that a file listens on itself, "" where it is computed."""

    calls = tuple(_SERVES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Record the port."""
        position, default = _SERVES[call.dotted]
        given = call.keyword("port") if position == 9 else call.argument(position, "port")
        value = fold(given, call.scope) if given is not None else "" if call.unpacks else default
        ctx.fact("code-bind", call, port=str(value) if str(value).isdigit() else "")


class Doors(Collector):
    """Fact `door`: a port that a Kubernetes service leads to, with the labels that it looks for.
    Fact `behind-door`: the labels of a workload and the ports of its containers, by number and name.
    """

    files = ("manifest", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record what is in front, and what is behind."""
        if "apiVersion:" not in text.text:
            return
        for document in text.yaml:
            spec = document.get("spec")
            if document.get("kind").text == "Service":
                _door(spec, ctx)
            elif spec.get("template", "spec", "containers"):
                _behind(spec.get("template"), ctx)


def _door(spec: Yaml, ctx: Context) -> None:
    selector = _texts(spec.get("selector"))
    for item in spec.get("ports").each():
        target = item.get("targetPort") or item.get("port")
        if selector and target.text:
            ctx.fact("door", target.line, target=target.text, selector=selector)


def _behind(template: Yaml, ctx: Context) -> None:
    ports = [port for container in template.get("spec", "containers").each() for port in container.get("ports").each()]
    labels = _texts(template.get("metadata", "labels"))
    if labels:
        found: list[Any] = [port.get(name).text for port in ports for name in ("containerPort", "name")]
        ctx.fact("behind-door", template.line, labels=labels, ports=[text for text in found if text])


class Replicas(Collector):
    """Fact `replicas`: how many of a service run at once, by a compose file, a workload or an autoscaler."""

    files = ("compose", "manifest", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record each number."""
        if "eplicas" not in text.text:
            return
        for document in text.yaml:
            for key, service in document.get("services").pairs():
                _replicas(key.text, service.get("deploy", "replicas"), ctx)
            spec, name = document.get("spec"), document.get("metadata", "name").text
            least, most = spec.get("minReplicas"), spec.get("maxReplicas")
            if document.get("kind").text == "HorizontalPodAutoscaler" and most.text:
                target = spec.get("scaleTargetRef", "name").text or name
                ctx.fact("replicas", most.line, name=target, count=f"{least.text or 1} to {most.text}")
            elif document.get("apiVersion"):
                _replicas(name, spec.get("replicas"), ctx)


def _replicas(name: str, count: Yaml, ctx: Context) -> None:
    if count.text.isdigit():
        ctx.fact("replicas", count.line, name=name, count=count.text)


def _texts(node: Yaml) -> dict[str, str]:
    return {key: value.text for key, value in node.items()} if node.is_map else {}
