"""Every place that a rule looked at in the newest scan of a repository: the numbers of its ratio, opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviews import recount, trees, waived
from reviews.advisories import age
from reviews.advisories.stored import current
from reviews.cache import DatabaseCache
from reviews.models import Finding, Repository, ScanTree
from reviews.scans import files_of
from reviews.waived import Shown
from scanners.finding import Site
from scanners.rule import Rule
from scanners.scan import sites


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of one rule. Findings of low confidence stand with the unresolved ones, as they are counted.

    `excused` are the findings that a waiver or a false positive covers today.
    """

    bad: Sequence[Finding]
    excused: Sequence[tuple[Finding, Shown]]
    doubtful: Sequence[Finding]
    unresolved: Sequence[Site]
    good: Sequence[Site]
    forgotten: bool


def sites_of(repository: Repository, rule: Rule) -> Sites:
    """The sites of `rule`; `forgotten` says that the cache holds no answers of that scan any more."""
    scan = repository.latest_scan
    tree = ScanTree.objects.filter(scan=scan).first() if scan else None
    found: list[Site] = []
    if scan and tree:
        files, answers = files_of(trees.unpack(tree.files)), DatabaseCache(scan.rule_set)
        found = sites(rule.id, repository.kind, files, answers, current())
        why = age.blind(recount.kept_of(scan), waived.today()).get(rule.id, "")
        found = [replace(site, good=False, reason=why) if why and site.good else site for site in found]
    open_ = repository.findings.filter(rule=rule.id, state=Finding.State.OPEN).defer("snippet").order_by("path", "line")
    shown = waived.shown([repository], waived.today())
    left = [finding for finding in open_ if finding.pk not in shown]
    return Sites(
        bad=[finding for finding in left if finding.confidence != "low"],
        excused=[(finding, shown[finding.pk]) for finding in open_ if finding.pk in shown],
        doubtful=[finding for finding in left if finding.confidence == "low"],
        unresolved=[site for site in found if not site.good],
        good=[site for site in found if site.good],
        forgotten=not found,
    )
