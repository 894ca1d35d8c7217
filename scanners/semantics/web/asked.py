"""Who is asked before a handler runs, by name: decorators, dependencies, permission classes, checks of its own."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scanners.constants import fold
from scanners.regex import regex
from scanners.scopes import Scope
from scanners.semantics.api.guardnames import OPEN, guarding
from scanners.semantics.api.guards import asked_in
from scanners.semantics.api.refusals import turns_away
from scanners.syntax import descendants, last_name, unparse

_DEPENDS: Final = frozenset({"Depends", "Security", "Provide", "Inject"})
_HOPS: Final = 3
_LIMITS: Final = regex(r"limit|throttl", re.IGNORECASE)
_NO_GUARD: Final = frozenset({"method_decorator", "wraps", "csrf_exempt", "csrf_protect", "authentication_classes"})
_PERMISSION: Final = regex(r"permission|perms?$|roles?(_|$)|scopes?(_|$)|can_|privilege|policy|entitle|acl", re.I)


@dataclass(slots=True)
class Asked:
    """Names of what asks who is calling, of what is asked for (permissions, roles), of what declares it open, and of
    what limits how often; `inside` is "guarded" where the handler refuses by itself, "touched" where it only looks at
    who calls, "unknown" where it may."""

    guards: list[str] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    inside: str = ""

    def as_fields(self) -> dict[str, Any]:
        """Plain JSON, empty fields left out."""
        names = ("guards", "permissions", "open", "limits", "inside")
        return {name: value for name in names if (value := getattr(self, name))}


def asked_of(node: Any, scope: Scope, *, injects: bool) -> Asked:
    """What asks before a def runs. `injects` says that its framework resolves dependencies from its parameters."""
    found = Asked()
    for decorator in (*node.decorator_list, *_afterwards(node, scope)):
        _decorator(decorator, scope, found)
    if injects:
        for text in _dependencies(node):
            _note(text, found)
    if not found.guards:
        found.inside = asked_in(node)
        if found.inside == "guarded" and not turns_away(node):
            found.inside = "touched"
    return found


def _afterwards(node: Any, scope: Scope) -> Iterator[ast.expr]:
    """What a def is given to afterwards, under its own name: `view = login_required(view)`."""
    for binding in scope.names.get(node.name, ()):
        made = binding.value if binding.kind == "assign" else None
        while isinstance(made, ast.Call) and made.args:
            yield made.func
            made = made.args[0]


def _hop(decorator: ast.expr, scope: Scope) -> ast.expr:
    """What makes a decorator that a name of the module holds: `staff_only = user_passes_test(...)`."""
    for _ in range(_HOPS):
        held = scope.names.get(decorator.id, ()) if isinstance(decorator, ast.Name) else ()
        value = held[-1].value if held and held[-1].kind == "assign" else None
        if not isinstance(value, (ast.Name, ast.Attribute, ast.Call)):
            break
        decorator = value
    return decorator


def asked_by_decorators(decorators: Iterable[ast.expr], scope: Scope) -> Asked:
    """What the decorators of a class ask."""
    found = Asked()
    for decorator in decorators:
        _decorator(decorator, scope, found)
    return found


def _decorator(decorator: ast.expr, scope: Scope, found: Asked) -> None:
    call = decorator if isinstance(decorator, ast.Call) else None
    name = last_name(call.func if call else decorator)
    if call is not None and name == "method_decorator" and call.args:
        inner = call.args[0].elts if isinstance(call.args[0], (ast.List, ast.Tuple)) else call.args[:1]
        for each in inner:
            _decorator(each, scope, found)
        return
    if call is not None and name == "permission_classes":
        names = names_in(call.args)
        (found.open if "AllowAny" in names or not names else found.guards).extend(names or ["permission_classes()"])
        found.permissions += [each for each in names if each != "AllowAny"]
        return
    if _LIMITS.search(name) or (call is not None and _LIMITS.search(unparse(call.func))):
        found.limits.append(_arguments(call, scope) or name)
        return
    if call is None and not guarding(name) and (made := _hop(decorator, scope)) is not decorator:
        name = last_name(made.func if isinstance(made, ast.Call) else made)
    if name not in _NO_GUARD and not (name in _VERBS and call is not None):
        _note(name, found)
        if call is not None and found.guards[-1:] == [name] and (told := _arguments(call, scope)):
            found.permissions.append(told)
    for word in call.keywords if call is not None else ():
        if word.arg in ("dependencies", "auth", "permission", "permissions", "security", "roles", "guards"):
            _keyword(word, found)


def _keyword(word: ast.keyword, found: Asked) -> None:
    """What a keyword of a decorator asks: `auth=JWTAuth()`, `dependencies=[Depends(check)]`, `permission="edit"`."""
    texts = depended(word.value) or names_in([word.value])
    for text in texts:
        _note(text, found, sure=word.arg in ("auth", "security"))
    if isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
        found.permissions.append(word.value.value)
        found.guards.append(str(word.arg))
    elif isinstance(word.value, ast.Constant) and word.value.value is None:
        found.open.append(f"{word.arg}=None")


_VERBS: Final = frozenset(
    "route get post put patch delete head options websocket api_route action expose view register task".split()
)


def _note(name: str, found: Asked, *, sure: bool = False) -> None:
    if OPEN.search(name):
        found.open.append(name)
    elif sure or guarding(name):
        found.guards.append(name)


def _arguments(call: ast.Call | None, scope: Scope) -> str:
    """The fixed arguments of a decorator: what it asks for, or how often."""
    if call is None:
        return ""
    values = [fold(arg, scope) for arg in (*call.args, *(word.value for word in call.keywords))]
    texts = [value for value in values if isinstance(value, str) and value]
    texts += [part for value in values if isinstance(value, tuple) for part in value if isinstance(part, str)]
    texts += [unparse(arg) for arg in call.args if isinstance(arg, ast.Attribute)]
    return ", ".join(texts)[:120]


def names_in(nodes: Iterable[ast.AST]) -> list[str]:
    """The last parts of the names in a list, a tuple or an operator of classes: `[IsAdmin | IsOwner]`."""
    found: list[str] = []
    for top in nodes:
        inside = {id(node.value) for node in descendants(top, ast.Attribute)}
        named = [node for node in descendants(top, ast.Name, ast.Attribute) if id(node) not in inside]
        found += [last_name(node) for node in named if last_name(node)[:1].isalpha()]
    return list(dict.fromkeys(found))


def depended(expr: ast.AST) -> list[str]:
    """What is resolved before a handler runs: `Depends(get_current_user)`, `Security(check, scopes=[...])`."""
    found = []
    for call in descendants(expr, ast.Call):
        if last_name(call.func) in _DEPENDS:
            first = call.args[0] if call.args else None
            made = first.func if isinstance(first, ast.Call) else first
            found.append(last_name(made) or (unparse(made)[:60] if made is not None else last_name(call.func)))
    return found


def _dependencies(node: Any) -> Iterator[str]:
    args: ast.arguments = node.args
    for value in (*args.defaults, *(each for each in args.kw_defaults if each)):
        yield from depended(value)
    for arg in (*args.args, *args.kwonlyargs):
        if arg.annotation is None:
            continue
        yield from depended(arg.annotation)
        if arg.arg in ("user", "current_user", "account", "principal", "identity", "me"):
            yield (
                "current_user"
                if not isinstance(arg.annotation, (ast.Name, ast.Attribute))
                else last_name(arg.annotation)
            )
        elif isinstance(arg.annotation, (ast.Name, ast.Attribute)) and _INJECTED.search(last_name(arg.annotation)):
            yield last_name(arg.annotation)


_INJECTED: Final = regex(r"(Dep|Deps|Depends|Dependency|CurrentUser\w*|AuthUser|Principal|Authenticated\w*)$")


def is_permission(name: str) -> bool:
    """Whether a guard asks for a right, beyond asking who is calling."""
    return bool(_PERMISSION.search(name))
