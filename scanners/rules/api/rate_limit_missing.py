from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_APP = "from flask import Flask\napp = Flask(__name__)\n\n\n@app.post('/orders')\ndef order():\n    return 'ok'\n"


class RateLimitMissing(Rule):
    """
    Without a limit one caller, meaning well or not, decides how much all the others get: a loop in somebody's script is
    enough to fill every worker.

    Looks in the repository for a limiter of a library, throttle classes of DRF, a middleware, or a rule of a gateway
    (nginx, ingress, Envoy), and reports once where there are routes and none of these.
    """

    id = "rate-limit-missing"
    area = "api"
    item = "A4"
    title = "No limit on requests"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.HOURS
    fix = "Limit requests per caller: a limiter or throttle classes in the service, or a rule of the gateway kept in this repository."
    kinds = frozenset({"http-api"})
    bad = [
        Example("routes and no limiter", {"app.py": _APP}, at=[("app.py", 6)]),
        Example("DRF without throttle classes", {"settings.py": "REST_FRAMEWORK = {'PAGE_SIZE': 10}\n", "views.py": "from rest_framework.views import APIView\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return 1\n"}, at=[("views.py", 5)]),
    ]  # fmt: skip
    good = [
        Example("Flask-Limiter", {"app.py": _APP, "limits.py": "from flask_limiter import Limiter\nlimiter = Limiter(lambda: '')\n"}),
        Example("throttle classes", {"settings.py": "REST_FRAMEWORK = {'DEFAULT_THROTTLE_CLASSES': ['rest_framework.throttling.UserRateThrottle']}\n", "views.py": "from rest_framework.views import APIView\n\n\nclass Orders(APIView):\n    def post(self, request):\n        return 1\n"}),
        Example("a rule of the gateway", {"app.py": _APP, "nginx.conf": "limit_req_zone $binary_remote_addr zone=one:10m rate=10r/s;\n"}),
        Example("a middleware of its own", {"app.py": f"from shop.limits import RateLimitMiddleware\n{_APP}\n\napp.add_middleware(RateLimitMiddleware)\n"}),
        Example("health checks only", {"app.py": _APP.replace("/orders", "/health").replace("def order", "def health")}),
    ]  # fmt: skip

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        routes = [
            route
            for route in (*tree.facts("route"), *tree.facts("generic-view"))
            if route["role"] not in ("health", "static") and route["sure"]
        ]
        if not routes:
            ctx.not_applicable("No public routes were found.")
            return
        first = min(routes, key=_weight)
        ctx.site(first.path, first.line)
        if not tree.facts("web-limit") and not any("throttle" in route["text"] for route in routes):
            ctx.report(
                first.path,
                first.line,
                f"Nothing limits how often {len(routes)} routes are called, such as `{first['name']}`.",
                anchor="no limiter",
                text=first["text"],
            )


def _weight(route: Fact) -> tuple[bool, bool, str, int]:
    """Logins first, then what writes."""
    return route["role"] != "login", set(route["methods"]) <= {"GET", "HEAD"}, route.path, route.line
