"""Patches as pages show them: the fix of one finding, what is verified in a repository, one rule across the fleet."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.utils.text import slugify

from reviews import waived
from reviews.models import Finding, Patch, Repository
from reviews.patches import diff
from reviews.patches.asking import holds
from reviews.patches.questions import bulk_rules
from scanners import registry
from scanners.fixes.fix import Fix
from scanners.fixes.offered import fixes


@dataclass(frozen=True)
class Answer:
    """One patch with what its page needs; `patch` is None while nobody has asked."""

    repository: Repository
    patch: Patch | None

    @property
    def pending(self) -> bool:
        """Whether a worker has yet to answer."""
        return self.patch is not None and self.patch.pending

    @property
    def ready(self) -> bool:
        """Whether there is something to apply, be it old."""
        return self.patch is not None and self.patch.ready

    @cached_property
    def holds(self) -> bool:
        """Whether it is so at the newest scan."""
        return self.patch is not None and holds(self.patch, self.repository)

    @property
    def missing(self) -> bool:
        """Whether somebody has to ask, for the first time or again."""
        return not self.pending and not self.holds

    @cached_property
    def files(self) -> list[diff.FileDiff]:
        """What it changes, as much as a page shows."""
        return diff.files(bytes(self.patch.body)) if self.patch and self.patch.ready else []

    @property
    def hidden(self) -> int:
        """How many files are not shown."""
        return self.patch.files - len(self.files) if self.patch else 0

    @cached_property
    def text(self) -> str:
        """What a button copies; empty when that would not be the same bytes."""
        return diff.copied(bytes(self.patch.body)) if self.patch and self.patch.ready else ""

    @property
    def name(self) -> str:
        """The file that is downloaded."""
        return file_name(self.patch, self.repository) if self.patch else ""


@dataclass(frozen=True)
class FindingFix(Answer):
    """The fix of one finding, beside the patch of all findings of its rule."""

    fix: Fix
    alike: int
    whole: Patch | None

    @property
    def why(self) -> str:
        """Why none is offered."""
        refused = self.patch.refused if self.patch else []
        return refused[0]["why"] if refused else "It could not be found in the file."


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in one repository: how many of its open findings one patch clears, and the patch if somebody asked."""

    repository: Repository
    fix: Fix
    open: int
    verified: int
    answer: Answer

    @property
    def title(self) -> str:
        """That of the rule."""
        return registry.rules()[self.fix.rule].title


@dataclass(frozen=True, slots=True)
class Cleared:
    """The findings of an item whose fix is verified, and whether one patch may hold all of them."""

    findings: int
    bulk: bool


def fix_of(finding: Finding, repository: Repository) -> FindingFix | None:
    """The fix of an open finding; None where no program has one."""
    fix = fixes().get(finding.rule)
    if fix is None or finding.state != Finding.State.OPEN:
        return None
    known = {row.finding_id: row for row in repository.patches.filter(finding=finding)}
    whole = repository.patches.filter(finding=None, rule=finding.rule).defer("body").first() if fix.bulk else None
    alike = repository.findings.filter(state=Finding.State.OPEN, rule=finding.rule).count() if fix.bulk else 0
    return FindingFix(repository, known.get(finding.pk), fix, alike, whole)


def verified(repositories: Collection[Repository]) -> dict[str, set[int]]:
    """The findings whose fix was proved and still holds, by rule."""
    by_key = {repository.pk: repository for repository in repositories}
    rows = Patch.objects.filter(repository__in=by_key, state=Patch.State.READY).defer("body", "refused")
    found: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for one in row.fixed if holds(row, by_key[row.repository_id]) else ():
            found[one["rule"]].add(one["finding"])
    return found


def cleared(known: Mapping[str, set[int]]) -> dict[str, Cleared]:
    """What verified fixes clear of each item, by the item's ref; `known` as `verified` gives it."""
    rules: dict[str, set[str]] = defaultdict(set)
    for rule in known.keys() & registry.rules().keys():
        rules[registry.rules()[rule].item].add(rule)
    return {
        ref: Cleared(sum(len(known[rule]) for rule in named), named <= bulk_rules()) for ref, named in rules.items()
    }


def rule_lines(repository: Repository) -> list[RuleLine]:
    """The rules with open findings that may be mended in bulk, the most findings first."""
    open_ = repository.findings.filter(state=Finding.State.OPEN, rule__in=bulk_rules())
    excused = waived.shown([repository], waived.today())
    counts = Counter(rule for pk, rule in open_.values_list("pk", "rule") if pk not in excused)
    known = verified([repository])
    asked = {row.rule: row for row in repository.patches.filter(finding=None).defer("body")}
    return [
        RuleLine(repository, fixes()[rule], count, len(known.get(rule, ())), Answer(repository, asked.get(rule)))
        for rule, count in counts.most_common()
    ]


def across(repositories: QuerySet[Repository], rule: str) -> list[RuleLine]:
    """A rule in every repository that has open findings of it, the most findings first."""
    open_ = Finding.objects.filter(repository__in=repositories, state=Finding.State.OPEN, rule=rule)
    counts = Counter(open_.order_by().values_list("repository", flat=True))
    scanned = repositories.filter(latest_scan__isnull=False, pk__in=counts).select_related("team", "latest_scan")
    seen = scanned.defer("latest_scan__scorecard").in_bulk()
    asked = {row.repository_id: row for row in _of_rule(seen, rule).defer("body")}
    proved = verified(list(seen.values())).get(rule, set())
    ours = Counter(Finding.objects.filter(pk__in=proved).order_by().values_list("repository", flat=True))
    lines = [
        RuleLine(one, fixes()[rule], counts[key], ours[key], Answer(one, asked.get(key))) for key, one in seen.items()
    ]
    return sorted(lines, key=lambda line: (-line.open, line.repository.name))


def file_name(patch: Patch, repository: Repository) -> str:
    """A name that every system takes: what it is of, and the commit that it was made for."""
    what = f"finding-{patch.finding_id}" if patch.finding_id else patch.rule or "all"
    parts = (repository.team.slug, repository.slug, what, patch.commit[:12])
    return f"{'-'.join(slugify(part) for part in parts)}.patch"


def _of_rule(repositories: Iterable[int], rule: str) -> QuerySet[Patch]:
    return Patch.objects.filter(repository__in=list(repositories), finding=None, rule=rule)
