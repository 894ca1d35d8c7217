from math import ceil
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from reviews import hooks, reported, telling
from reviews.hook_forms import ForgeForm, HookForm, RotateForm
from reviews.models import Hook, Look, OutboxMessage, Repository
from reviews.views.people import PersonRequest, maintained, seen_repository
from reviews.views.repositories import tabs
from reviews.webhooks import guide

OK, CONFLICT, UNPROCESSABLE = 200, 409, 422
LAST_TOLD = 5


@login_required
@require_safe
def index(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """The hook of a repository: whether it is heard, what to enter at the forge, and what the forge is told."""
    return page(request, seen_repository(request, team, repository))


@login_required
@require_safe
def state(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """The part of the page that changes when something arrives. `was` says what the page showed."""
    hook = hook_of(seen_repository(request, team, repository))
    heard = reported.heard(hook)
    context = shown_hook(hook) | {"heard": heard, "news": request.GET.get("was") != heard.word}
    return render(request, "reviews/webhook.html#state", context)


@login_required
@require_POST
@never_cache
def make(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Make the hook. Its secret stands in this answer and in no other."""
    seen = maintained(request, team, repository)
    form = HookForm(request.POST, repository=seen)
    if not form.is_valid():
        return page(request, seen, UNPROCESSABLE, hook_form=form)
    try:
        _, secret = form.make(request.user)
    except hooks.HookChangedError as error:
        return page(request, seen, CONFLICT, problem=error)
    return page(request, seen, secret=secret)


@login_required
@require_POST
def change(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Say whose forge it is and which tags open a review."""
    seen = maintained(request, team, repository)
    form = HookForm(request.POST, repository=seen)
    if not form.is_valid():
        return page(request, seen, UNPROCESSABLE, hook_form=form)
    form.change(request.user)
    messages.success(request, "Saved. What is reported from now on is read so.")
    return redirect("repository-webhook", team, repository)


@login_required
@require_POST
@never_cache
def rotate(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Make a new secret, which stands in this answer and in no other."""
    seen = maintained(request, team, repository)
    try:
        secret = RotateForm(request.POST).rotate(hook_of(seen), request.user)
    except hooks.HookChangedError as error:
        return page(request, seen, CONFLICT, problem=error)
    return page(request, seen, secret=secret)


@login_required
@require_POST
def end_former(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Stop believing the former secret."""
    seen = maintained(request, team, repository)
    if hooks.end_former(hook_of(seen), by=request.user):
        messages.success(request, "The former secret counts no more.")
    return redirect("repository-webhook", team, repository)


@login_required
@require_POST
def remove(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Remove the hook with its deliveries."""
    seen = maintained(request, team, repository)
    hooks.remove(hook_of(seen), by=request.user)
    messages.success(request, "The hook was removed. Remove it at the forge as well: it is answered with 404 now.")
    return redirect("repository-webhook", team, repository)


@login_required
@require_POST
def tell(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Say what the forge is told, where, and with which token."""
    seen = maintained(request, team, repository)
    form = ForgeForm(request.POST, forge=telling.of(seen))
    if not form.is_valid() or form.change(request.user) is None:
        return page(request, seen, UNPROCESSABLE, forge_form=form)
    messages.success(request, "Saved. The forge is told so from now on.")
    return redirect("repository-webhook", team, repository)


@login_required
@require_POST
def try_out(request: PersonRequest, team: str, repository: str) -> HttpResponse:
    """Ask the forge whether the stored token reaches the repository. Changes nothing, there or here."""
    seen = maintained(request, team, repository)
    problem = telling.problem_of(seen)
    return page(request, seen, UNPROCESSABLE if problem else OK, tried={"problem": problem})


def hook_of(repository: Repository) -> Hook:
    """The hook of a repository. Raises Http404 when there is none, or none any more."""
    hook = found_hook(repository)
    if hook is None:
        raise Http404
    return hook


def found_hook(repository: Repository) -> Hook | None:
    """The hook of a repository, if it has one."""
    hook = Hook.objects.filter(repository=repository).first()
    if hook:
        hook.repository = repository
    return hook


def page(request: PersonRequest, repository: Repository, status: int = OK, **shown: Any) -> HttpResponse:
    """The page as it is now, with what this request has to show beside."""
    hook, forge = found_hook(repository), telling.of(repository)
    context = tabs(request, repository) | {
        "hook_form": HookForm(repository=repository),
        "forge_form": ForgeForm(forge=forge),
        "forge": forge,
        "look": Look.objects.filter(repository=repository).first(),
        "every": ceil(settings.POLL_SECONDS / 60),
        "told": repository.outbox.exclude(state=OutboxMessage.State.SUPERSEDED).order_by("-pk")[:LAST_TOLD],
    }
    provider = repository.provider
    if provider:
        context["needs"] = guide.steps(provider, "", "").token
    if hook and provider:
        address = hooks.url(hook)
        context |= {"address": address, "guide": guide.steps(provider, address, shown.get("secret", ""))}
    if hook:
        context |= shown_hook(hook) | {"heard": reported.heard(hook), "only_here": hooks.is_only_here()}
    return render(request, "reviews/webhook.html", context | shown, status=status)


def shown_hook(hook: Hook) -> dict[str, Any]:
    """What the page shows of a hook: nothing that is secret."""
    return {
        "hook": hook,
        "repository": hook.repository,
        "team": hook.repository.team,
        "expected": hooks.fingerprint(hook),
        "overlap": hook.former_until if len(hooks.secrets(hook, timezone.now())) > 1 else None,
    }
