"""
Who asks for a patch, and whether what was worked out still holds.

    ask(repository, Question(rule="…"), by=person)      # the row that answers, or will
    prepare(scan.pk)                                    # after it: what holds goes on to hold, the rest is made anew
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from reviews.models import Finding, Patch, Repository, User
from reviews.patches.questions import Question, Stock, bulk_rules
from scanners import registry
from scanners.fixes.offered import fixes

MOST_WAITING = 50
MADE_AHEAD = 20  # Findings of a repository that are mended before anybody asks.
State = Patch.State


def ask(repository: Repository, question: Question, *, by: User | None = None) -> Patch:
    """The row of a question; a worker answers it anew unless it says already what it would say now.

    Asking twice is asking once. Raises ValidationError for what nobody can work out.
    """
    _check(repository, question)
    stock = Stock(repository)
    if question.finding is not None and not any(question.asks(one) for one in stock.findings):
        raise _error("finding_not_open", "This finding is not open.", "Only what is open and not excused is mended.")
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        row = _row(repository, question)
        if row.pending:
            Patch.objects.filter(pk=row.pk, ahead=True).update(ahead=False)
        elif not _goes_on(row, repository, stock):
            _wish(row, by=by, ahead=False)
    row.refresh_from_db()
    return row


def prepare(scan: int) -> bool:
    """Bring the patches of a repository up to this scan, if it is the newest. Returns whether a worker is needed.

    Those whose files are as they were go on to hold. Anew, and before anybody asks, are made: the patch of the whole
    repository, and those of the first findings.
    """
    with transaction.atomic():
        seen = Repository.objects.select_for_update(no_key=True).filter(latest_scan=scan).first()
        if seen is None or not is_scanned(seen):
            return False
        Patch.objects.filter(repository=seen, finding__isnull=False).exclude(finding__state=Finding.State.OPEN).delete()
        stock = Stock(seen)
        held = {Question.of(row): row for row in seen.patches.defer("body")}
        current = {question for question, row in held.items() if _is_tried(row, seen) or _goes_on(row, seen, stock)}
        first = [Question(finding=finding.pk) for finding in stock.findings[:MADE_AHEAD]]
        wanted = [*([Question()] if any(map(Question().asks, stock.findings)) or Question() in held else []), *first]
        new = [question for question in wanted if question not in current]
        for question in new:
            _wish(held.get(question) or _row(seen, question), by=None, ahead=True)
    return bool(new)


def is_scanned(repository: Repository) -> bool:
    """Whether the newest scan was made with the rules that are in force, so that its findings can be looked up."""
    return repository.latest_scan is not None and repository.latest_scan.rule_set == registry.digest()


def holds(patch: Patch, repository: Repository) -> bool:
    """Whether what was worked out is so at the newest scan. It costs no query."""
    newest = repository.latest_scan
    answered = patch.state in (State.READY, State.NOTHING)
    return answered and newest is not None and (patch.holds_at, patch.rule_set) == (newest.commit, newest.rule_set)


def _check(repository: Repository, question: Question) -> None:
    if repository.latest_scan is None:
        raise _error("not_scanned", "The repository is not scanned yet.", "Ask for a scan first.")
    if not is_scanned(repository):
        raise _error("other_rules", "The newest scan was made with other rules.", "Scan it again, then ask again.")
    if question.rule and question.rule not in registry.rules():
        raise _error("rule_unknown", f"There is no rule {question.rule[:80]!r}.", "The checklist lists the rules.")
    if question.rule and question.rule not in fixes():
        raise _error("no_fix", f"No program can mend {question.rule}.", "Its page says what to do by hand.")
    if question.rule and question.rule not in bulk_rules():
        what = f"A fix of {question.rule} may change what code means."
        raise _error("one_at_a_time", what, "Ask for the fix of one finding, and read it before you apply it.")
    waiting = repository.patches.filter(state=State.WANTED, ahead=False).count()
    if waiting >= MOST_WAITING:
        raise _error("patches_waiting", f"{waiting} patches of this repository wait already.", "Ask again later.")


def _row(repository: Repository, question: Question) -> Patch:
    """The row of a question. Call it where the repository is locked."""
    known = {"rule": question.rule, "finding_id": question.finding}
    return Patch.objects.get_or_create(repository=repository, **known, defaults={"state": State.NOTHING})[0]


def _goes_on(row: Patch, repository: Repository, stock: Stock) -> bool:
    """Whether the answer holds at the newest scan, which is written down."""
    newest = repository.latest_scan
    if newest is None or row.state not in (State.READY, State.NOTHING) or row.basis == "":
        return False
    if row.rule_set != newest.rule_set or stock.job(Question.of(row)).basis != row.basis:
        return False
    if row.holds_at != newest.commit:
        Patch.objects.filter(pk=row.pk).update(holds_at=newest.commit)
    return True


def _is_tried(row: Patch, repository: Repository) -> bool:
    """Whether a worker will answer at the newest scan anyway, or could not."""
    scan = repository.latest_scan
    if row.state == State.FAILED and row.finished_at and scan and scan.finished_at:
        return row.finished_at >= scan.finished_at
    return row.state == State.WANTED


def _wish(row: Patch, *, by: User | None, ahead: bool) -> None:
    """Have it answered anew. Whoever was at it has lost it."""
    Patch.objects.filter(pk=row.pk).update(
        state=State.WANTED,
        asked_by=by,
        asked_at=timezone.now(),
        ahead=ahead,
        available_at=Now(),
        attempts=0,
        fence=row.fence + 1,
        leased_until=None,
        finished_at=None,
        progress={},
        error_code="",
        error_message="",
        error_next="",
    )


def _error(code: str, message: str, next_step: str) -> ValidationError:
    return ValidationError(f"{message} {next_step}", code=code, params={"message": message, "next": next_step})
