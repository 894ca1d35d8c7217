"""Which methods the class of a view answers, its own and those of the library's classes above it."""

from collections.abc import Iterator, Sequence
from typing import Final

from scanners.inventory.webnames import Web
from scanners.semantics.concurrency.reach import Key
from scanners.tree import Fact

_VERBS: Final = ("get", "post", "put", "patch", "delete", "head", "options")
_READ, _FORM = ("GET",), ("GET", "POST")
GENERIC: Final = {
    "TemplateView": _READ, "ListView": _READ, "DetailView": _READ, "ArchiveIndexView": _READ, "YearArchiveView": _READ,
    "MonthArchiveView": _READ, "DayArchiveView": _READ, "DateDetailView": _READ,
    "RedirectView": _READ, "CreateView": _FORM, "UpdateView": _FORM, "DeleteView": _FORM, "FormView": _FORM,
    "LoginView": _FORM, "LogoutView": ("POST",), "PasswordChangeView": _FORM, "PasswordResetView": _FORM,
    "PasswordResetConfirmView": _FORM, "PasswordResetDoneView": _READ, "PasswordResetCompleteView": _READ,
    "PasswordChangeDoneView": _READ, "ProcessFormView": _FORM, "SessionWizardView": _FORM, "BaseDetailView": _READ,
    "BaseListView": _READ, "SingleObjectTemplateResponseMixin": (), "JavaScriptCatalog": _READ,
    "ListAPIView": _READ, "RetrieveAPIView": _READ, "CreateAPIView": ("POST",), "UpdateAPIView": ("PUT", "PATCH"),
    "DestroyAPIView": ("DELETE",), "ListCreateAPIView": _FORM, "RetrieveUpdateAPIView": ("GET", "PUT", "PATCH"),
    "RetrieveDestroyAPIView": ("GET", "DELETE"), "RetrieveUpdateDestroyAPIView": ("GET", "PUT", "PATCH", "DELETE"),
    "SpectacularAPIView": _READ, "SpectacularSwaggerView": _READ, "SpectacularRedocView": _READ,
    "ObtainAuthToken": ("POST",),
}  # fmt: skip
_ALL: Final = frozenset({"list", "retrieve", "create", "update", "partial_update", "destroy"})
_SETS: Final = {
    "ModelViewSet": _ALL, "ReadOnlyModelViewSet": frozenset({"list", "retrieve"}),
    "ListModelMixin": frozenset({"list"}), "RetrieveModelMixin": frozenset({"retrieve"}),
    "CreateModelMixin": frozenset({"create"}), "UpdateModelMixin": frozenset({"update", "partial_update"}),
    "DestroyModelMixin": frozenset({"destroy"}),
}  # fmt: skip
ACTIONS: Final = {
    "list": "GET", "create": "POST", "retrieve": "GET", "update": "PUT", "partial_update": "PATCH", "destroy": "DELETE",
}  # fmt: skip

Answer = tuple[Sequence[str] | None, str, Fact | None]
"""Methods, the name of what answers, and the def where the repository has it."""


def answering(web: Web, key: Key, limited: Sequence[str] = ()) -> Iterator[Answer]:
    """What a view's class answers, one for each def: its methods, those of its bases, those of the library's."""
    fact = web.classes[key]
    allowed = {name.upper() for name in web.attribute(key, "http_method_names") or limited or ()}
    methods: dict[str, Fact | None] = {}
    for verb in _VERBS:
        handler = web.method(key, verb)
        if handler is not None:
            methods[verb.upper()] = handler
    for base in web.line(key)[1]:
        for verb in GENERIC.get(base.rpartition(".")[2], ()):
            methods.setdefault(verb, web.method(key, "form_valid") if verb == "POST" else None)
    if len(methods) > 1:
        methods = {verb: handler for verb, handler in methods.items() if verb not in ("OPTIONS", "HEAD")}
    grouped: dict[str, tuple[list[str], Fact | None]] = {}
    for verb, handler in methods.items():
        if not allowed or verb in allowed:
            name = _name(fact, handler)
            grouped.setdefault(name, ([], handler))[0].append(verb)
    if not grouped:
        dispatch = web.method(key, "dispatch")
        any_method = any(base.endswith(".Feed") for base in web.line(key)[1])
        yield (list(limited) or ([] if any_method else None)), fact["name"], dispatch
    for name, (verbs, handler) in grouped.items():
        yield verbs, name, handler


def _name(fact: Fact, handler: Fact | None) -> str:
    if handler is None:
        return str(fact["name"])
    return f"{fact['name']}.{handler['name'].rpartition('.')[2]}"


def set_actions(web: Web, key: Key) -> dict[str, Fact | None]:
    """The actions of a view set of DRF, with the defs of those that the repository writes."""
    found: dict[str, Fact | None] = {}
    inherited = {action for base in web.line(key)[1] for action in _SETS.get(base.rpartition(".")[2], ())}
    allowed = {name.upper() for name in web.attribute(key, "http_method_names") or ()}
    for action, method in ACTIONS.items():
        handler = web.method(key, action)
        if (handler is not None or action in inherited) and (not allowed or method in allowed):
            found[action] = handler
    return found
