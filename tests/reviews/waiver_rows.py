"""Repositories whose newest scan can be counted again, and waivers of their findings."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from reviews import recount, trees, waived
from reviews.models import (
    Finding,
    Membership,
    Repository,
    Review,
    ReviewItem,
    Scan,
    ScanTree,
    Team,
    User,
    Waiver,
)
from reviews.waivers.asking import Wish, ask
from reviews.waivers.decisions import decide
from reviews.waivers.life import Action
from scanners import registry
from tests.factories import MembershipFactory
from tests.reviews.rows import RULE, finished

NO_FILES = trees.pack({"files": [], "skipped": [], "suppressions": []})


def counted(repository: Repository, *, good: int = 41) -> Scan:
    """The newest scan of a repository, which counted its open findings beside `good` sites of RULE."""
    scan = repository.latest_scan or finished(repository)
    open_ = list(repository.findings.filter(state=Finding.State.OPEN))
    rows = {True: [], False: []}
    for one in open_:
        rows[one.confidence == "low"].append([one.rule, one.identity, one.path, one.severity, one.anchor])
    kept = {
        "tier": repository.tier,
        "kind": repository.kind,
        "rule_set": registry.digest(),
        "counts": {rule: counts(rule, rows, good) for rule in registry.rules()},
        "errors": {},
        "unread": 0,
        "coverage": 1.0,
        "python_files": 7,
        "findings": rows[False],
        "doubtful": rows[True],
    }
    ScanTree.objects.update_or_create(scan=scan, defaults={"files": NO_FILES, "counted": trees.pack(kept)})
    Scan.objects.filter(pk=scan.pk).update(**recount.numbers(repository.pk, kept, waived.today()))
    repository.refresh_from_db()
    return repository.latest_scan


def counts(rule: str, rows: dict[bool, list[list[str]]], good: int) -> list[Any]:
    """The packed count of one rule."""
    bad = Counter(row[3] for row in rows[False] if row[0] == rule)
    doubts = sum(row[0] == rule for row in rows[True])
    if not bad and not doubts:
        return [0, {}, 0, 0, False, "Nothing of the kind."]
    return [good if rule == RULE else 0, bad, doubts, doubts, True, ""]


def member(team: Team, name: str, role: str = "reviewer", *duties: str) -> User:
    """Another person of a team."""
    return MembershipFactory(team=team, user__username=name, role=role, duties=list(duties)).user


def give(user: User, *duties: str) -> User:
    """Give a person duties in all their teams."""
    Membership.objects.filter(user=user).update(duties=list(duties))
    return user


def wish(repository: Repository, *findings: Finding, days: int = 7, **changes: Any) -> Wish:
    """A fair request that ends after `days`: for findings, or with `rule` or `item`."""
    plain = {
        "findings": tuple(finding.pk for finding in findings),
        "reason": "not-yet",
        "justification": "The peer closes after 5 s; mended in 3.2.1.",
        "ends_on": in_days(days),
        "cap": 5,
    }
    return Wish(repository, **plain | changes)


def waiver(by: User, approver: User, repository: Repository, *findings: Finding, **changes: Any) -> Waiver:
    """An approved waiver."""
    asked = ask(wish(repository, *findings, **changes), by)
    return decide(Action.APPROVE, asked, approver, version=asked.version)


def in_days(days: int) -> date:
    """A day from today on."""
    return waived.today() + timedelta(days=days)


def asked_items(repository: Repository, state: str, answers: dict[str, str], **fields: Any) -> Review:
    """A review in a state with answers to required items."""
    if state.startswith("approved"):
        fields |= {"valid_until": fields["decided_at"] + timedelta(days=90)}
    number = repository.reviews.count() + 1
    place = {"repository": repository, "tier": repository.tier, "kind": repository.kind}
    review = Review.objects.create(
        number=number, title=f"1.{number}", occasion="release", state=state, **place, **fields
    )
    ReviewItem.objects.bulk_create(
        [
            ReviewItem(review=review, place=at, ref=ref, asked=True, required=True, level="bronze", answer=answer)
            for at, (ref, answer) in enumerate(answers.items())
        ]
    )
    return review
