"""From a signed webhook to what the forge is told and the gate answers, for each of the six forges over real HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from reviews import hooks, intake, queue, scanning, tokens
from reviews.deliveries import sorting
from reviews.forges import delivery
from reviews.gate import statuses
from reviews.models import ApiToken, Forge, Repository, Team, User
from tests.forge_contracts import CONTRACTS
from tests.forge_server import ForgeServer
from tests.origin import commit_files, make_repository
from tests.reviews.pulls.proposing import CLEAN, WAITS, proposed
from tests.reviews.webhooks import payloads, sending
from tests.reviews.webhooks.payloads import Json, changed

pytestmark = pytest.mark.django_db(transaction=True)
FAULT = "import requests\n\n\ndef refund(url):\n    requests.post(url, verify=False)\n"


@dataclass(frozen=True)
class Reports:
    """How one forge reports: the headers that name the events, and its payloads of a commit."""

    names: dict[str, dict[str, str]]
    ref: str = "refs/pull/7/head"

    def headers(self, kind: str) -> dict[str, str]:
        return self.names.get(kind, {})


FORGES = {
    "github": Reports({kind: {"x-github-event": kind} for kind in ("push", "pull_request")}),
    "gitea": Reports({kind: {"x-gitea-event": kind} for kind in ("push", "pull_request")}),
    "gitlab": Reports(
        {"push": {"x-gitlab-event": "Push Hook"}, "pull_request": {"x-gitlab-event": "Merge Request Hook"}},
        "refs/merge-requests/7/head",
    ),
    "bitbucket": Reports(
        {"push": {"x-event-key": "repo:push"}, "pull_request": {"x-event-key": "pullrequest:created"}},
        "refs/heads/wait-less",
    ),
    "bitbucket-server": Reports(
        {"push": {"x-event-key": "repo:refs_changed"}, "pull_request": {"x-event-key": "pr:opened"}},
        "refs/pull-requests/7/from",
    ),
    "azure": Reports({}, "refs/heads/wait-less"),
}


def push_of(provider: str, commit: str) -> Json:
    """What the forge sends of a push of `commit` to main."""
    if provider == "bitbucket":
        return payloads.cloud_push(changed(payloads.CLOUD_BRANCH, "new", "target", "hash", to=commit))
    if provider == "bitbucket-server":
        return payloads.server_push(changed(payloads.SERVER_BRANCH, "toHash", to=commit))
    if provider == "azure":
        return payloads.azure_push(changed(payloads.AZURE_BRANCH, "newObjectId", to=commit))
    sent = payloads.GITLAB_PUSH if provider == "gitlab" else payloads.GITHUB_PUSH
    return changed(sent, "after", to=commit) | {"checkout_sha": commit, "head_commit": {"id": commit}}


def pull_of(provider: str, commit: str) -> Json:
    """What the forge sends of the opened pull request 7 with the head `commit`."""
    of_forge: dict[str, tuple[Json, tuple[str, ...]]] = {
        "github": (payloads.GITHUB_PULL, ("pull_request", "head", "sha")),
        "gitea": (payloads.GITEA_PULL, ("pull_request", "head", "sha")),
        "gitlab": (payloads.GITLAB_MERGE, ("object_attributes", "last_commit", "id")),
        "bitbucket": (payloads.CLOUD_PULL, ("pullrequest", "source", "commit", "hash")),
        "bitbucket-server": (payloads.SERVER_PULL, ("pullRequest", "fromRef", "latestCommit")),
        "azure": (payloads.AZURE_PULL, ("resource", "lastMergeSourceCommit", "commitId")),
    }
    payload, way = of_forge[provider]
    sent = changed(payload, *way, to=commit[:12] if provider == "bitbucket" else commit)
    return sent | ({"id": commit} if provider == "azure" else {})


class Stage:
    """A registered repository at a stand-in forge, and the site that both talk to."""

    def __init__(self, forge: ForgeServer, origin: Path, repository: Repository, url: str) -> None:
        self.forge, self.origin, self.repository, self.url = forge, origin, repository, url
        self.provider = forge.provider
        self.hook, self.secret = hooks.make(repository, forge.provider)

    def report(self, kind: str, payload: dict[str, Any]) -> httpx.Response:
        raw = json.dumps(payload).encode()
        proof = sending.SENDERS[self.provider][1](self.secret, raw)
        headers = {"Content-Type": "application/json", **proof, **FORGES[self.provider].headers(kind)}
        return httpx.post(f"{self.url}/hooks/{self.hook.key}/", content=raw, headers=headers, timeout=10)

    def work(self) -> None:
        """All that workers would do now."""
        while sorting.sort_some():
            pass
        while lease := queue.lease("worker"):
            scanning.run(lease)
        statuses.tell_due(timezone.now())
        while delivery.due().exists():
            delivery.deliver()

    def gate(self, commit: str, secret: str) -> Json:
        headers = {"Authorization": f"Bearer {secret}"}
        place = f"{self.url}/api/v1/repositories/{self.repository.pk}/gate?commit={commit}"
        return httpx.get(place, headers=headers, timeout=10).raise_for_status().json()


@pytest.fixture(params=CONTRACTS)
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings, team: Team, live_server: LiveServer
) -> Iterator[Stage]:
    settings.ALLOWED_SCHEMES, settings.ALLOWED_PRIVATE = ["http", "https"], ["127.0.0.1"]
    with ForgeServer(request.param, root=tmp_path) as forge:
        origin = make_repository(tmp_path / forge.home)
        commit_files(origin, {"pay.py": WAITS, "amounts.py": CLEAN})
        wish = intake.Registration("payments", forge.repository_url, credential=forge.kept.token)
        repository = intake.register(team, wish)
        Forge.objects.create(repository=repository, api_url=forge.api_url, posts_statuses=True, posts_comments=True)
        yield Stage(forge, origin, repository, live_server.url)


def test_a_push_is_scanned_and_the_gate_answers_here_and_at_the_forge(stage: Stage, owner: User) -> None:
    stage.work()
    commit = commit_files(stage.origin, {"amounts.py": CLEAN + "\n\nNOTHING = 0\n"})
    assert stage.report("push", push_of(stage.provider, commit)).status_code == 202
    stage.work()
    secret = tokens.make(stage.repository.team, "pipeline", [ApiToken.Scope.READ], 30, by=owner)[1]
    answer = stage.gate(commit, secret)
    assert (answer["verdict"], answer["reasons"][0]["code"]) == ("fail", "level-below")
    told = stage.forge.statuses[-1]
    assert told.commit == commit
    assert answer["reasons"][0]["text"].startswith(told.text.removesuffix("…"))
    assert stage.forge.violations == []


def test_a_pull_request_gets_a_status_and_one_comment_that_follows_it(stage: Stage) -> None:
    stage.work()
    before = set(stage.repository.findings.values_list("pk", "state"))
    head = proposed(stage.origin, 7, {"refund.py": FAULT}, ref=FORGES[stage.provider].ref)
    assert stage.report("pull_request", pull_of(stage.provider, head)).status_code == 202
    stage.work()
    (comment,) = stage.forge.comments(7)
    assert "refund.py" in comment.text
    assert "pay.py" not in comment.text
    assert [status.commit for status in stage.forge.statuses][-1] == head
    mended = proposed(stage.origin, 7, {"amounts.py": CLEAN + "\n\nN = 1\n"}, ref=FORGES[stage.provider].ref)
    assert stage.report("pull_request", pull_of(stage.provider, mended)).status_code == 202
    stage.work()
    (comment,) = stage.forge.comments(7)
    assert "refund.py" not in comment.text
    assert set(stage.repository.findings.values_list("pk", "state")) == before
    assert stage.forge.violations == []
