"""Who is asked before an endpoint runs, joined from its handler, its class, its way and what holds for all."""

from typing import TYPE_CHECKING, Final, NamedTuple

from scanners.inventory.table import BAD, GOOD, UNKNOWN
from scanners.inventory.webnames import Web
from scanners.semantics.api.guardnames import guarding, guards_as_base
from scanners.semantics.api.guardpoints import PUBLIC, judged, owned
from scanners.semantics.concurrency.reach import Key
from scanners.semantics.web.asked import is_permission
from scanners.tree import Fact

if TYPE_CHECKING:
    from scanners.inventory.endpointrow import Endpoint

_LIBRARIES: Final = (
    "django.", "rest_framework.", "flask", "tornado.", "aiohttp.", "starlette.", "quart.", "sanic.", "ninja", "object",
    "abc.", "typing.", "drf_spectacular.", "rest_framework_", "django_filters.", "braces.", "formtools.",
)  # fmt: skip
_OPEN: Final = frozenset({"AllowAny"})
_SIGN_IN: Final = "It refuses what it is given, maybe to sign in with."
_TOUCHED: Final = "It looks at who calls; where it refuses anybody cannot be seen."


class Asked(NamedTuple):
    """Who is asked (None where it cannot be told), the right that is asked for, the mark, and why there is doubt."""

    who: str | None
    right: str | None
    mark: str
    note: str = ""


