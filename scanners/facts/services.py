"""What is deployed: the images that Dockerfiles ship, and the services of compose files and Kubernetes manifests."""

import re
from typing import Any, Final

from scanners import dockerfile
from scanners.context import Context
from scanners.dockerfile import Instruction, Stage
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.environment.servers import HOSTS
from scanners.text import TextFile
from scanners.yamltree import TEMPLATED, Yaml

_LOOPS: Final = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Rollout", "Pod"}
)
_ENDING: Final = frozenset({"Job", "CronJob"})
_DROPS: Final = regex(
    r"\b(gosu|su-exec|setpriv|runuser|chroot\s+--userspec|s6-setuidgid|s6-applyuidgid|capsh|dumb-init\s+.*su|supervisord?|"
    r"start-stop-daemon)\b|\bsu\s+(-\s+)?\w+\s+.*-c\b|\bsudo\s+-\w*u"
)
_AS_USER: Final = regex(
    r"^(?!.*\b(?:useradd|adduser|usermod|groupadd|addgroup|pip[\d.]*)\b).*"
    r"\s--(?:user|uid|setuid)[= ]'?(?!root\b|0\b)\S",
    re.MULTILINE,
)
_DEV_PATH: Final = regex(r"dev|test|debug|local|override|ci\b|e2e|bench|example|demo|playwright", re.IGNORECASE)
_KEPT: Final = HOSTS | {"PYTHONUTF8"}
_DEV_NAME: Final = regex(r"(^|_)ENV(IRONMENT)?$")
_DEV_VALUE: Final = regex(r"dev(elopment)?|local", re.IGNORECASE)
_SOURCE_MOUNT: Final = regex(
    r"^(\.{1,2}/?|\.{1,2}/(src|app|backend|api|code|server|web|frontend)[\w/-]*|\$\{?PWD\}?/?[\w/.-]*):"
)
PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


class Images(Collector):
    """Fact `image`: what a Dockerfile ships. Fact `drops-rights`: a script that goes on as another user."""

    files = ("dockerfile", "shell")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the last stage with what counts in it."""
        if text.kind == "shell":
            if _DROPS.search(text.text) or _AS_USER.search(text.text):
                ctx.fact("drops-rights", 1)
            return
        parsed = text.dockerfile
        if parsed.final is None:
            return
        line_of = parsed.line_of(parsed.final)
        base = parsed.base(parsed.final)
        whole = [entry for stage in reversed(line_of) for entry in stage.instructions]
        env = dockerfile.environment(whole)
        user = _last(line_of, "USER")
        probe = _last(line_of, "HEALTHCHECK")
        ctx.fact(
            "image",
            parsed.final.line,
            base=dockerfile.filled(base, env),
            stage=parsed.final.name,
            dev=text.role in ("dev", "test") or any(stage.is_dev for stage in line_of[:1]),
            user=dockerfile.filled(user.value.split()[0], env) if user and user.value else "",
            user_line=user.line if user else 0,
            cmd=_command(_last(line_of, "CMD")),
            entrypoint=_command(_last(line_of, "ENTRYPOINT")),
            probe=probe.value if probe else "",
            probe_line=probe.line if probe else 0,
            **_exposed(whole, parsed.final),
            env={
                key: value
                for key, value in env.items()
                if key in ("PORT", "WEB_CONCURRENCY", "UVICORN_PORT") or key in _KEPT
            },
            drops=any(
                _DROPS.search(entry.script) or (entry.name != "RUN" and _AS_USER.search(entry.script))
                for entry in whole
                if entry.name in ("CMD", "ENTRYPOINT", "RUN")
            ),
            text=text.lines[parsed.final.line - 1].strip()[:160],
        )


def _exposed(whole: list[Instruction], final: Stage) -> dict[str, Any]:
    """The ports that an image says it listens on, and the line of the last stage on which it does, 0 for none."""
    ports = [port for entry in whole if entry.name == "EXPOSE" for port in entry.value.split()]
    return {"ports": ports, "ports_line": max((entry.line for entry in final.all("EXPOSE")), default=0)}


class Services(Collector):
    """Fact `service`: one long-running container of a compose file or a manifest, and what it is given.
    Fact `limit-range`: a namespace that limits the memory of each container.

    `probes` hold kind, path, port, command and line; `memory` and `cpu` are "set", "" or "?" for a template;
    `once` is set for a container that is meant to end; `dev` for one that no server runs.
    """

    files = ("compose", "manifest", "yaml")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record each service."""
        if text.kind == "compose":
            for document in text.yaml:
                for key, service in document.get("services").pairs():
                    if service.is_map:
                        _compose(key, service, document, text, ctx)
        elif "apiVersion:" in text.text:
            for document in text.yaml:
                kind = document.get("kind").text
                if kind == "LimitRange" and any(
                    limit.get("default", "memory") for limit in document.get("spec", "limits").each()
                ):
                    ctx.fact("limit-range", document.get("spec", "limits").line)
                elif document.get("apiVersion") and kind in _LOOPS | _ENDING:
                    _workload(document, kind, text, ctx)


