"""Routes of a whole repository with what guards them, joined from the facts of its files."""

from collections.abc import Iterator
from typing import Any, Final

from scanners.semantics.guards import guarding
from scanners.tree import Fact, Tree

PUBLIC: Final = frozenset({"health", "webhook", "login", "static"})
_BASES: Final = frozenset(
    "View APIView MethodView Resource RequestHandler ViewSet ModelViewSet GenericViewSet ReadOnlyModelViewSet "
    "GenericAPIView TemplateView ListView DetailView CreateView UpdateView DeleteView FormView RedirectView "
    "HTTPEndpoint HTTPMethodView".split()
)


def judged(tree: Tree) -> Iterator[tuple[Fact, str]]:
    """Every route with its state: guarded, open, none or unknown."""
    guards = tree.facts("web-guard")
    wide_sure = [fact for fact in guards if fact["wide"] and fact["sure"]]
    wide_unknown = [fact for fact in guards if fact["wide"] and not fact["sure"]]
    wrapped = {fact["view"] for fact in tree.facts("url") if fact["guarded"]}
    classes: dict[str, list[str]] = {}
    for route in tree.facts("route"):
        if route["cls"]:
            classes.setdefault(route["cls"], []).append(route["auth"])
    for route in tree.facts("route"):
        state = str(route["auth"])
        if state in ("none", "unknown"):
            if (
                any(_covers(fact, route) for fact in wide_sure)
                or any(_owned(fact, route) for fact in guards)
                or route["handler"] in wrapped
                or route["cls"] in wrapped
            ):
                state = "guarded"
            elif route["cls"] and (unknown := _by_bases(route, classes)):
                state = unknown
            elif wide_unknown:
                state = "unknown"
        yield route, state


def _covers(guard: Fact, route: Fact) -> bool:
    return bool(guard["owner"] != "drf" or route["framework"] == "drf")


def _owned(guard: Fact, route: Fact) -> bool:
    """Whether a router's dependency or hook holds for a route: same file and name, or the file that is included."""
    if not guard["sure"] or not guard["owner"]:
        return False
    owner: str = guard["owner"]
    if owner == route["owner"]:
        return (
            guard.path == route.path
            or guard["kind"] == "hook"
            or guard.path.rpartition("/")[0] == route.path.rpartition("/")[0]
        )
    stem = route.path.rpartition("/")[2].removesuffix(".py")
    return "." in owner and owner.split(".")[-2] == stem


def _by_bases(route: Fact, classes: dict[str, list[str]]) -> str:
    """What the bases of a view's class say: those of other files may guard, whatever they are called."""
    for base in route["bases"]:
        last = base.partition("[")[0].rpartition(".")[2]
        if guarding(last) or "guarded" in classes.get(last, ()):
            return "guarded"
        if last not in _BASES and last not in classes and not last.endswith("Mixin"):
            return "unknown"
        if last.endswith("Mixin") and last not in classes:
            return "unknown"
    return ""


def writes(route: Fact) -> bool:
    """Whether a route may change something."""
    methods: Any = route["methods"]
    return bool(set(methods) - {"GET", "HEAD", "OPTIONS"})
