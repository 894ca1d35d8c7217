from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.listening import opened
from scanners.tree import Tree, TreeContext

_GUNICORN: Final = 'FROM python:3.13-slim\nCOPY . /srv\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "shop.wsgi"]\n'
_POD: Final = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: web
          image: registry.shop.io/web:4
          ports:
            - {name: http, containerPort: 8000}
"""


class PublishedPortUnbound(Rule):
    """
    Whoever calls a port that nothing listens on is refused at once, and so is each balancer in front: the service is up,
    healthy by its own account, and cannot be reached.

    Looks at the ports of compose services and containers, and at EXPOSE as a minor remark, against the port that the
    command binds by its arguments, a gunicorn settings file, its default, or `uvicorn.run`, `web.run_app` and their like in
    the file that it starts; at servers that listen on 127.0.0.1 of their container, as they are told or by default; and at
    the ports that a Kubernetes service leads to. Where one of several ports is bound, the
    others are unresolved, and so are ports from outside and containers that start several programs.
    """

    id = "published-port-unbound"
    area = "environment"
    item = "V4"
    title = "Published port that nothing listens on"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Publish the port that the command binds, or bind the one that is published."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = [
        Example(
            "another port inside than the command binds",
            {
                "Dockerfile": _GUNICORN,
                "docker-compose.yml": "services:\n  web:\n    build: .\n    ports:\n      - 80:8080\n",
            },
            at=[("docker-compose.yml", 5)],
        ),
        Example(
            "a door to a port that no container has",
            {
                "k8s/web.yaml": f"{_POD}---\napiVersion: v1\nkind: Service\nspec:\n  selector: {{app: shop}}\n  ports:\n"
                "    - {port: 80, targetPort: 8080}\n",
            },
            at=[("k8s/web.yaml", 19)],
        ),
        Example(
            "an address that only the container itself reaches",
            {
                "Dockerfile": 'FROM python:3.13-slim\nCOPY . /srv\nEXPOSE 8000\nCMD ["uvicorn", "shop.app:app"]\n',
                "api.dockerfile": 'FROM python:3.13-slim\nCOPY . /srv\nCMD ["uvicorn", "--host", "0.0.0.0", "shop.app:app"]\n',
                "docker-compose.yml": "services:\n  web:\n    build: {dockerfile: api.dockerfile}\n"
                "    command: gunicorn -b 127.0.0.1:8000 shop.wsgi\n    ports:\n      - 80:8000\n",
            },
            at=[("Dockerfile", 3), ("docker-compose.yml", 6)],
        ),
        Example(
            "the image says another port than the code binds",
            {
                "Dockerfile": 'FROM python:3.13-slim\nCOPY . /srv\nEXPOSE 80\nCMD ["python", "-m", "shop"]\n',
                "shop/__main__.py": 'import uvicorn\n\nuvicorn.run("shop.app:app", host="0.0.0.0", port=8000)\n',
            },
            at=[("Dockerfile", 3)],
        ),
    ]
    good = [
        Example(
            "the same port on all ways",
            {
                "Dockerfile": _GUNICORN,
                "docker-compose.yml": "services:\n  web:\n    build: .\n    ports: ['80:8000', '127.0.0.1:9100:9100']\n",
                "k8s/web.yaml": f"{_POD}---\napiVersion: v1\nkind: Service\nspec:\n  selector: {{app: shop}}\n  ports:\n"
                "    - {port: 80, targetPort: http}\n",
            },
        ),
        Example(
            "an address that variables or settings tell, and one more for the outside",
            {
                "Dockerfile": 'FROM python:3.13-slim\nENV UVICORN_HOST=0.0.0.0\nEXPOSE 8000\nCMD ["uvicorn", "shop.app:app"]\n',
                "b.dockerfile": 'FROM python:3.13-slim\nEXPOSE 8000\nCMD ["gunicorn", "-b", "127.0.0.1:8000", "-b", "0.0.0.0:8000", "a:b"]\n',
                "c.dockerfile": "FROM python:3.13-slim\nEXPOSE 8000\nCMD python manage.py runserver 0:8000\n",
                "d.dockerfile": 'FROM python:3.13-slim\nENV PORT=8000\nEXPOSE 8000\nCMD ["gunicorn", "shop.wsgi"]\n',
            },
        ),
        Example(
            "a port from outside, two programs",
            {
                "Dockerfile": "FROM python:3.13-slim\nEXPOSE 80\nCMD gunicorn -b 0.0.0.0:$PORT shop.wsgi\n",
                "proxy.Dockerfile": "FROM python:3.13-slim\nEXPOSE 80\nCMD nginx & gunicorn -b 127.0.0.1:8000 shop.wsgi\n",
            },
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        for found in opened(tree):
            if found.wrong is None:
                ctx.unresolved(found.path, found.line, "What listens there cannot be told.")
            elif found.wrong:
                severity = Severity.LOW if found.light else None
                ctx.report(found.path, found.line, found.wrong, anchor=found.anchor, severity=severity)
            else:
                ctx.site(found.path, found.line)