def _last(line_of: list[Stage], name: str) -> Instruction | None:
    return next((found for stage in line_of if (found := stage.last(name)) is not None), None)


def _command(entry: Instruction | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    words = entry.words
    return {"line": entry.line, "exec": words is not None, "words": list(words or ()), "text": entry.script[:500]}


def _compose(key: Yaml, service: Yaml, document: Yaml, text: TextFile, ctx: Context) -> None:
    limits = service.get("deploy", "resources", "limits")
    build = service.get("build")
    mounts = [item.text or item.get("source").text + ":" for item in service.get("volumes").each()]
    check = service.get("healthcheck")
    test = " ".join(check.get("test").texts())
    command = service.get("command")
    dev = (
        text.role in ("dev", "test")
        or any(_SOURCE_MOUNT.match(mount) for mount in mounts)
        or any(_is_for_developers(node) for node in (service.get("environment"), build.get("args")))
        or bool(service.get("profiles") and _DEV_PATH.search(" ".join(service.get("profiles").texts())))
    )
    ctx.fact(
        "service",
        key.line,
        kind="compose",
        name=key.text,
        image=service.get("image").text,
        build=(build.text or build.get("context").text or ".") if build else "",
        dockerfile=build.get("dockerfile").text or "Dockerfile",
        target=build.get("target").text,
        command=" ".join(command.texts()),
        shell=bool(command.text),
        unknown=bool(service.get("extends")) or service.templated,
        dev=dev or any(_DEV_PATH.search(build.get(part).text) for part in ("target", "dockerfile")),
        once=service.get("restart").text in ("no", "on-failure") or _once(key.text, service),
        user=service.get("user").text,
        memory="set" if service.get("mem_limit") or limits.get("memory") else "",
        cpu="set" if service.get("cpus") or limits.get("cpus") or service.get("cpu_quota") else "",
        disabled=check.get("disable").text == "true" or test.startswith("NONE"),
        probes=[{"kind": "healthcheck", "path": "", "port": "", "command": test, "line": check.line}] if test else [],
        ports=[item.text for item in service.get("expose").each()],
        published=[[port, item.line] for item in service.get("ports").each() if (port := _inner_port(item))],
        env=_compose_env(service.get("environment")),
        grace=service.get("stop_grace_period").text,
        grace_line=service.get("stop_grace_period").line,
        init=service.get("init").text == "true",
        text=text.lines[key.line - 1].strip()[:160],
    )


def _inner_port(item: Yaml) -> str:
    """The port of the container that a compose service publishes; "" for a range and for what is computed."""
    text = item.get("target").text or item.text.partition("/")[0]
    last = re.search(r"(?:^|:)(\d+)$", text)
    return last[1] if last else ""


def _once(name: str, service: Yaml) -> bool:
    words = " ".join(service.get("command").texts()) + " " + name
    return bool(
        re.search(r"\bmigrat|\bsetup\b|\binit\b|bootstrap|\bseed|createsuperuser|collectstatic|create-?bucket", words)
    )


def _is_for_developers(node: Yaml) -> bool:
    """Whether variables or build arguments say so: `ENVIRONMENT: development`."""
    given = _pairs(node)
    return any(_DEV_NAME.search(key) and _DEV_VALUE.fullmatch(value) for key, value in given.items())


def _pairs(node: Yaml) -> dict[str, str]:
    found = {key: value.text for key, value in (node.items() if node.is_map else ())}
    for item in node.each():
        name, _, value = item.text.partition("=")
        found[name] = value
    return found


def _compose_env(node: Yaml) -> dict[str, str]:
    found = _pairs(node)
    return {key: value[:40] for key, value in found.items() if "PORT" in key.upper() or key in _KEPT}


def _workload(document: Yaml, kind: str, text: TextFile, ctx: Context) -> None:
    spec = document.get("spec", "jobTemplate", "spec") if kind == "CronJob" else document.get("spec")
    pod = spec if kind == "Pod" else spec.get("template", "spec")
    grace = pod.get("terminationGracePeriodSeconds")
    for container in pod.get("containers").each():
        if not container.get("image"):
            continue  # A patch of what another file deploys.
        limits, requests = container.get("resources", "limits"), container.get("resources", "requests")
        hidden = not container.get("resources") and "{{" in text.text
        ctx.fact(
            "service",
            (container.get("name") or container).line,
            kind="manifest",
            name=container.get("name").text,
            image=container.get("image").text,
            build="",
            dockerfile="",
            target="",
            command=" ".join([*container.get("command").texts(), *container.get("args").texts()]),
            shell=False,
            unknown=hidden,
            dev=text.role in ("dev", "test"),
            once=kind in _ENDING or (kind == "Pod" and pod.get("restartPolicy").text in ("Never", "OnFailure")),
            user=container.get("securityContext", "runAsUser").text or pod.get("securityContext", "runAsUser").text,
            memory=_limit(limits, "memory", container.get("resources")),
            cpu=_limit(limits, "cpu", container.get("resources")) or _limit(requests, "cpu", Yaml()),
            disabled=False,
            probes=[_probe(name, container.get(name)) for name in PROBES if container.get(name)],
            **_container_ports(container.get("ports").each()),
            env={
                item.get("name").text: item.get("value").text
                for item in container.get("env").each()
                if item.get("name").text == "PORT"
            },
            nonroot=_refuses_root(container.get("securityContext")) or _refuses_root(pod.get("securityContext")),
            grace=grace.text,
            grace_line=grace.line,
            init=False,
            text=text.lines[(container.get("name") or container).line - 1].strip()[:160],
        )


def _container_ports(listed: list[Yaml]) -> dict[str, Any]:
    """The ports of a container: their numbers, their names, and numbers with lines."""
    ports = [item.get("containerPort") for item in listed]
    return {
        "ports": [port.text for port in ports],
        "named": [item.get("name").text for item in listed],
        "published": [[port.text, port.line] for port in ports if port],
    }


def _refuses_root(context: Yaml) -> int:
    """The line on which a security context refuses root, 0 where it does not."""
    refuses = context.get("runAsNonRoot")
    return refuses.line if refuses.text.lower() == "true" else 0


def _limit(limits: Yaml, name: str, resources: Yaml) -> str:
    if limits.get(name):
        return "set"
    return "?" if TEMPLATED in (limits.text + resources.text) or limits.templated else ""


def _probe(kind: str, node: Yaml) -> dict[str, Any]:
    http = node.get("httpGet")
    port = http.get("port") or node.get("tcpSocket", "port") or node.get("grpc", "port")
    return {
        "kind": kind,
        "path": http.get("path").text,
        "port": port.text,
        "port_line": port.line if port else 0,
        "command": " ".join(node.get("exec", "command").texts()),
        "line": (http.get("path") or http or node).line,
    }
