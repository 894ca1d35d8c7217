from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import CODE, Example, Rule
from scanners.semantics.deployed import image_of, images, services
from scanners.semantics.probes import TEXT, command_of, env_of, is_own, last_part, served, wrong_of
from scanners.semantics.servers import SERVERS, WORKERS, bound_port, plain
from scanners.tree import Fact, Tree, TreeContext


class HealthProbeWrong(Rule):
    """
    A service that nobody asks stays in the pool when it hangs; one that is asked at the wrong door is restarted for ever.

    Looks at what is deployed: containers of manifests, else services that a compose file builds, else the images. Each needs
    a probe of its own or a HEALTHCHECK; its path must be one that a route serves, its port the one that the command binds.
    Services that end, workers of a function platform and probes by a command are not followed further; what a variable, a
    script or a template decides is unresolved.
    """

    id = "health-probe-wrong"
    area = "environment"
    item = "V4"
    title = "Health probe missing or wrong"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Serve a cheap route such as `/healthz`, and ask it from HEALTHCHECK or a readinessProbe at the port that is bound."
    kinds = frozenset({"http-api", "worker", "cron"})
    classes = CODE
    bad = [
        Example(
            "an image without",
            {"Dockerfile": 'FROM python:3.13\nCMD ["gunicorn", "shop.wsgi"]\n'},
            at=[("Dockerfile", 1)],
        ),
        Example(
            "a compose service and a container without",
            {
                "a/docker-compose.yml": "services:\n  web:\n    build: .\n  db:\n    image: postgres:16\n",
                "a/Dockerfile": 'FROM python:3.13\nCMD ["gunicorn", "shop.wsgi"]\n',
            },
            at=[("a/docker-compose.yml", 2)],
        ),
        Example(
            "no such route, no such port",
            {
                "Dockerfile": "FROM python:3.13\nHEALTHCHECK CMD curl -f http://localhost:8000/healthz || exit 1\n"
                'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]\n',
                "other/Dockerfile": "FROM python:3.13\nHEALTHCHECK CMD curl -f http://localhost:8080/healthz || exit 1\n"
                'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]\n',
                "app.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/orders')\ndef orders():\n    return []\n",
            },
            at=[("Dockerfile", 2), ("other/Dockerfile", 2)],
        ),
        Example(
            "manifest",
            {
                "k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
                "        - name: web\n          image: shop/web:1\n          ports: [{name: http, containerPort: 8000}]\n"
                "          readinessProbe:\n            httpGet:\n              path: /healthz\n              port: web\n"
                "        - name: worker\n          image: shop/web:1\n"
            },
            at=[("k8s/web.yaml", 12), ("k8s/web.yaml", 14)],
        ),
    ]
    good = [
        Example(
            "route and port",
            {
                "Dockerfile": "FROM python:3.13\nHEALTHCHECK --interval=5s CMD curl -f http://localhost:8000/api/healthz\n"
                'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
                "app.py": "from flask import Blueprint\nbp = Blueprint('a', __name__)\n@bp.get('/healthz')\ndef h():\n    return 'ok'\n",
            },
        ),
        Example(
            "in the compose file or in the image that it builds",
            {
                "docker-compose.yml": "services:\n  web:\n    build: .\n    healthcheck:\n      test: curl -f http://localhost:8000/\n"
                "  worker:\n    build: {context: ., dockerfile: worker.dockerfile}\n  migrate:\n    build: .\n    restart: 'no'\n",
                "Dockerfile": 'FROM python:3.13\nCMD ["gunicorn", "shop.wsgi"]\n',
                "worker.dockerfile": 'FROM python:3.13\nHEALTHCHECK CMD celery inspect ping\nCMD ["celery", "worker"]\n',
            },
        ),
        Example("what ends", {"Dockerfile": 'FROM python:3.13\nENTRYPOINT ["shop-report"]\n'}),
        Example(
            "decided by a variable",
            {
                "Dockerfile": "FROM python:3.13\nHEALTHCHECK CMD curl -f http://localhost:$PORT/healthz\n"
                "CMD exec uvicorn app:app --port $PORT\n"
            },
        ),
        Example(
            "a job, a template",
            {
                "k8s/job.yaml": "apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          image: a:1\n",
                "k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n"
                "        - name: web\n          image: shop/web:1\n          livenessProbe:\n            {{- toYaml .Values.probe | nindent 12 }}\n",
            },
        ),
    ]

    def visit_module(self, ctx: Context) -> None:
        if any(word in ctx.source for word in ("health", "ready", "live", "ping", "status", "alive", "heartbeat")):
            found = sorted({last_part(match) for match in TEXT.findall(ctx.source)})
            if found:
                ctx.fact("health-text", 1, paths=found[:50])

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        listed, paths = services(tree), served(tree)
        own = images(tree)
        for service in listed:
            image = image_of(service, tree)
            if service["kind"] == "manifest" and len(own) == 1:
                image = own[0]
            self._service(service, image, paths, ctx)
        if any(service["kind"] == "manifest" for service in listed):
            return
        asked = {image.path for service in listed if (image := image_of(service, tree))}
        for image in own:
            self._image(image, image.path in asked, paths, ctx)

    def _service(self, service: Fact, image: Fact | None, paths: set[str] | None, ctx: TreeContext) -> None:
        at, line = service.path, service.line
        if service["kind"] == "compose" and (not service["build"] or service["disabled"]):
            return
        if service["unknown"] or (service["build"] and image is None):
            ctx.unresolved(at, line, "Another file or a template decides how it is probed.")
        elif service["probes"]:
            port = bound_port(service["command"] or command_of(image), env_of(service, image))
            for probe in service["probes"]:
                wrong = wrong_of(probe, port, service, paths if is_own(service, image) else None)
                if wrong:
                    ctx.report(
                        at,
                        probe["line"],
                        wrong,
                        anchor=f"{service['name']} {probe['kind']}",
                        confidence=Confidence.MEDIUM,
                    )
                else:
                    ctx.site(at, probe["line"])
        elif image is not None and service["kind"] == "compose" and image["probe"]:
            ctx.site(at, line)
        else:
            message = f"Nothing asks whether `{service['name']}` still works."
            ctx.report(at, line, message, anchor=service["name"], text=service["text"])

    def _image(self, image: Fact, asked: bool, paths: set[str] | None, ctx: TreeContext) -> None:
        command = plain(command_of(image))
        if image["probe"].upper().startswith("NONE"):
            ctx.unresolved(image.path, image["probe_line"], "The probe is switched off on purpose.")
        elif image["probe"]:
            probe = {"path": "", "port": "", "command": image["probe"], "kind": "HEALTHCHECK"}
            wrong = wrong_of(probe, bound_port(command, image["env"]), None, paths)
            if wrong:
                ctx.report(image.path, image["probe_line"], wrong, anchor="probe", confidence=Confidence.MEDIUM)
            else:
                ctx.site(image.path, image["probe_line"])
        elif not asked and (SERVERS.search(command) or WORKERS.search(command)):
            message = "Nothing asks whether the process still works: there is no HEALTHCHECK, nor a probe elsewhere."
            ctx.report(image.path, image.line, message, anchor="none", text=image["text"])
        elif not asked and command:
            ctx.unresolved(image.path, image.line, "Whether the process goes on running cannot be told.")