class Access:
    """What a commit says of who may call."""

    def __init__(self, web: Web) -> None:
        self._web = web
        tree = web.tree
        self._guards = [fact for fact in tree.facts("web-guard") if not fact.get("passes")]
        self._limits = tree.facts("web-limit")
        self._picking = {fact["name"] for fact in tree.facts("middleware-paths")}
        self.paged = bool(tree.facts("web-pages"))
        known = list(judged(tree))
        self._states = {(route.path, route["name"]): state for route, state in known}
        self._routes = {(route.path, route["name"]): route for route, _ in known}
        self._siblings = any(state == "guarded" for state in self._states.values())

    def of(self, found: "Endpoint", role: str, *, writes: bool) -> Asked:
        """Who is asked before an endpoint runs, and what for."""
        guards, rights, opened, doubt = self._named(found)
        right = ", ".join(dict.fromkeys(rights or [name for name in guards if is_permission(name)]))
        if guards:
            return Asked(", ".join(dict.fromkeys(guards)), right, GOOD)
        if opened:
            return Asked("declared public", right, "")
        if found.outside:
            return Asked(None, None, UNKNOWN)
        handler = found.handler
        inside = handler["asks"].get("inside", "") if handler is not None else ""
        if inside == "guarded":
            checked = Asked("checked in the handler", right, GOOD)
            return Asked(None, right or None, UNKNOWN, _SIGN_IN) if role == "login" else checked
        wide = self._for_all(found)
        if wide:
            return Asked(", ".join(wide), right, GOOD)
        key = (handler.path, handler["name"]) if handler is not None else ("", "")
        route, state = self._routes.get(key), self._states.get(key, "")
        if state == "guarded" and route is not None:
            return self._hung(route, right, role, touched=inside == "touched")
        if state == "open":
            return Asked("declared public", right, "")
        why = self._doubt(doubt, inside, state)
        if why:
            return Asked(None, right or None, UNKNOWN, why)
        bad = writes and self._siblings and role not in PUBLIC
        return Asked("none", right, BAD if bad else "")

    def _named(self, found: "Endpoint") -> tuple[list[str], list[str], list[str], str]:
        """The guards by name, the rights, what declares it open, and a base that nobody knows."""
        guards = [name for name in found.guards if guarding(name)]
        rights: list[str] = []
        opened = ["requires_auth"] if found.opened else []
        doubt = ""
        handler = found.handler
        if handler is not None:
            guards += handler["asks"].get("guards", [])
            rights += handler["asks"].get("permissions", [])
            opened += handler["asks"].get("open", [])
            own = (handler["action"] or {}).get("attributes", {}).get("permission_classes")
            if own is not None:
                return self._classes(own, guards, rights, opened, "")
        if found.view is not None:
            doubt = self._class(found.view, guards, rights, opened)
        return guards, rights, opened, doubt

    def _classes(
        self, names: list[str], guards: list[str], rights: list[str], opened: list[str], doubt: str
    ) -> tuple[list[str], list[str], list[str], str]:
        asking = [name for name in names if name not in _OPEN]
        guards += asking
        rights += asking
        if not asking:
            opened.append("AllowAny")
        return guards, rights, opened, doubt

    def _class(self, key: Key, guards: list[str], rights: list[str], opened: list[str]) -> str:
        """What the classes of a view say; gives back the name of a base that may ask, "" where none is unknown."""
        above, outer = self._web.line(key)
        stated = self._web.attribute(key, "permission_classes")
        if stated is not None:
            self._classes(stated, guards, rights, opened, "")
            return ""
        for name in ("permission_required", "required_permission", "permission", "permissions"):
            value = self._web.attribute(key, name)
            if value and value not in ("None", "()"):
                rights.append(str(value))
        for fact in above:
            guards += fact["asks"].get("guards", [])
            rights += fact["asks"].get("permissions", [])
            opened += fact["asks"].get("open", [])
            last = fact["name"].rpartition(".")[2]
            guards += [last] if last.endswith("Mixin") and guarding(last) else []
        guards += [last for base in outer if guards_as_base(last := base.rpartition(".")[2])]
        unknown = [base for base in outer if not base.startswith(_LIBRARIES)]
        return unknown[0].rpartition(".")[2].lstrip(":") if unknown else ""

    def _doubt(self, base: str, inside: str, state: str) -> str:
        """Why it cannot be told that nobody is asked, "" where it can."""
        if base:
            return f"What {base} asks is not known."
        if inside == "touched":
            return _TOUCHED
        wide = any(fact["wide"] and not self._is_sure(fact) for fact in self._guards)
        unknown = "unknown" in (state, inside) or wide
        return "A decorator, a base or a middleware of its own may ask." if unknown else ""

    def _is_sure(self, fact: Fact) -> bool:
        """Whether what is asked of many routes is asked of each: not by a hook that refuses nobody that one can see,
        nor by a middleware that looks at the path."""
        return bool(fact["sure"] and fact.get("refuses", True) and fact.get("name") not in self._picking)

    def _hung(self, route: Fact, right: str, role: str, *, touched: bool) -> Asked:
        """Who is asked by what a route hangs on; a hook may well let pass what everybody may see."""
        every = [fact for fact in self._guards if owned(fact, route, self._web.routers.keys())]
        hung = [fact for fact in every if self._is_sure(fact)]
        names = ", ".join(dict.fromkeys(_told(fact) for fact in hung))
        if names and role in PUBLIC and all(fact["kind"] == "hook" for fact in hung):
            return Asked(None, right or None, UNKNOWN, f"{names} may let it pass.")
        if not names and touched:
            return Asked(None, right or None, UNKNOWN, _TOUCHED)
        if not names and every:
            return Asked(None, right or None, UNKNOWN, "A hook may ask.")
        if names or route["auth"] == "guarded":
            return Asked(names or "asked by its class", right, GOOD)
        return Asked(None, right or None, UNKNOWN, "A class above it may ask.")

    def _for_all(self, found: "Endpoint") -> list[str]:
        """What holds for all routes: a middleware, a hook, a default of DRF."""
        sure = [fact for fact in self._guards if fact["wide"] and self._is_sure(fact)]
        told = [fact for fact in sure if fact["owner"] != "drf" or found.framework == "drf"]
        return list(dict.fromkeys(_told(fact) for fact in told))[:3]

    def throttle(self, found: "Endpoint") -> str | None:
        """What limits how often an endpoint may be called."""
        limits = list(found.handler["asks"].get("limits", ())) if found.handler is not None else []
        if found.view is not None:
            for name in ("throttle_classes", "throttle_scope"):
                value = self._web.attribute(found.view, name)
                limits += value if isinstance(value, list) else [value] if value else []
        if limits:
            return ", ".join(dict.fromkeys(map(str, limits)))
        return None if self._limits else ""


def _told(fact: Fact) -> str:
    name = str(fact.get("name") or "")
    kind = {"default": "default of REST_FRAMEWORK", "dependency": "dependency of the application"}.get(
        fact["kind"], fact["kind"]
    )
    return f"{name} ({kind})" if name else kind
