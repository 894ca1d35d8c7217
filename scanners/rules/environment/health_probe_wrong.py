from scanners.finding import Confidence, Effort, Severity
from scanners.inventory.servedpaths import whole_paths
from scanners.rule import Example, Rule
from scanners.semantics.environment.deployed import image_of, images, services
from scanners.semantics.environment.probes import Answers, answers, command_of, of_image, of_service
from scanners.semantics.environment.servers import SERVERS, WORKERS, plain
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
            at=[("k8s/web.yaml", 13), ("k8s/web.yaml", 14)],
        ),
    ]
    good = [
        Example(
            "route and port, also of gunicorn's own settings",
            {
                "Dockerfile": "FROM python:3.13\nHEALTHCHECK --interval=5s CMD curl -f http://localhost:8000/api/healthz\n"
                'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n',
                "b/Dockerfile": "FROM python:3.13\nHEALTHCHECK CMD curl -f http://localhost:9000/api/healthz\n"
                'CMD ["gunicorn", "-c", "gunicorn.conf.py", "app:app"]\n',
                "b/gunicorn.conf.py": 'bind = "0.0.0.0:9000"\n',
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
        Example("documentation", {"docs/compose.yaml": "services:\n  docs:\n    build: .\n"}),
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

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        listed, own, known = services(tree), images(tree), answers(tree)._replace(whole=whole_paths(tree))
        asked = set()
        manifests = any(service["kind"] == "manifest" for service in listed)
        for service in listed:
            image = own[0] if service["kind"] == "manifest" and len(own) == 1 else image_of(service, tree)
            asked |= {image.path} if image is not None else set()
            self._service(service, image, known, ctx)
        for image in own if not manifests else ():
            self._image(image, image.path in asked, known, ctx)

    def _service(self, service: Fact, image: Fact | None, known: Answers, ctx: TreeContext) -> None:
        at, line, name = service.path, service.line, service["name"]
        if service["kind"] == "compose" and (not service["build"] or service["disabled"]):
            return
        if service["unknown"] or (service["build"] and image is None):
            ctx.unresolved(at, line, "Another file or a template decides how it is probed.")
        elif service["probes"]:
            for kind, wrong, where in of_service(service, image, known):
                _tell(at, where, wrong, f"{name} {kind}", ctx)
        elif image is not None and service["kind"] == "compose" and image["probe"]:
            ctx.site(at, line)
        else:
            ctx.report(at, line, f"Nothing asks whether `{name}` still works.", anchor=name, text=service["text"])

    def _image(self, image: Fact, asked: bool, known: Answers, ctx: TreeContext) -> None:
        command = plain(command_of(image))
        if image["probe"].upper().startswith("NONE"):
            ctx.unresolved(image.path, image["probe_line"], "The probe is switched off on purpose.")
        elif image["probe"]:
            wrong, line = of_image(image, known)
            _tell(image.path, line, wrong, "probe", ctx)
        elif not asked and (SERVERS.search(command) or WORKERS.search(command)):
            message = "Nothing asks whether the process still works: there is no HEALTHCHECK, nor a probe elsewhere."
            ctx.report(image.path, image.line, message, anchor="none", text=image["text"])
        elif not asked and command:
            ctx.unresolved(image.path, image.line, "Whether the process goes on running cannot be told.")


def _tell(path: str, line: int, wrong: str, anchor: str, ctx: TreeContext) -> None:
    if wrong:
        ctx.report(path, line, wrong, anchor=anchor, confidence=Confidence.MEDIUM)
    else:
        ctx.site(path, line)
