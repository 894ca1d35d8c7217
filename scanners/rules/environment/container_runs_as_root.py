import posixpath
import re

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.deployed import image_of, images
from scanners.semantics.environment.images import runs_as
from scanners.semantics.environment.rights import ROOT, refusals, report_pods, report_service, report_sudo
from scanners.text import TextFile
from scanners.tree import Fact, Tree, TreeContext


class ContainerRunsAsRoot(Rule):
    """
    Whoever breaks into a process that runs as root owns its container, and is one hole of the kernel or one careless mount
    away from the machine.

    Looks at the last stage of each Dockerfile (USER, or who its base runs as) and at sudo in it; at privileged services,
    at the socket of the container engine and at `user: root` or `runAsUser: 0` in compose files and manifests; and at
    manifests that refuse root though their image has no other user, or only a name, so that nothing starts. Images for
    development and tests are left out, as are entry points that go on as another user; an unknown base is unresolved.
    """

    id = "container-runs-as-root"
    area = "environment"
    item = "V3"
    title = "Container that runs as root"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Add a user and switch to it at the end: `RUN useradd --uid 10001 app` and `USER 10001`."
    files = ("dockerfile", "compose", "manifest", "yaml")
    bad = [
        Example(
            "no user, user taken back",
            {
                "Dockerfile": 'FROM python:3.13 AS build\nUSER app\nFROM python:3.13-slim\nCOPY --from=build /a /a\nCMD ["gunicorn", "a"]\n',
                "worker.dockerfile": 'FROM python:3.13\nRUN useradd --uid 10001 app\nUSER app\nUSER root\nCMD ["celery", "worker"]\n',
            },
            at=[("Dockerfile", 3), ("worker.dockerfile", 4)],
        ),
        Example(
            "sudo",
            {
                "Dockerfile": "FROM python:3.13\nRUN apt-get update && apt-get install -y sudo \\\n    && echo 'app ALL=NOPASSWD: ALL' >> /etc/sudoers\n"
                'USER app\nCMD ["gunicorn", "a"]\n'
            },
            at=[("Dockerfile", 2)],
        ),
        Example(
            "services",
            {
                "docker-compose.yml": "services:\n  a:\n    image: a:1\n    privileged: true\n  b:\n    image: b:1\n    user: root\n    volumes:\n"
                "      - /var/run/docker.sock:/var/run/docker.sock\n",
                "k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      securityContext:\n        runAsUser: 0\n"
                "      containers:\n        - name: web\n          securityContext: {privileged: true}\n",
            },
            at=[
                ("docker-compose.yml", 4),
                ("docker-compose.yml", 7),
                ("docker-compose.yml", 9),
                ("k8s/web.yaml", 7),
                ("k8s/web.yaml", 10),
            ],
        ),
    ]
    good = [
        Example(
            "user", {"Dockerfile": 'ARG UID=10001\nFROM python:3.13\nARG UID\nUSER ${UID}\nCMD ["gunicorn", "a"]\n'}
        ),
        Example(
            "inherited",
            {"Dockerfile": 'FROM python:3.13 AS base\nUSER app\nFROM base\nCOPY . .\nCMD ["gunicorn", "a"]\n'},
        ),
        Example(
            "bases",
            {
                "a/Dockerfile": 'FROM gcr.io/distroless/python3-debian12:nonroot\nCMD ["a.py"]\n',
                "b/Dockerfile": 'FROM registry.shop.io/base:1\nCMD ["a"]\n',
                "c/Dockerfile": "FROM postgres:16\nCOPY init.sql /docker-entrypoint-initdb.d/\n",
                "d/Dockerfile": "FROM scratch\nCOPY --from=x /x /x\n",
            },
        ),
        Example(
            "the entry point drops rights",
            {
                "Dockerfile": 'FROM python:3.13\nCOPY docker/start.sh /start.sh\nENTRYPOINT ["/start.sh"]\nCMD ["gunicorn"]\n',
                "docker/start.sh": '#!/bin/sh\nchown -R app /data\nexec gosu app "$@"\n',
            },
        ),
        Example(
            "for development",
            {
                "Dockerfile.dev": "FROM python:3.13\nCMD python manage.py runserver\n",
                ".devcontainer/Dockerfile": "FROM debian:12\n",
            },
        ),
        Example(
            "services",
            {
                "docker-compose.yml": "services:\n  a:\n    image: a:1\n    privileged: false\n    user: '1000:1000'\n    volumes: ['data:/data']\n"
            },
        ),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if text.role in ("dev", "test"):
            return
        if text.kind == "dockerfile":
            report_sudo(text, ctx)
        elif text.kind == "compose":
            for document in text.yaml:
                for _, service in document.get("services").pairs():
                    report_service(service, ctx)
        elif "apiVersion:" in text.text:
            for document in text.yaml:
                if document.get("kind"):
                    report_pods(document, ctx, 12)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        dropping = {posixpath.basename(fact.path) for fact in tree.facts("drops-rights")}
        given = {
            image.path for service in tree.facts("service") if service["user"] and (image := image_of(service, tree))
        }
        for image in images(tree):
            _judge(image, dropping, image.path in given, ctx)
        for service, wrong in refusals(tree):
            if wrong:
                ctx.report(service.path, service["nonroot"], wrong, anchor=f"nonroot {service['name']}")
            else:
                ctx.site(service.path, service["nonroot"])


def _judge(image: Fact, dropping: set[str], given: bool, ctx: TreeContext) -> None:
    started = [part for part in (image["entrypoint"], image["cmd"]) if part]
    words = {posixpath.basename(word) for part in started for word in re.split(r"[\s\"']+", part["text"])}
    base = "" if image["user"] else runs_as(image["base"])
    if image["base"] == "scratch" and not started:
        return
    if image["drops"] or words & dropping or (image["user"] and not ROOT.match(image["user"])) or base == "other":
        ctx.site(image.path, image["user_line"] or image.line)
    elif ROOT.match(image["user"]):
        message = "The last USER is root, and so is the process that is started."
        ctx.report(image.path, image["user_line"], message, anchor="user")
    elif given or (base == "" and image["base"] != "scratch"):
        ctx.unresolved(image.path, image.line, "Who the base or the service runs as stands elsewhere.")
    else:
        sure = Confidence.HIGH if started else Confidence.MEDIUM
        message = f"The last stage names no USER, and `{image['base']}` runs as root."
        ctx.report(image.path, image.line, message, anchor="user", text=image["text"], confidence=sure)
