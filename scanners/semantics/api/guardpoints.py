"""Routes of a whole repository with what guards them, joined from the facts of its files."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from typing import Any, Final

from scanners.regex import regex
from scanners.semantics.api.guardnames import guarding
from scanners.semantics.handlers import inner
from scanners.syntax import unparse
from scanners.tree import Fact, Tree

PUBLIC: Final = frozenset({"health", "webhook", "login", "static"})
_BASES: Final = frozenset(
    "View APIView MethodView Resource RequestHandler ViewSet ModelViewSet GenericViewSet ReadOnlyModelViewSet "
    "GenericAPIView TemplateView ListView DetailView CreateView UpdateView DeleteView FormView RedirectView "
    "HTTPEndpoint HTTPMethodView ListAPIView CreateAPIView RetrieveAPIView UpdateAPIView DestroyAPIView "
    "ListCreateAPIView RetrieveUpdateAPIView RetrieveDestroyAPIView RetrieveUpdateDestroyAPIView".split()
)
_READS: Final = frozenset({"GET"})
_GENERIC: Final = {
    "ReadOnlyModelViewSet": _READS, "ListAPIView": _READS, "RetrieveAPIView": _READS,
    "ListView": _READS, "DetailView": _READS,
    "ModelViewSet": frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"}), "CreateAPIView": frozenset({"POST"}),
    "UpdateAPIView": frozenset({"PUT", "PATCH"}), "DestroyAPIView": frozenset({"DELETE"}),
    "ListCreateAPIView": frozenset({"GET", "POST"}), "RetrieveUpdateAPIView": frozenset({"GET", "PUT", "PATCH"}),
    "RetrieveDestroyAPIView": frozenset({"GET", "DELETE"}),
    "RetrieveUpdateDestroyAPIView": frozenset({"GET", "PUT", "PATCH", "DELETE"}),
    "CreateView": frozenset({"GET", "POST"}), "UpdateView": frozenset({"GET", "POST"}),
    "DeleteView": frozenset({"GET", "POST"}),
}  # fmt: skip
_SUBJECTS: Final = frozenset("queryset model serializer_class form_class get_queryset".split())
_DATA: Final = regex(r"^(jsonify|json_response|json|[A-Za-z]*J[Ss][Oo][Nn]Response)$")
_ASIDE: Final = regex(r"(^|\.)(log|logger|logging|_logger|LOG|messages|flash|super|print|metrics|statsd)\b")


def generic_methods(node: ast.ClassDef) -> frozenset[str]:
    """The methods that a generic view answers by its base alone; none where the class says nothing of its rows."""
    bases = [unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases]
    found: frozenset[str] = frozenset().union(*(_GENERIC.get(base, ()) for base in bases))
    if not found:
        return found
    said = {
        target.id
        for stmt in node.body
        if isinstance(stmt, ast.Assign)
        for target in stmt.targets
        if isinstance(target, ast.Name)
    }
    said |= {stmt.name for stmt in node.body if isinstance(stmt, ast.FunctionDef)}
    return found if said & _SUBJECTS else frozenset()


def answers_data(node: Any, framework: str) -> bool:
    """Whether a handler answers a program: with JSON, not with a page."""
    for part in inner(node.body, ast.Return):
        value = part.value
        if isinstance(value, ast.Tuple) and value.elts:
            value = value.elts[0]
        if isinstance(value, (ast.Dict, ast.ListComp)):
            return True
        if isinstance(value, ast.Call):
            last = getattr(value.func, "attr", getattr(value.func, "id", ""))
            if _DATA.search(last) or (framework == "drf" and last == "Response"):
                return True
    return False


def acts(node: Any) -> bool:
    """Whether a handler does something and then sends the caller on: what a form or a button asks for."""
    does = sends = False
    for part in inner(node.body, ast.Expr, ast.Return):
        if not isinstance(part.value, ast.Call):
            continue
        if isinstance(part, ast.Expr):
            does = does or not _ASIDE.search(unparse(part.value.func))
        else:
            sends = sends or "redirect" in unparse(part.value.func).lower()
    return does and sends


def judged(tree: Tree) -> Iterator[tuple[Fact, str]]:
    """Every route with its state: guarded, open, none or unknown."""
    guards = [fact for fact in tree.facts("web-guard") if not fact.get("passes")]
    wide_sure = [fact for fact in guards if fact["wide"] and fact["sure"]]
    wide_unknown = [fact for fact in guards if fact["wide"] and not fact["sure"]]
    routers = {(fact.path, fact["name"]) for fact in tree.facts("web-router")}
    wrapped = {fact["view"] for fact in tree.facts("url") if fact["guarded"]}
    classes: dict[str, list[str]] = {}
    routes = [*tree.facts("route"), *tree.facts("generic-view")]
    for route in routes:
        if route["cls"]:
            classes.setdefault(route["cls"], []).append(route["auth"])
    for route in routes:
        state = str(route["auth"])
        if state in ("none", "unknown"):
            if (
                any(_covers(fact, route) for fact in wide_sure)
                or any(owned(fact, route, routers) for fact in guards)
                or route["handler"] in wrapped
                or route["cls"] in wrapped
            ):
                state = "guarded"
            elif route["cls"] and (unknown := _by_bases(route, classes)):
                state = unknown
            elif wide_unknown:
                state = "unknown"
        yield route, state


def beside(routes: Iterable[tuple[Fact, str]]) -> Callable[[Fact], tuple[int, int]]:
    """Says of a route how many of those beside it (of its router, or of its file) ask who is calling, and of how many.

    Those that are open on purpose, or seem to be, are left out.
    """
    asked: Counter[tuple[str, str]] = Counter()
    known: Counter[tuple[str, str]] = Counter()
    for route, state in routes:
        if state == "guarded" or (state == "none" and route["role"] not in PUBLIC):
            known[(route.path, route["owner"])] += 1
            asked[(route.path, route["owner"])] += state == "guarded"
    return lambda route: (asked[(route.path, route["owner"])], known[(route.path, route["owner"])])


def _covers(guard: Fact, route: Fact) -> bool:
    return bool(guard["owner"] != "drf" or route["framework"] == "drf")


def owned(guard: Fact, route: Fact, routers: Set[tuple[str, str]]) -> bool:
    """Whether a router's dependency or hook holds for a route: same file and name, or the file that is included."""
    if not guard["sure"] or not guard["owner"]:
        return False
    owner: str = guard["owner"]
    if guard.path != route.path and owner == route["owner"] and {(guard.path, owner), (route.path, owner)} <= routers:
        return False  # Each file calls its own router so.
    if guard["kind"] == "hook" and not route["owner"]:
        return guard.path == route.path  # A view of a class, which the file gives to its blueprint.
    if owner == route["owner"]:
        return (
            guard.path == route.path
            or guard["kind"] == "hook"
            or guard.path.rpartition("/")[0] == route.path.rpartition("/")[0]
        )
    stem = route.path.rpartition("/")[2].removesuffix(".py")
    named, _, last = owner.rpartition(".")
    return named.rpartition(".")[2] == stem and (not route["owner"] or last == route["owner"])


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


def unrouted(tree: Tree) -> Callable[[Fact], bool]:
    """Says of a route whether what guards it may be written elsewhere.

    It may for a view of Django that no entry of `urlpatterns` names, and for handlers that call what raises refusals.
    """
    named = {fact["view"] for fact in tree.facts("url")} | {
        word for fact in tree.facts("url") for word in re.findall(r"\w+", fact["whole"])
    }
    below = {fact.path for fact in tree.facts("asked-below")}

    def is_unrouted(route: Fact) -> bool:
        django = bool(named) and route["framework"] in ("django", "drf")
        return route.path in below or len(below) > 2 or (django and not {route["cls"], route["handler"]} & named)

    return is_unrouted


def writes(route: Fact) -> bool:
    """Whether a route may change something."""
    methods: Any = route["methods"]
    return bool(set(methods) - {"GET", "HEAD", "OPTIONS"}) or bool(route["acts"] and not methods)
