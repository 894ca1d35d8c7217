from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.deployed import services as deployed
from scanners.tree import Tree, TreeContext

_POD = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: web
          image: shop/web:1.4.2
"""


class ResourceLimitsMissing(Rule):
    """
    A process that leaks takes the memory of its neighbours first: without a limit the kernel picks who dies, and it is
    often the database beside it.

    Looks at the services of compose files (`mem_limit`, `deploy.resources.limits`) and at the containers of Kubernetes
    workloads. No memory limit is the fault; no word on the processor (limit or request) weighs less. Compose files for
    development (by name, by a variable that says so, or because they mount the source) and services that run once are left out; so is a compose file
    where manifests say how things are deployed. What a template or a LimitRange fills in is unresolved.
    """

    id = "resource-limits-missing"
    area = "environment"
    item = "V4"
    title = "Service without a memory limit"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = (
        "Set `mem_limit` (compose) or `resources.limits.memory` (Kubernetes) a little above what it needs at its peak."
    )
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = [
        Example(
            "compose",
            {
                "docker-compose.yml": "services:\n  web:\n    build: .\n  db:\n    image: postgres:16.2\n    mem_limit: 1g\n    cpus: 2\n"
            },
            at=[("docker-compose.yml", 2)],
        ),
        Example("manifest", {"k8s/web.yaml": _POD}, at=[("k8s/web.yaml", 7)]),
        Example(
            "no word on the processor",
            {"deploy.yaml": _POD + "          resources: {limits: {memory: 1Gi}}\n"},
            at=[("deploy.yaml", 7)],
        ),
    ]
    good = [
        Example(
            "limits",
            {
                "compose.yaml": "x-app: &app\n  mem_limit: 1g\n  cpus: 1\nservices:\n  web:\n    <<: *app\n    build: .\n"
                "  worker:\n    build: .\n    deploy: {resources: {limits: {memory: 512M, cpus: '1'}}}\n"
            },
        ),
        Example(
            "pod", {"k8s/web.yaml": _POD + "          resources: {limits: {memory: 1Gi}, requests: {cpu: 100m}}\n"}
        ),
        Example(
            "for development",
            {
                "docker-compose.dev.yml": "services:\n  web:\n    build: .\n",
                "docs/compose.yaml": "services:\n  docs:\n    build:\n      context: .\n      args:\n        ENVIRONMENT: development\n",
                "docker-compose.yml": "services:\n  web:\n    build: .\n    volumes: ['.:/app']\n  db:\n    image: postgres:16.2\n",
            },
        ),
        Example(
            "a job that ends, a template",
            {
                "k8s/migrate.yaml": _POD.replace("Deployment", "Job"),
                "chart/templates/web.yaml": _POD + "          resources: {{ toYaml .Values.resources }}\n",
            },
        ),
        Example(
            "a namespace that limits",
            {
                "k8s/web.yaml": _POD,
                "k8s/range.yaml": "apiVersion: v1\nkind: LimitRange\nspec:\n  limits:\n    - type: Container\n      default: {memory: 1Gi}\n",
            },
        ),
        Example("stores for developers only", {"docker-compose.yml": "services:\n  db:\n    image: postgres:16.2\n"}),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        ranged = bool(tree.facts("limit-range"))
        for service in deployed(tree):
            if service["unknown"] or service["memory"] == "?":
                ctx.unresolved(service.path, service.line, "Another file or a template fills in the limits.")
            elif ranged and service["kind"] == "manifest" and not (service["memory"] and service["cpu"]):
                ctx.unresolved(service.path, service.line, "The namespace may set the limits, by a LimitRange.")
            elif not service["memory"]:
                message = f"Nothing limits the memory of `{service['name']}`."
                ctx.report(service.path, service.line, message, anchor=service["name"], text=service["text"])
            elif not service["cpu"]:
                message = f"Nothing says how much processor `{service['name']}` needs or may take."
                ctx.report(
                    service.path,
                    service.line,
                    message,
                    anchor=service["name"],
                    text=service["text"],
                    severity=Severity.LOW,
                )
            else:
                ctx.site(service.path, service.line)
